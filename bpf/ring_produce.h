/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The producer's side of a ring: reserving room, telling events, publishing. Plain C over memory, so
 * that the same lines run in the filter and, under ThreadSanitizer, in the tests.
 *
 * Whoever includes this defines how shared words are touched:
 *     RING_LOAD(pointer)            a load that the compiler does not repeat or drop
 *     RING_STORE(pointer, value)    the store to it
 *     RING_EXCHANGE(pointer, value) a store with a full barrier before and after
 *     RING_RELEASE(pointer, value)  a store that comes after all that was read and written before it
 */
#ifndef DNS_MONITOR_BPF_RING_PRODUCE_H
#define DNS_MONITOR_BPF_RING_PRODUCE_H

#include "capture_abi.h"

#ifndef RING_INLINE
#define RING_INLINE static inline __attribute__((always_inline))
#endif

/* What one record reserves: events that stand in front of it, and itself. */
struct ring_reservation {
	__u64 head;     /* where the events begin */
	__u64 packet;   /* where the packet's record begins */
	__u64 end;      /* the head after publishing */
};

/*
 * From here until ring_leave the consumer holds back younger records of the other rings, so the time
 * of the record must be taken after this. The full barrier keeps the reading of the clock behind it.
 */
RING_INLINE void ring_enter(struct capture_cpu *cpu)
{
	RING_EXCHANGE(&cpu->in_flight, 1u);
}

RING_INLINE void ring_leave(struct capture_cpu *cpu)
{
	RING_RELEASE(&cpu->in_flight, 0u);
}

/* The ring's order is by time within a CPU; the kernel's fast clocks may differ by nanoseconds
 * while the time keeper updates them (kernel/time/timekeeping.c, ktime_get_mono_fast_ns). */
RING_INLINE __u64 ring_stamp(struct capture_cpu *cpu, __u64 now_ns)
{
	const __u64 last_ns = cpu->last_ns;

	if (now_ns < last_ns)
		now_ns = last_ns;
	RING_STORE(&cpu->last_ns, now_ns);
	return now_ns;
}

/* Counts a matched packet that finds no room, to be told by the next record that does. */
RING_INLINE void ring_count_full(struct capture_cpu *cpu, __u64 now_ns)
{
	const __u32 said = RING_LOAD(&cpu->full_cause);
	const __u32 cause = said < CAPTURE_LOST_COUNT ? said : (__u32)CAPTURE_LOST_RING_FULL;

	cpu->lost[cause]++;
	if (cpu->pending_count == 0) {
		cpu->pending_from_ns = now_ns;
		cpu->pending_cause = cause;
	}
	cpu->pending_to_ns = now_ns;
	cpu->pending_count++;
}

/*
 * Reserves `length` bytes of payload, and the event of a pending loss before it. Returns 0 when the
 * ring has no room for all of it; nothing has changed then.
 */
RING_INLINE int ring_reserve(struct capture_cpu *cpu, __u64 ring_bytes, __u32 length,
			     struct ring_reservation *out)
{
	const __u64 head = cpu->head;
	const __u64 tail = RING_LOAD(&cpu->tail);
	const __u64 events = cpu->pending_count ? CAPTURE_EVENT_BYTES(struct capture_loss) : 0;
	const __u64 end =
		head + events + CAPTURE_ALIGN_UP(sizeof(struct capture_record) + (__u64)length);

	if (end - tail > ring_bytes)
		return 0;
	out->head = head;
	out->packet = head + events;
	out->end = end;
	return 1;
}

RING_INLINE void ring_put_header(struct capture_record *record, __u64 time_ns, __u32 type,
				 __u32 length, __u32 wire_length)
{
	record->time_ns = time_ns;
	record->type_and_length = type << 24 | length;
	record->wire_length = wire_length;
}

/* Writes the event of a loss at `record` and forgets it. */
RING_INLINE void ring_put_loss(void *record, __u64 time_ns, __u32 cause, __u64 count,
			       __u64 from_ns, __u64 to_ns)
{
	struct capture_loss *loss = (struct capture_loss *)((char *)record +
							    sizeof(struct capture_record));

	ring_put_header((struct capture_record *)record, time_ns, CAPTURE_RECORD_LOSS, sizeof(*loss),
			0);
	loss->cause = cause;
	loss->reserved = 0;
	loss->count = count;
	loss->from_ns = from_ns;
	loss->to_ns = to_ns;
}

/* Writes the event of the pending loss, if `room` was reserved for one, at `record`: where room->head
 * is. */
RING_INLINE void ring_tell_pending(struct capture_cpu *cpu, void *record, __u64 time_ns,
				   const struct ring_reservation *room)
{
	if (room->packet == room->head)
		return;
	ring_put_loss(record, time_ns, cpu->pending_cause, cpu->pending_count,
		      cpu->pending_from_ns, cpu->pending_to_ns);
	cpu->pending_count = 0;
}

/* Makes all that was written before visible to the consumer. */
RING_INLINE void ring_publish(struct capture_cpu *cpu, __u64 end)
{
	RING_RELEASE(&cpu->head, end);
}

#endif
