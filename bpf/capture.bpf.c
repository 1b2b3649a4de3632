// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The filter. It looks at each packet of an interface, writes those that are DNS into the ring of
 * the CPU it runs on, and counts every one. On a packet socket it returns 0, so that the socket
 * itself queues nothing; on tcx TCX_NEXT, so that the packet goes on to whoever is next.
 *
 *     entry ──► judge at once (glance.bpf.h) ──► take (store.bpf.h) ──► ring
 *                 └─► judge closely (parse.bpf.h) ──► take
 *                       └─► the user's filter, if any ──► finish ──► take
 */
#include "glance.bpf.h"
#include "parse.bpf.h"
#include "store.bpf.h"

#define PACKET_OUTGOING 4 /* linux/if_packet.h */
#define TCX_NEXT (-1) /* linux/bpf.h of kernel 6.6; TC_ACT_UNSPEC to a classifier */

/* Two objects are made of this source, one for kernels from 6.2 on (capture_by_kernel.bpf.c). */
#ifdef CAPTURE_BY_KERNEL
#define READ_ON_SOCKET READ_BY_KERNEL
#else
#define READ_ON_SOCKET READ_LOADED
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* __sk_buff.cb[], which carries state over the tail calls. */
#define CB_FRAGMENT 1 /* 0, or of a first fragment: see fragment_word */
#define CB_FRAGMENT_ID 2
#define CB_TAGS_IN_DATA 3

static __always_inline struct capture_cpu *this_cpu(void)
{
	const __u32 key = bpf_get_smp_processor_id() + 1; /* capture_control.cpu_first_cell */
	union control_cell *cell = bpf_map_lookup_elem(&control, &key);

	return cell ? &cell->cpu : 0;
}

static __always_inline void count(struct capture_cpu *cpu, __u32 verdict)
{
	const __u32 cause = verdict - VERDICT_UNDECIDED;

	if (verdict == VERDICT_NOT_DNS)
		cpu->not_dns++;
	else if (verdict == VERDICT_FILTERED)
		cpu->filtered_by_user++;
	else if (cause < CAPTURE_UNDECIDED_COUNT)
		cpu->undecided[cause & 7]++;
}

static __always_inline int wrong_direction(__u32 is_outgoing)
{
	if (direction == CAPTURE_DIRECTION_IN)
		return is_outgoing;
	if (direction == CAPTURE_DIRECTION_OUT)
		return !is_outgoing;
	return 0;
}

static __noinline int remember_fragment(struct __sk_buff *skb, const struct packet *packet,
					__u32 verdict)
{
	struct fragment_key key;
	__u8 ip[IPV6_BYTES] = {};

	if (bpf_skb_load_bytes(skb, packet->ip_offset, ip,
			       packet->ip_version == 4 ? IPV4_BYTES : IPV6_BYTES))
		return 0;
	fill_fragment_key(&key, skb, ip, packet);
	bpf_map_update_elem(&fragments, &key, &verdict, BPF_ANY);
	return 0;
}

static __noinline int take_apart(struct __sk_buff *skb, struct capture_cpu *cpu)
{
	take(skb, cpu, 0);
	return 0;
}

/* The last steps of a frame whose verdict is known. */
static __always_inline void conclude(struct __sk_buff *skb, struct capture_cpu *cpu, __u32 verdict)
{
	if (verdict == VERDICT_TAKE)
		take_apart(skb, cpu);
	else
		count(cpu, verdict);
	RING_STORE(&cpu->busy, 0);
}

/* Whether the user has a say about this frame: later fragments follow their first one. */
static __always_inline int asks_user(const struct packet *packet, __u32 verdict)
{
	return has_user_filter && verdict == VERDICT_TAKE && !packet->is_later_fragment;
}

/* version (3 bits) | is it outgoing (1) | protocol (8, from bit 8) | offset of IP (from bit 16) */
static __always_inline __u32 fragment_word(const struct packet *packet)
{
	return packet->ip_version | packet->is_outgoing << 3 | packet->fragment_protocol << 8 |
	       packet->ip_offset << 16;
}

static __always_inline void ask_user(struct __sk_buff *skb, const struct packet *packet)
{
	skb->cb[CAPTURE_CB_VERDICT] = 0;
	skb->cb[CB_FRAGMENT] = packet->is_first_fragment ? fragment_word(packet) : 0;
	skb->cb[CB_FRAGMENT_ID] = packet->fragment_id;
	skb->cb[CB_TAGS_IN_DATA] = packet->tags_in_data;
	skb->cb[CAPTURE_CB_PACKET_TYPE] = packet->is_outgoing ? PACKET_OUTGOING : skb->pkt_type;
	bpf_tail_call(skb, &stages, CAPTURE_STAGE_USER_FILTER);
}

/*
 * On tcx the programs in front of this one may have left word for those behind it in the control block,
 * which the user's filter needs: saved, and put back.
 */
#define CONTROL_BLOCK_WORDS 5 /* __sk_buff.cb[] */

struct control_block {
	__u32 words[CONTROL_BLOCK_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control_block);
} saved_blocks SEC(".maps");

static __always_inline void save_block(const struct __sk_buff *skb)
{
	const __u32 zero = 0;
	struct control_block *block = bpf_map_lookup_elem(&saved_blocks, &zero);

	if (!block)
		return;
#pragma unroll
	for (int i = 0; i < CONTROL_BLOCK_WORDS; i++)
		block->words[i] = skb->cb[i];
}

static __always_inline void restore_block(struct __sk_buff *skb)
{
	const __u32 zero = 0;
	const struct control_block *block = bpf_map_lookup_elem(&saved_blocks, &zero);

	if (!block)
		return;
#pragma unroll
	for (int i = 0; i < CONTROL_BLOCK_WORDS; i++)
		skb->cb[i] = block->words[i];
}

/*
 * The rest of the way of a frame that is DNS, or not plain (`verdict` 0). Apart, so that what most
 * packets of an interface take lies together: their own traffic makes it cold each time.
 */
static __noinline int look_closely(struct __sk_buff *skb, struct capture_cpu *cpu, __u32 verdict,
				   __u32 is_outgoing, __u32 keeps_block)
{
	struct packet packet = {.is_outgoing = is_outgoing};

	if (!verdict)
		verdict = judge_closely(skb, &packet);
	if (verdict == VERDICT_TAKE && wrong_direction(is_outgoing))
		verdict = VERDICT_FILTERED;
	if (asks_user(&packet, verdict)) {
		if (keeps_block)
			save_block(skb);
		ask_user(skb, &packet);
		if (keeps_block)
			restore_block(skb);
		verdict = VERDICT_FILTERED; /* the stage is always there; were it not: "no" */
	}
	if (packet.is_first_fragment && (verdict == VERDICT_TAKE || verdict == VERDICT_NOT_DNS ||
					 verdict == VERDICT_FILTERED))
		remember_fragment(skb, &packet, verdict);
	conclude(skb, cpu, verdict);
	return 0;
}

/* `reading` is a constant. */
static __always_inline void enter(struct __sk_buff *skb, __u32 is_outgoing, enum reading reading)
{
	const int in_place = reading == READ_IN_PLACE;
	struct capture_cpu *cpu = this_cpu();
	__u32 verdict;

	if (!cpu)
		return;
	if (RING_LOAD(&cpu->busy)) {
		__sync_fetch_and_add(&cpu->nested, 1);
		return;
	}
	RING_STORE(&cpu->busy, 1);
	cpu->seen++;
	verdict = judge_at_once(skb, reading);
	if (verdict == VERDICT_NOT_DNS) {
		cpu->not_dns++;
		RING_STORE(&cpu->busy, 0);
		return;
	}
	if (verdict == VERDICT_TAKE && !has_user_filter && direction == CAPTURE_DIRECTION_ANY) {
		take(skb, cpu, in_place);
		RING_STORE(&cpu->busy, 0);
		return;
	}
	look_closely(skb, cpu, verdict, is_outgoing, in_place);
}

/* Remembers the verdict on a first fragment that went through the user's filter. */
static __always_inline void remember_asked(struct __sk_buff *skb, __u32 verdict)
{
	const __u32 fragment = skb->cb[CB_FRAGMENT];
	struct packet packet = {.ip_offset = fragment >> 16,
				.ip_version = fragment & 7,
				.is_outgoing = fragment >> 3 & 1,
				.fragment_protocol = fragment >> 8,
				.fragment_id = skb->cb[CB_FRAGMENT_ID],
				.tags_in_data = skb->cb[CB_TAGS_IN_DATA]};

	if (fragment != 0)
		remember_fragment(skb, &packet, verdict);
}

/* Where the user's filter goes on, with its answer in cb[CAPTURE_CB_VERDICT]. */
static __always_inline void finish(struct __sk_buff *skb)
{
	const __u32 verdict = skb->cb[CAPTURE_CB_VERDICT] ? VERDICT_TAKE : VERDICT_FILTERED;
	struct capture_cpu *cpu = this_cpu();

	if (!cpu)
		return;
	remember_asked(skb, verdict);
	conclude(skb, cpu, verdict);
}

SEC("socket")
int capture_entry(struct __sk_buff *skb)
{
	enter(skb, skb->pkt_type == PACKET_OUTGOING, READ_ON_SOCKET);
	return 0;
}

SEC("socket")
int capture_finish(struct __sk_buff *skb)
{
	finish(skb);
	return 0;
}

/* On tcx it only looks: TCX_PASS would end the chain for the programs behind it. */
SEC("tc")
int capture_ingress(struct __sk_buff *skb)
{
	enter(skb, 0, READ_IN_PLACE);
	return TCX_NEXT;
}

SEC("tc")
int capture_egress(struct __sk_buff *skb)
{
	enter(skb, 1, READ_IN_PLACE);
	return TCX_NEXT;
}

SEC("tc")
int capture_tcx_finish(struct __sk_buff *skb)
{
	finish(skb);
	restore_block(skb);
	return TCX_NEXT;
}

/*
 * The socket's for BPF_PROG_TEST_RUN, which gives a classifier the whole frame with its Ethernet header,
 * tags and packet type: a socket filter gets less there. Not loaded by the capture.
 */
SEC("tc")
int capture_classifier(struct __sk_buff *skb)
{
	enter(skb, skb->pkt_type == PACKET_OUTGOING, READ_ON_SOCKET);
	return TCX_NEXT;
}

