// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Numbers each frame and passes it on: run over live frames by BPF_PROG_TEST_RUN, this puts numbered
 * packets into the receive path of an interface as fast as the machine takes them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define DIGITS 8

/* Where the number stands in the frame: DIGITS decimal digits, a label of the name that is asked. */
const volatile __u32 number_offset = 0;
__u64 next_number = 0;

SEC("xdp")
int number_frame(struct xdp_md *context)
{
	__u8 *data = (void *)(long)context->data;
	const __u8 *end = (void *)(long)context->data_end;
	__u64 rest = next_number;
	__u8 *digits;

	if (number_offset > 512)
		return XDP_DROP;
	digits = data + number_offset;
	if (digits + DIGITS > end)
		return XDP_DROP;
	next_number++;
#pragma unroll
	for (int place = DIGITS - 1; place >= 0; place--) {
		digits[place] = '0' + rest % 10;
		rest /= 10;
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
