/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is this frame DNS? What is not plain, or short, is looked at closely: from a load of its headers, and of
 * what is behind them. */
#ifndef DNS_MONITOR_BPF_PARSE_H
#define DNS_MONITOR_BPF_PARSE_H

#include <linux/in6.h>

#include "verdict.bpf.h"

#define MAX_TAGS_IN_DATA 2     /* beside the one that the kernel may have taken off */
#define MAX_EXTENSIONS 8
#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_OFFSET_MASK 0xfff8
#define ICMP_ERROR_HEADER_BYTES 8

/* A packet as far as it is known. */
struct packet {
	__u32 ip_offset;      /* of the IP header in the frame */
	__u32 ip_version;     /* 4 or 6 */
	__u32 fragment_id;
	__u8 protocol;
	__u8 fragment_protocol; /* as the IPv4 or fragment header names what follows */
	__u8 is_first_fragment;
	__u8 is_later_fragment;
	__u8 is_outgoing;
	__u32 transport_offset; /* of the header behind IP, in the frame */
	__u32 tags_in_data;     /* TCIs of the tags that stand in the frame: the inner one below */
	__u32 ethertype;        /* behind them */
};

/* The same of the first 4 bytes of UDP or TCP, as they stand there. */
static __always_inline __u32 judge_first(__u32 first)
{
	return judge_ports(first & 0xffff, first >> 16);
}

/*
 * A packet may pass the interface more than once (forwarded from one VLAN to another, or back out
 * where it came in), each time with a first fragment of its own, of which the user's filter may think
 * otherwise: so tags and direction are part of the key.
 */
static __always_inline void fill_fragment_key(struct fragment_key *key, const struct __sk_buff *skb,
					      const __u8 *ip, const struct packet *packet)
{
	__builtin_memset(key, 0, sizeof(*key));
	if (packet->ip_version == 4) {
		__builtin_memcpy(key->source, ip + 12, 4);
		__builtin_memcpy(key->destination, ip + 16, 4);
	} else {
		__builtin_memcpy(key->source, ip + 8, 16);
		__builtin_memcpy(key->destination, ip + 24, 16);
	}
	key->id = packet->fragment_id;
	key->protocol = packet->fragment_protocol;
	key->version = packet->ip_version;
	key->outer_tag = skb->vlan_tci;
	key->tags_in_data = packet->tags_in_data;
	key->is_outgoing = packet->is_outgoing;
}

static __always_inline int is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH || protocol == IPPROTO_MH || protocol == 139 /* HIP */ ||
	       protocol == 140 /* shim6 */;
}

/*
 * Walks the extension headers of the IPv6 packet at `packet->ip_offset`, whose first next-header
 * value is packet->protocol. RFC 8200: lengths are (n + 1) * 8, the fragment header's 8; RFC 4302:
 * AH's are (n + 2) * 4. Returns 0, or the verdict when it has to give up.
 */
static __noinline __u32 walk_extensions(struct __sk_buff *skb, struct packet *packet)
{
	__u8 header[8] = {};

	/* Kernel 6.1 refuses a loop whose last instruction before its head is a call ("back-edge"). */
#pragma clang loop unroll(full)
	for (int i = 0; i <= MAX_EXTENSIONS; i++) {
		const __u8 protocol = packet->protocol;

		if (!is_extension(protocol))
			return 0;
		if (i == MAX_EXTENSIONS)
			break;
		if (bpf_skb_load_bytes(skb, packet->transport_offset, header, sizeof(header)))
			return UNDECIDED(TRUNCATED);
		packet->protocol = header[0];
		if (protocol == IPPROTO_FRAGMENT) {
			const __u16 field = bpf_ntohs(*(__u16 *)(header + 2));

			packet->fragment_id = *(__u32 *)(header + 4);
			packet->fragment_protocol = header[0];
			packet->transport_offset += 8;
			if (field & IPV6_OFFSET_MASK) {
				packet->is_later_fragment = 1;
				return 0;
			}
			/* RFC 6946: an "atomic" fragment is a whole packet. */
			packet->is_first_fragment = (field & IPV6_MORE_FRAGMENTS) != 0;
		} else if (protocol == IPPROTO_AH) {
			packet->transport_offset += (header[1] + 2) * 4;
		} else {
			packet->transport_offset += (header[1] + 1) * 8;
		}
	}
	return UNDECIDED(EXTENSIONS);
}

/* Reads the IP header at `ip` (IPV6_BYTES + PORTS_BYTES, `have` of them real). Returns 0 or a verdict. */
static __always_inline __u32 read_ip(struct __sk_buff *skb, const __u8 *ip, __u32 have,
				     struct packet *packet)
{
	if (packet->ip_version == 4) {
		const __u32 header_bytes = (ip[0] & 0xf) * 4;
		const __u16 field = bpf_ntohs(*(const __u16 *)(ip + 6));

		if (have < IPV4_BYTES)
			return UNDECIDED(TRUNCATED);
		if (ip[0] >> 4 != 4 || header_bytes < IPV4_BYTES)
			return UNDECIDED(MALFORMED);
		packet->protocol = ip[9];
		packet->fragment_protocol = ip[9];
		packet->fragment_id = *(const __u16 *)(ip + 4);
		packet->is_later_fragment = (field & IPV4_OFFSET_MASK) != 0;
		packet->is_first_fragment =
			!packet->is_later_fragment && (field & IPV4_MORE_FRAGMENTS) != 0;
		packet->transport_offset = packet->ip_offset + header_bytes;
		return 0;
	}
	if (have < IPV6_BYTES)
		return UNDECIDED(TRUNCATED);
	if (ip[0] >> 4 != 6)
		return UNDECIDED(MALFORMED);
	packet->protocol = ip[6];
	packet->transport_offset = packet->ip_offset + IPV6_BYTES;
	if (packet->protocol == IPPROTO_UDP || packet->protocol == IPPROTO_TCP ||
	    packet->protocol == IPPROTO_ICMPV6)
		return 0;
	return walk_extensions(skb, packet);
}

/* RFC 792 and RFC 4443: the types that quote the packet that they complain about. */
static __always_inline int is_icmp_error(__u8 protocol, __u8 type)
{
	if (protocol == IPPROTO_ICMP)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return type >= 1 && type <= 4;
}

/* Judges the packet that the ICMP error at packet->transport_offset quotes. */
static __noinline __u32 judge_quote(struct __sk_buff *skb, __u32 quote_offset, __u32 version)
{
	struct packet quote = {.ip_offset = quote_offset, .ip_version = version};
	__u8 ip[IPV6_BYTES + PORTS_BYTES] = {};
	__u32 ports_at;
	__u32 have = skb->len;
	__u32 gave_up;

	have = have > quote_offset ? have - quote_offset : 0;
	if (have > sizeof(ip))
		have = sizeof(ip);
	BARRIER(have);
	if (IS_EMPTY(have) || bpf_skb_load_bytes(skb, quote_offset, ip, have))
		return UNDECIDED(ICMP_QUOTE);
	gave_up = read_ip(skb, ip, have, &quote);
	if (gave_up)
		return UNDECIDED(ICMP_QUOTE);
	/* An error about a later fragment quotes no ports: it tells as little as the fragment. */
	if (quote.is_later_fragment && is_extension(quote.protocol))
		return UNDECIDED(ICMP_QUOTE);
	if (quote.protocol != IPPROTO_UDP && quote.protocol != IPPROTO_TCP)
		return VERDICT_NOT_DNS;
	if (quote.is_later_fragment ||
	    bpf_skb_load_bytes(skb, quote.transport_offset, &ports_at, sizeof(ports_at)))
		return UNDECIDED(ICMP_QUOTE);
	return judge_first(ports_at);
}

/* A later fragment carries no ports: it shares the fate of its first one. */
static __always_inline __u32 judge_later_fragment(const struct __sk_buff *skb, const __u8 *ip,
						  const struct packet *packet)
{
	struct fragment_key key;
	const __u32 *verdict;

	fill_fragment_key(&key, skb, ip, packet);
	verdict = bpf_map_lookup_elem(&fragments, &key);
	return verdict ? *verdict : UNDECIDED(FRAGMENT);
}

/* Judges what is behind the IP header. `ip` holds IPV6_BYTES + PORTS_BYTES, `have` of them real. */
static __always_inline __u32 judge_transport(struct __sk_buff *skb, const __u8 *ip, __u32 have,
					     const struct packet *packet)
{
	const __u8 protocol = packet->protocol;
	const __u32 behind = packet->transport_offset - packet->ip_offset;
	__u32 first;

	if (packet->is_later_fragment && packet->ip_version == 6 && is_extension(protocol))
		return judge_later_fragment(skb, ip, packet);
	if (protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) {
		if (!take_icmp_errors)
			return VERDICT_NOT_DNS;
		if (protocol != (packet->ip_version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
			return VERDICT_NOT_DNS;
	}
	if (packet->is_later_fragment)
		return judge_later_fragment(skb, ip, packet);
	if (behind == IPV4_BYTES && have >= IPV4_BYTES + PORTS_BYTES) {
		first = *(const __u32 *)(ip + IPV4_BYTES);
	} else if (behind == IPV6_BYTES && have >= IPV6_BYTES + PORTS_BYTES) {
		first = *(const __u32 *)(ip + IPV6_BYTES);
	} else {
		if (bpf_skb_load_bytes(skb, packet->transport_offset, &first, sizeof(first)))
			return UNDECIDED(TRUNCATED);
	}
	if (protocol == IPPROTO_UDP || protocol == IPPROTO_TCP)
		return judge_first(first);
	if (!is_icmp_error(protocol, *(const __u8 *)&first))
		return VERDICT_NOT_DNS;
	return judge_quote(skb, packet->transport_offset + ICMP_ERROR_HEADER_BYTES,
			   packet->ip_version);
}

static __always_inline int is_vlan(__u16 ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

/* Walks the tags that are in the data: sets ip_offset, ethertype and tags_in_data. Returns 0 or a
 * verdict. */
static __noinline __u32 walk_tags(struct __sk_buff *skb, struct packet *packet)
{
	__u32 offset = ETHERNET_BYTES;
	__u16 tag[2] = {};

	for (int i = 0; i < MAX_TAGS_IN_DATA; i++) {
		/* What stands behind the ethertype that names it: the TCI, and the next ethertype. */
		if (bpf_skb_load_bytes(skb, offset, tag, sizeof(tag)))
			return UNDECIDED(TRUNCATED);
		offset += VLAN_TAG_BYTES;
		packet->tags_in_data = packet->tags_in_data << 16 | tag[0];
		packet->ethertype = bpf_ntohs(tag[1]);
		if (!is_vlan(packet->ethertype)) {
			packet->ip_offset = offset;
			return 0;
		}
	}
	return UNDECIDED(VLAN_DEPTH);
}

/*
 * Finds the IP header: sets packet->ip_offset and ip_version and loads the header to h->ip unless the
 * early load brought it. Returns 0 or a verdict.
 */
static __always_inline __u32 find_ip(struct __sk_buff *skb, struct headers *h, __u32 *have,
				     struct packet *packet)
{
	if (link_type == CAPTURE_LINK_RAW) {
		packet->ip_offset = 0;
		packet->ip_version = h->ip[0] >> 4;
		return packet->ip_version == 4 || packet->ip_version == 6 ? 0 : VERDICT_NOT_DNS;
	}
	packet->ip_offset = ETHERNET_BYTES;
	packet->ethertype = bpf_ntohs(*(__u16 *)(h->link + 12));
	if (is_vlan(packet->ethertype)) {
		const __u32 gave_up = walk_tags(skb, packet);

		if (gave_up)
			return gave_up;
		*have = skb->len > packet->ip_offset ? skb->len - packet->ip_offset : 0;
		if (*have > sizeof(h->ip))
			*have = sizeof(h->ip);
		BARRIER(*have);
		if (IS_EMPTY(*have) || bpf_skb_load_bytes(skb, packet->ip_offset, h->ip, *have))
			*have = 0;
	}
	if (packet->ethertype == ETH_P_IP)
		packet->ip_version = 4;
	else if (packet->ethertype == ETH_P_IPV6)
		packet->ip_version = 6;
	else
		return VERDICT_NOT_DNS;
	return 0;
}

static __always_inline __u32 link_bytes(void)
{
	return link_type == CAPTURE_LINK_RAW ? 0 : ETHERNET_BYTES;
}

/* The load of a frame of any length. Returns how many bytes of h->ip are real, or -1 when
 * not even a link header is. */
static __always_inline int load_headers(struct __sk_buff *skb, struct headers *h)
{
	__u8 *to = link_type == CAPTURE_LINK_RAW ? h->ip : h->link;
	__u32 bytes = skb->len;

	__builtin_memset(h, 0, sizeof(*h));
	if (bytes > link_bytes() + sizeof(h->ip))
		bytes = link_bytes() + sizeof(h->ip);
	BARRIER(bytes);
	if (bytes < link_bytes() || IS_EMPTY(bytes))
		return -1;
	if (bpf_skb_load_bytes(skb, 0, to, bytes))
		return -1;
	return bytes - link_bytes();
}

/*
 * The verdict on a frame that is not plain, but for the user's own filter. Apart, so that the code
 * that nearly every packet takes lies together: in the traffic it is cold each time.
 */
static __noinline __u32 judge_closely(struct __sk_buff *skb, struct packet *packet)
{
	struct headers h;
	const int loaded = load_headers(skb, &h);
	__u32 have = loaded;
	__u32 gave_up;

	if (loaded < 0)
		return UNDECIDED(TRUNCATED);
	gave_up = find_ip(skb, &h, &have, packet);
	if (gave_up)
		return gave_up;
	gave_up = read_ip(skb, h.ip, have, packet);
	if (gave_up)
		return gave_up;
	return judge_transport(skb, h.ip, have, packet);
}

#endif
