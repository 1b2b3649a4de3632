/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is this frame DNS? What is plain, which is nearly all, is decided at once. */
#ifndef DNS_MONITOR_BPF_GLANCE_H
#define DNS_MONITOR_BPF_GLANCE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_core_read.h>

#include "verdict.bpf.h"

/*
 * How a program gets at the first bytes of a frame.
 *
 * In place costs least by far: a call and the way back take 15 ns where the kernel guards returns, and
 * more where the code is cold. A socket filter may not look into the packet as a classifier may; but by
 * the kernel's own types, which kernel 6.2 hands out to whoever has CAP_PERFMON, it reads the same bytes.
 */
enum reading {
	READ_LOADED,    /* one early load */
	READ_IN_PLACE,  /* __sk_buff.data: not for a socket filter */
	READ_BY_KERNEL, /* sk_buff.data */
};

/* What is used of it (linux/skbuff.h). */
struct sk_buff {
	unsigned int len;
	unsigned int data_len; /* of len: what is not at data */
	unsigned char *data;
} __attribute__((preserve_access_index));

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;
extern void *bpf_rdonly_cast(const void *address, __u32 btf_id) __ksym;

/* A header at `address`, where `reading` is a constant. */
#define HEADER_AT(type, address, reading)                                                       \
	((const type *)((reading) == READ_BY_KERNEL ?                                           \
				bpf_rdonly_cast(address, bpf_core_type_id_kernel(type)) : \
				(const void *)(address)))

/* The verdict on UDP or TCP, both of which begin with the ports; 0 on all else. */
static __always_inline __u32 judge_plain_protocol(__u8 protocol, const __u8 *behind,
						  enum reading reading)
{
	const struct udphdr *header;

	if (protocol != IPPROTO_UDP && protocol != IPPROTO_TCP)
		return 0;
	header = HEADER_AT(struct udphdr, behind, reading);
	return judge_ports(header->source, header->dest);
}

/* Version and length of the header. */
#define IPV4_PLAIN 0x45

static __always_inline __u32 judge_plain_ipv4(const __u8 *ip, enum reading reading)
{
	const struct iphdr *header = HEADER_AT(struct iphdr, ip, reading);

	if (*(const __u8 *)header != IPV4_PLAIN ||
	    header->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK))
		return 0;
	return judge_plain_protocol(header->protocol, ip + IPV4_BYTES, reading);
}

static __always_inline __u32 judge_plain_ipv6(const __u8 *ip, enum reading reading)
{
	const struct ipv6hdr *header = HEADER_AT(struct ipv6hdr, ip, reading);

	if (*(const __u8 *)header >> 4 != 6)
		return 0;
	return judge_plain_protocol(header->nexthdr, ip + IPV6_BYTES, reading);
}

#define PLAIN_RAW_BYTES (IPV6_BYTES + PORTS_BYTES)
#define PLAIN_BYTES (ETHERNET_BYTES + PLAIN_RAW_BYTES)

/*
 * The verdict on what nearly every frame is: UDP or TCP, in IPv4 without options that is no fragment
 * or in IPv6 without extension headers, or no IP at all. 0: it is something else. At `frame` are
 * PLAIN_BYTES, or PLAIN_RAW_BYTES.
 */
static __always_inline __u32 judge_plain(const __u8 *frame, int is_raw, enum reading reading)
{
	const __u8 *ip = frame + ETHERNET_BYTES;
	__u16 ethertype;

	if (is_raw) {
		const __u8 first = *(const __u8 *)HEADER_AT(struct iphdr, frame, reading);

		return first == IPV4_PLAIN ? judge_plain_ipv4(frame, reading) :
					     judge_plain_ipv6(frame, reading);
	}
	ethertype = HEADER_AT(struct ethhdr, frame, reading)->h_proto;
	if (ethertype == bpf_htons(ETH_P_IP))
		return judge_plain_ipv4(ip, reading);
	if (ethertype == bpf_htons(ETH_P_IPV6))
		return judge_plain_ipv6(ip, reading);
	if (ethertype == bpf_htons(ETH_P_8021Q) || ethertype == bpf_htons(ETH_P_8021AD))
		return 0;
	return VERDICT_NOT_DNS;
}

/* The load is of a length that the verifier knows: nothing need be cleared before. 0, too, where the
 * frame is shorter. */
static __always_inline __u32 judge_loaded(struct __sk_buff *skb)
{
	struct headers h;

	if (link_type == CAPTURE_LINK_RAW) {
		if (skb->len < PLAIN_RAW_BYTES || bpf_skb_load_bytes(skb, 0, h.ip, PLAIN_RAW_BYTES))
			return 0;
		return judge_plain(h.ip, 1, READ_LOADED);
	}
	if (skb->len < PLAIN_BYTES || bpf_skb_load_bytes(skb, 0, h.link, PLAIN_BYTES))
		return 0;
	return judge_plain(h.link, 0, READ_LOADED);
}

/* 0, too, where the headers do not lie in one piece. */
static __always_inline __u32 judge_in_place(const struct __sk_buff *skb)
{
	const __u8 *frame = (const __u8 *)(long)skb->data;
	const __u8 *end = (const __u8 *)(long)skb->data_end;

	if (link_type == CAPTURE_LINK_RAW)
		return frame + PLAIN_RAW_BYTES <= end ? judge_plain(frame, 1, READ_IN_PLACE) : 0;
	return frame + PLAIN_BYTES <= end ? judge_plain(frame, 0, READ_IN_PLACE) : 0;
}

static __always_inline __u32 judge_by_kernel(struct __sk_buff *skb)
{
	const struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);
	const __u32 in_one_piece = kernel->len - kernel->data_len;
	const __u8 *frame = kernel->data;

	if (link_type == CAPTURE_LINK_RAW)
		return in_one_piece >= PLAIN_RAW_BYTES ? judge_plain(frame, 1, READ_BY_KERNEL) : 0;
	return in_one_piece >= PLAIN_BYTES ? judge_plain(frame, 0, READ_BY_KERNEL) : 0;
}

/* `reading` is a constant. */
static __always_inline __u32 judge_at_once(struct __sk_buff *skb, enum reading reading)
{
	if (reading == READ_BY_KERNEL)
		return judge_by_kernel(skb);
	return reading == READ_IN_PLACE ? judge_in_place(skb) : judge_loaded(skb);
}

#endif
