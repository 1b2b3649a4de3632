/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all have in common who look at a frame: at once (glance.bpf.h), closely (parse.bpf.h), or to store it
 * (store.bpf.h). */
#ifndef DNS_MONITOR_BPF_VERDICT_H
#define DNS_MONITOR_BPF_VERDICT_H

#include <linux/if_ether.h>
#include <linux/in.h>

#include "settings.bpf.h"

#define ETHERNET_BYTES 14
#define VLAN_TAG_BYTES 4
#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define PORTS_BYTES 4          /* or the beginning of ICMP */
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_OFFSET_MASK 0x1fff

enum verdict {
	VERDICT_NOT_DNS = 1,
	VERDICT_TAKE,
	VERDICT_FILTERED,
	VERDICT_UNDECIDED, /* + enum capture_undecided */
};
#define UNDECIDED(cause) (VERDICT_UNDECIDED + CAPTURE_UNDECIDED_##cause)

/* The verifier must see the bound in the very register that is used. */
#define BARRIER(value) asm volatile("" : "+r"(value))

/* "value == 0", in words from which kernel 6.1's verifier learns as well that it is not 0 afterwards:
 * it draws that from "< 1" only, and the compiler would make "== 0" of that. */
#define IS_EMPTY(value)             \
	({                          \
		__u32 one_ = 1;     \
		BARRIER(one_);      \
		(value) < one_;     \
	})

/* What one early load brings: the link-layer header and the longest usual start of IP behind it. */
struct headers {
	__u8 align[2];
	__u8 link[ETHERNET_BYTES];
	__u8 ip[IPV6_BYTES + PORTS_BYTES];
} __attribute__((aligned(8))); /* the verifier wants words on the stack where words belong */

/* In network order. The returns within the loop are what lets the verifier drop the ports behind the
 * last. */
static __always_inline __u32 judge_ports(__u16 source, __u16 destination)
{
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < CAPTURE_MAX_PORTS; i++) {
		const __u16 port = ports[i];

		if (!port)
			return VERDICT_NOT_DNS;
		if (source == port || destination == port)
			return VERDICT_TAKE;
	}
	return VERDICT_NOT_DNS;
}

#endif
