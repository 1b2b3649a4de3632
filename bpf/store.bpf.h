/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes a matched frame into the ring of its CPU. */
#ifndef DNS_MONITOR_BPF_STORE_H
#define DNS_MONITOR_BPF_STORE_H

#include "verdict.bpf.h"

#define MAC_ADDRESSES_BYTES 12
CAPTURE_STATIC_ASSERT(sizeof(struct capture_loss) >= MAC_ADDRESSES_BYTES + VLAN_TAG_BYTES,
		      "what store_into reserves at least holds the start of a tagged frame");

/* How often the clocks are compared, and how much they may differ by the time between two readings
 * of them: an offset is told when it moved by more. */
#define OFFSET_CHECK_NS 1000000
#define OFFSET_TOLERANCE_NS 20000
#define READING_LIMIT_NS 10000

static __always_inline void *ring_at(void *ring, __u32 bytes, __u64 position)
{
	return (char *)ring + (position & (bytes - 1));
}

/* What few packets need stands in functions of its own: see look_closely. */

/* Tells of the loss before the packet that room was found for. */
static __noinline int tell_pending(struct capture_cpu *cpu, void *ring, __u64 stamp_ns,
				   const struct ring_reservation *room)
{
	ring_tell_pending(cpu, ring_at(ring, ring_bytes, room->head), stamp_ns, room);
	return 0;
}

static __noinline int count_full(struct capture_cpu *cpu, __u64 stamp_ns)
{
	ring_count_full(cpu, stamp_ns);
	return 0;
}

/* Tells that CLOCK_TAI moved against the ring's clock. Without room it is told with a later packet. */
static __noinline int check_offset(struct capture_cpu *cpu, void *ring, __u64 stamp_ns)
{
	struct ring_reservation room;
	const __u64 before_ns = bpf_ktime_get_boot_ns();
	const __s64 offset_ns = (__s64)(bpf_ktime_get_tai_ns() - before_ns);
	const __u64 after_ns = bpf_ktime_get_boot_ns();
	struct capture_step *step;
	__s64 moved_ns;
	void *record;

	if (after_ns - before_ns > READING_LIMIT_NS)
		return 0; /* interrupted in between: the next packet tries again */
	moved_ns = offset_ns - cpu->tai_offset_ns;
	if (moved_ns > -OFFSET_TOLERANCE_NS && moved_ns < OFFSET_TOLERANCE_NS) {
		cpu->offset_checked_ns = stamp_ns;
		return 0;
	}
	if (!ring_reserve(cpu, ring_bytes, sizeof(*step), &room))
		return 0;
	tell_pending(cpu, ring, stamp_ns, &room);
	record = ring_at(ring, ring_bytes, room.packet);
	step = record + sizeof(struct capture_record);
	ring_put_header(record, stamp_ns, CAPTURE_RECORD_STEP, sizeof(*step), 0);
	step->old_offset_ns = cpu->tai_offset_ns;
	step->new_offset_ns = offset_ns;
	cpu->tai_offset_ns = offset_ns;
	cpu->offset_checked_ns = stamp_ns;
	ring_publish(cpu, room.end);
	return 0;
}

static __noinline int tell_settings(struct capture_cpu *cpu, void *ring, __u64 stamp_ns)
{
	struct capture_settings *settings;
	struct ring_reservation room;
	void *record;

	if (!ring_reserve(cpu, ring_bytes, sizeof(*settings), &room))
		return 0;
	tell_pending(cpu, ring, stamp_ns, &room);
	record = ring_at(ring, ring_bytes, room.packet);
	settings = record + sizeof(struct capture_record);
	ring_put_header(record, stamp_ns, CAPTURE_RECORD_SETTINGS, sizeof(*settings), 0);
	settings->old_generation = cpu->settings_generation;
	settings->new_generation = settings_generation;
	cpu->settings_generation = settings_generation;
	ring_publish(cpu, room.end);
	return 0;
}

/*
 * The kernel took the outer tag off the frame and keeps it beside: put it back where it was. The
 * addresses and the tag fit also where the snap length is less than they are: room for an event is
 * reserved (store_into), and the next record begins where `length` says.
 */
static __noinline long copy_tagged(struct __sk_buff *skb, void *payload, __u32 length)
{
	__u32 rest = length - MAC_ADDRESSES_BYTES - VLAN_TAG_BYTES;
	__u16 *tag = payload + MAC_ADDRESSES_BYTES;

	if (bpf_skb_load_bytes(skb, 0, payload, MAC_ADDRESSES_BYTES))
		return -1;
	tag[0] = skb->vlan_proto;
	tag[1] = bpf_htons(skb->vlan_tci);
	if (length <= MAC_ADDRESSES_BYTES + VLAN_TAG_BYTES)
		return 0;
	BARRIER(rest);
	if (IS_EMPTY(rest) || rest > CAPTURE_MAX_SNAPLEN)
		return -1;
	return bpf_skb_load_bytes(skb, MAC_ADDRESSES_BYTES,
				  payload + MAC_ADDRESSES_BYTES + VLAN_TAG_BYTES, rest);
}

#define WORD_BYTES sizeof(__u64)
#define MOST_IN_PLACE 512 /* bytes of a frame; UDP without EDNS fits */

/*
 * The frame from where it lies, without a call. -1 where it is too long for this, or too short, or does not
 * lie in one piece.
 */
static __always_inline long copy_in_place(const struct __sk_buff *skb, void *payload, __u32 length)
{
	const void *frame = (const void *)(long)skb->data;
	const void *end = (const void *)(long)skb->data_end;
	__u32 rest;

	if (length > MOST_IN_PLACE || length < WORD_BYTES)
		return -1;
	/* The last word first; the others may run into it. */
	rest = length - WORD_BYTES;
	BARRIER(rest);
	if (rest > MOST_IN_PLACE || frame + rest + WORD_BYTES > end)
		return -1;
	*(__u64 *)(payload + rest) = *(const __u64 *)(frame + rest);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < MOST_IN_PLACE; i += WORD_BYTES) {
		if (i >= rest)
			return 0;
		if (frame + i + WORD_BYTES > end)
			return -1;
		*(__u64 *)(payload + i) = *(const __u64 *)(frame + i);
	}
	return 0;
}

static __always_inline long copy_frame(struct __sk_buff *skb, void *payload, __u32 length, int tagged,
				       int in_place)
{
	if (tagged)
		return copy_tagged(skb, payload, length);
	if (in_place && copy_in_place(skb, payload, length) == 0)
		return 0;
	BARRIER(length);
	if (IS_EMPTY(length) || length > CAPTURE_MAX_SNAPLEN)
		return -1;
	return bpf_skb_load_bytes(skb, 0, payload, length);
}

static __noinline int tell_copy_failed(struct capture_cpu *cpu, void *record, __u64 now_ns)
{
	cpu->lost[CAPTURE_LOST_COPY]++;
	ring_put_loss(record, now_ns, CAPTURE_LOST_COPY, 1, now_ns, now_ns);
	return 0;
}

/* A ring that has just become a quarter full wakes the writer, however long it meant to sleep. */
static __always_inline void ring_the_bell(const struct capture_cpu *cpu, __u32 bytes, __u64 before,
					  __u64 after)
{
	const __u64 tail = RING_LOAD(&cpu->tail);
	__u32 signal = 1;

	if (before - tail < bytes / 4 && after - tail >= bytes / 4)
		bpf_ringbuf_output(&doorbell, &signal, sizeof(signal), BPF_RB_FORCE_WAKEUP);
}

static __always_inline void store_into(struct __sk_buff *skb, struct capture_cpu *cpu, void *ring,
				       int in_place)
{
	const int tagged = link_type == CAPTURE_LINK_ETHERNET && skb->vlan_present;
	const __u32 wire_length = skb->len + (tagged ? VLAN_TAG_BYTES : 0);
	const __u32 most = snaplen;
	const __u32 length = wire_length > most ? most : wire_length;
	const __u32 bytes = ring_bytes;
	const __u64 now_ns = ring_stamp(cpu, bpf_ktime_get_boot_ns());
	const __u64 before = cpu->head;
	struct ring_reservation room;
	void *record;

	if (now_ns - cpu->offset_checked_ns > OFFSET_CHECK_NS)
		check_offset(cpu, ring, now_ns);
	if (cpu->settings_generation != settings_generation)
		tell_settings(cpu, ring, now_ns);
	/* Room for the event that tells of it, should the copy fail, and for copy_tagged's start. */
	if (!ring_reserve(cpu, bytes,
			  length < sizeof(struct capture_loss) ? sizeof(struct capture_loss) : length,
			  &room)) {
		count_full(cpu, now_ns);
		return;
	}
	if (room.packet != room.head)
		tell_pending(cpu, ring, now_ns, &room);
	record = ring_at(ring, bytes, room.packet);
	if (copy_frame(skb, record + sizeof(struct capture_record), length, tagged, in_place)) {
		tell_copy_failed(cpu, record, now_ns);
		room.end = room.packet + CAPTURE_EVENT_BYTES(struct capture_loss);
	} else {
		ring_put_header(record, now_ns, CAPTURE_RECORD_PACKET, length, wire_length);
		room.end = room.packet +
			   CAPTURE_ALIGN_UP(sizeof(struct capture_record) + (__u64)length);
		if (wire_length > length)
			cpu->clipped++;
	}
	ring_publish(cpu, room.end);
	ring_the_bell(cpu, bytes, before, room.end);
}

/* Counts the frame as matched, then tries to store it. */
static __always_inline void take(struct __sk_buff *skb, struct capture_cpu *cpu, int in_place)
{
	const __u32 cpu_id = bpf_get_smp_processor_id();
	const __u32 zero = 0;
	void *inner, *ring;

	cpu->matched++;
	inner = bpf_map_lookup_elem(&rings, &cpu_id);
	ring = inner ? bpf_map_lookup_elem(inner, &zero) : 0;
	if (!ring) {
		cpu->lost[CAPTURE_LOST_NO_RING]++;
		return;
	}
	ring_enter(cpu);
	store_into(skb, cpu, ring, in_place);
	ring_leave(cpu);
}

#endif
