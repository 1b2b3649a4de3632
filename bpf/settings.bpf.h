/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the process sets before loading, as constants to the verifier (it removes the branches that
 * they rule out), and the maps.
 */
#ifndef DNS_MONITOR_BPF_SETTINGS_H
#define DNS_MONITOR_BPF_SETTINGS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define RING_LOAD(pointer) (*(volatile typeof(*(pointer)) *)(pointer))
#define RING_STORE(pointer, value) (*(volatile typeof(*(pointer)) *)(pointer) = (value))
#define RING_EXCHANGE(pointer, value) __sync_lock_test_and_set(pointer, value)
/* x86 keeps the order of stores (Intel's manual, volume 3, 8.2.2), and of loads before them; elsewhere
 * BPF has nothing less than a full barrier for it before kernel 6.15 (BPF_STORE_REL). */
#ifdef CAPTURE_STORES_IN_ORDER
#define RING_RELEASE(pointer, value)         \
	({                                   \
		asm volatile("" ::: "memory"); \
		RING_STORE(pointer, value);  \
	})
#else
#define RING_RELEASE(pointer, value) (void)RING_EXCHANGE(pointer, value)
#endif
#include "ring_produce.h"

const volatile __u32 ring_bytes = 64u << 20;
const volatile __u32 snaplen = CAPTURE_MAX_SNAPLEN;
const volatile __u16 ports[CAPTURE_MAX_PORTS] = {bpf_htons(53)}; /* network order; behind the last, 0 */
const volatile __u8 link_type = CAPTURE_LINK_ETHERNET;
const volatile __u8 direction = CAPTURE_DIRECTION_ANY;
const volatile __u8 take_icmp_errors = 1;
const volatile __u8 has_user_filter = 0;
const volatile __u32 settings_generation = 1;

/* A cell of the control map; which member counts depends on its index (capture_abi.h). */
union control_cell {
	struct capture_control control;
	struct capture_cpu cpu;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2); /* set before loading: 1 + possible CPUs + commit records */
	__type(key, __u32);
	__type(value, union control_cell);
} control SEC(".maps");

/* Must look like each real ring: value_size is set before loading, too. */
struct ring_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, (64u << 20) + CAPTURE_RING_SLACK_BYTES);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* set before loading: possible CPUs */
	__uint(key_size, sizeof(__u32));
	__array(values, struct ring_map);
} rings SEC(".maps");

/* First fragments and what became of them, so that later ones, which carry no ports, can follow. */
struct fragment_key {
	__u8 source[16]; /* IPv4 in the first four bytes */
	__u8 destination[16];
	__u32 id;
	__u8 protocol;
	__u8 version;
	__u16 outer_tag; /* that the kernel took off the frame; 0: none */
	__u32 tags_in_data;
	__u32 is_outgoing;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct fragment_key);
	__type(value, __u32); /* enum verdict */
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, CAPTURE_STAGE_COUNT);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} stages SEC(".maps");

/* Wakes the writer when a ring has become a quarter full; the content does not matter. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} doorbell SEC(".maps");

#endif
