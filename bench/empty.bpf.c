// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What running any program costs: the ceiling of filter_bench, and of taps (empty_tap). */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int empty_classifier(struct __sk_buff *skb)
{
	(void)skb;
	return -1;
}

SEC("socket")
int empty_filter(struct __sk_buff *skb)
{
	(void)skb;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
