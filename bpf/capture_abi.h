/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the filter in the kernel and the process share: the control map and the rings.
 *
 * Control map: BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, elements ("cells") of CAPTURE_CELL_BYTES:
 *
 *     cell 0                     struct capture_control
 *     cells 1 .. cpu_count       struct capture_cpu, one for each possible CPU
 *     the cells after            two copies of the commit record (capture_control.commit_*)
 *
 * Ring of one CPU: BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, one element of ring_bytes +
 * CAPTURE_RING_SLACK_BYTES. Records follow each other at multiples of 8 bytes. Positions (head,
 * tail) count bytes since the ring was made and never wrap; the place of position p is
 * p & (ring_bytes - 1). A record that begins before ring_bytes runs over into the slack, and the
 * next one begins where its position says, so no record is ever split and no marker says "wrap".
 *
 * One producer (the filter on that CPU) moves head, one consumer (the writer) moves tail. Both sides
 * may be replaced while the maps live on, so this layout has a version, and the first 64 bytes of
 * the control map keep their meaning for ever, as do the records and where they stand in a ring: with
 * them, any version reads any other's ring to its end. A later version reads an earlier one's
 * counters and commits, too: a CPU's block and the commit record keep what they have where it is, or
 * src/tap/old_rings.cc gets a reader for what was there before.
 */
#ifndef DNS_MONITOR_BPF_CAPTURE_ABI_H
#define DNS_MONITOR_BPF_CAPTURE_ABI_H

#include <linux/types.h>

#ifdef __cplusplus
#define CAPTURE_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define CAPTURE_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define CAPTURE_MAGIC 0x31304e4f4d534e44ULL /* "DNSMON01" in little-endian memory */
#ifndef CAPTURE_LATER_LAYOUT
#define CAPTURE_ABI_VERSION 1u
#define CAPTURE_CELL_BYTES 512u
#define CAPTURE_MORE_WORDS 0
#else /* the tests' idea of a later version (DNS_MONITOR_LATER_LAYOUT) */
#define CAPTURE_ABI_VERSION 2u
#define CAPTURE_CELL_BYTES 1024u
#define CAPTURE_MORE_WORDS 64
#endif

#define CAPTURE_MAX_SNAPLEN 262144u /* as tcpdump's default, and libpcap's MAXIMUM_SNAPLEN */
#define CAPTURE_RECORD_ALIGN 8u
/* The longest record, rounded up to a page: what may stick out behind the ring's end. */
#define CAPTURE_RING_SLACK_BYTES 266240u
#define CAPTURE_RING_MIN_BYTES (1u << 20)
#define CAPTURE_RING_MAX_BYTES (256u << 20)
#define CAPTURE_MAX_PORTS 16u

/* How the user's filter, translated by the process, is tied in: it gets the frame by a tail call,
 * leaves its answer (0: no) in __sk_buff.cb[CAPTURE_CB_VERDICT] and calls CAPTURE_STAGE_FINISH. */
#define CAPTURE_STAGE_USER_FILTER 0u
#define CAPTURE_STAGE_FINISH 1u
#define CAPTURE_STAGE_COUNT 2u
#define CAPTURE_CB_VERDICT 0u
#define CAPTURE_CB_PACKET_TYPE 4u /* as a packet socket has it, also where the hook is another */

/* Values of the filter's constant link_type, and of direction. */
#define CAPTURE_LINK_ETHERNET 0u
#define CAPTURE_LINK_RAW 1u
#define CAPTURE_DIRECTION_ANY 0u
#define CAPTURE_DIRECTION_IN 1u
#define CAPTURE_DIRECTION_OUT 2u

/* Why a packet was neither taken nor recognised as something else. */
enum capture_undecided {
	CAPTURE_UNDECIDED_TRUNCATED,    /* the frame ends within the headers that say what it is */
	CAPTURE_UNDECIDED_MALFORMED,    /* headers that contradict themselves */
	CAPTURE_UNDECIDED_VLAN_DEPTH,   /* more tags than are walked */
	CAPTURE_UNDECIDED_EXTENSIONS,   /* more IPv6 extension headers than are walked */
	CAPTURE_UNDECIDED_FRAGMENT,     /* a later fragment whose first one was not seen (yet) */
	CAPTURE_UNDECIDED_ICMP_QUOTE,   /* an ICMP error that quotes too little to tell the ports */
	CAPTURE_UNDECIDED_NESTED,       /* came while this CPU was within the filter already */
	CAPTURE_UNDECIDED_COUNT,
};

/* Why a packet that was matched is not in its ring. */
enum capture_lost {
	CAPTURE_LOST_RING_FULL, /* the writer did not make room in time */
	CAPTURE_LOST_NO_RING,   /* the CPU has no ring (came up just now, or the memory limit) */
	CAPTURE_LOST_COPY,      /* bpf_skb_load_bytes failed: fragments of the frame out of reach */
	/* A full ring, too, but the writer has said why it does not make room (full_cause). */
	CAPTURE_LOST_DISK_FULL,
	CAPTURE_LOST_DISK_STALLED, /* it takes nothing, and gives no answer */
	CAPTURE_LOST_DISK_ERROR,
	CAPTURE_LOST_COUNT,
};

/* Cell 0. Written by the process before the filter is attached, but for what says otherwise. */
struct capture_control {
	/* These 64 bytes are frozen. */
	__u64 magic;
	__u32 abi_version;
	__u32 cell_bytes;       /* stride of all cells */
	__u32 cpu_first_cell;   /* CPU n's block is cell cpu_first_cell + n */
	__u32 cpu_count;
	__u32 head_offset;      /* within a CPU's block: __u64, moved by the filter */
	__u32 tail_offset;      /* within a CPU's block: __u64, moved by the writer */
	__u32 in_flight_offset; /* within a CPU's block: __u32, set while a record is being made */
	__u32 record_align;
	__u64 ring_bytes;       /* a power of two */
	__u32 ring_slack_bytes;
	__u32 commit_first_cell;
	__u32 commit_cells;     /* of one copy */
	__u32 commit_copies;
	/* Not frozen from here on. */
	__u32 settings_generation;
	__u32 link_type;        /* of all frames in the rings: LINKTYPE_* of their pcap files */
	__u32 reserved[110 + 2 * CAPTURE_MORE_WORDS];
};
CAPTURE_STATIC_ASSERT(sizeof(struct capture_control) == CAPTURE_CELL_BYTES, "one cell");
CAPTURE_STATIC_ASSERT(__builtin_offsetof(struct capture_control, settings_generation) == 64,
		      "the frozen part is 64 bytes");

/*
 * The block of one CPU. Lines of 64 bytes, each written by one side. Plain counters: the filter runs
 * with bottom halves off, so nothing of its kind can interrupt it on its CPU. Should it come all the
 * same, `busy` tells, and it touches `nested` alone, atomically. (A plain word: a locked exchange would
 * cost each packet of the interface several ns.)
 *
 *     seen + nested = not_dns + filtered_by_user + sum(undecided) + nested + matched
 *     matched       = lost by cause + records published
 */
struct capture_cpu {
	/* Producer. */
	__u64 head;
	__u64 last_ns;            /* time of the newest record, stored before its head */
	__u32 in_flight;          /* set before the time is taken, cleared after head is published */
	__u32 busy;
	__u64 offset_checked_ns;  /* when the clocks were compared last */
	__s64 tai_offset_ns;      /* CLOCK_TAI - CLOCK_BOOTTIME, as the last event told */
	__u32 settings_generation; /* as the last event told */
	__u32 reserved0[5];
	/* Consumer. */
	__u64 tail;
	__u32 full_cause;         /* enum capture_lost: what a full ring counts as */
	__u32 reserved1[13];
	/* Verdicts, counted by the producer; seen without nested. */
	__u64 seen;
	__u64 not_dns;
	__u64 filtered_by_user;
	__u64 matched;
	__u64 clipped;            /* of matched: longer than the snap length */
	__u64 nested;
	__u64 reserved2[2];
	__u64 undecided[8];       /* enum capture_undecided */
	__u64 lost[8];            /* enum capture_lost */
	/* A loss that no event has told yet, because there is no room. */
	__u64 pending_count;
	__u64 pending_from_ns;
	__u64 pending_to_ns;
	__u32 pending_cause;      /* of the first of them */
	__u32 reserved3[9];
	__u64 reserved4[16 + CAPTURE_MORE_WORDS];
};
CAPTURE_STATIC_ASSERT(sizeof(struct capture_cpu) == CAPTURE_CELL_BYTES, "one cell");
CAPTURE_STATIC_ASSERT(__builtin_offsetof(struct capture_cpu, tail) == 64, "a line of its own");
CAPTURE_STATIC_ASSERT(__builtin_offsetof(struct capture_cpu, seen) == 128, "a line of its own");
CAPTURE_STATIC_ASSERT(CAPTURE_UNDECIDED_COUNT <= 8 && CAPTURE_LOST_COUNT <= 8, "room for causes");

enum capture_record_type {
	CAPTURE_RECORD_PACKET = 1,   /* payload: the frame */
	CAPTURE_RECORD_LOSS = 2,     /* payload: struct capture_loss */
	CAPTURE_RECORD_STEP = 3,     /* payload: struct capture_step */
	CAPTURE_RECORD_SETTINGS = 4, /* payload: struct capture_settings */
};

/*
 * Before each payload: the size of a pcap record header, so that one becomes the other in place.
 * Times are CLOCK_BOOTTIME: it never steps, so it orders the records of all CPUs; wall-clock time is
 * that plus an offset, whose changes are events.
 */
struct capture_record {
	__u64 time_ns;
	__u32 type_and_length; /* type << 24 | bytes of payload */
	__u32 wire_length;     /* of a packet, before it was clipped; its VLAN tag included */
};
CAPTURE_STATIC_ASSERT(sizeof(struct capture_record) == 16, "as pcap's record header");
CAPTURE_STATIC_ASSERT(sizeof(struct capture_record) + CAPTURE_MAX_SNAPLEN <=
			      CAPTURE_RING_SLACK_BYTES,
		      "the longest record fits the slack");

/* Stands in the ring before the first record after a loss. */
struct capture_loss {
	__u32 cause; /* enum capture_lost */
	__u32 reserved;
	__u64 count;
	__u64 from_ns;
	__u64 to_ns;
};

/* CLOCK_TAI moved against CLOCK_BOOTTIME: the clock was set, or the TAI offset. */
struct capture_step {
	__s64 old_offset_ns;
	__s64 new_offset_ns;
};

/* The records from here on were taken under other settings. */
struct capture_settings {
	__u32 old_generation;
	__u32 new_generation;
};

#define CAPTURE_ALIGN_UP(bytes) \
	(((bytes) + (CAPTURE_RECORD_ALIGN - 1)) & ~(__u64)(CAPTURE_RECORD_ALIGN - 1))
#define CAPTURE_EVENT_BYTES(payload) \
	CAPTURE_ALIGN_UP(sizeof(struct capture_record) + sizeof(payload))

#endif
