// The one description of a ledger's JSON: reading and writing both walk it, so they cannot differ.
//
// A visitor has, each with the key first:
//     Version()                      the format's version
//     Value(key, value, kind)        one value (json_values.h); a std::optional one may be missing
//     Counts(key, array, names)      an object of counters; one that is missing is 0
//     Object(key, value)             described below; a std::optional one may be missing
//     List(key, vector)              of objects
#pragma once

#include <concepts>
#include <type_traits>

#include "dns_monitor/ledger/ledger.h"
#include "json_values.h"

namespace dns_monitor {

// T, or T that is only read.
template <typename Given, typename T>
concept Maybe = std::same_as<std::remove_const_t<Given>, T>;

template <typename Visitor, Maybe<LedgerLink> T>
void Describe(Visitor& visit, T& link) {
  visit.Value("file_name", link.file_name, AsFileName());
  visit.Value("sha256", link.sha256, AsSha256());
}

template <typename Visitor, Maybe<LedgerSettings> T>
void Describe(Visitor& visit, T& settings) {
  visit.Value("ports", settings.ports, AsPorts());
  visit.Value("filter", settings.filter, AsText());
  visit.Value("direction", settings.direction, AsTerm());
  visit.Value("promiscuous", settings.promiscuous, AsFlag());
  visit.Value("icmp_errors", settings.icmp_errors, AsFlag());
  visit.Value("snaplen", settings.snaplen, AsCount());
  visit.Value("nanoseconds", settings.nanoseconds, AsFlag());
  visit.Value("hook", settings.hook, AsTerm());
}

template <typename Visitor, Maybe<Balance> T>
void Describe(Visitor& visit, T& balance) {
  visit.Value("seen", balance.seen, AsCount());
  visit.Value("not_dns", balance.not_dns, AsCount());
  visit.Value("filtered_by_user", balance.filtered_by_user, AsCount());
  visit.Counts("undecided", balance.undecided, kUndecidedCauseNames);
  visit.Value("matched", balance.matched, AsCount());
  visit.Value("written", balance.written, AsCount());
  visit.Counts("lost", balance.lost, kLossCauseNames);
  visit.Value("in_ring_begin", balance.in_ring_begin, AsCount());
  visit.Value("in_ring_end", balance.in_ring_end, AsCount());
  visit.Value("clipped", balance.clipped, AsCount());
  visit.Value("late", balance.late, AsCount());
}

template <typename Visitor, Maybe<Loss> T>
void Describe(Visitor& visit, T& loss) {
  visit.Value("cause", loss.cause, AsTerm());
  visit.Value("cpu", loss.cpu, AsCount());
  visit.Value("count", loss.count, AsCount());
  visit.Value("from", loss.from_ns, AsTime());
  visit.Value("to", loss.to_ns, AsTime());
  visit.Value("merged", loss.merged, AsCount());
}

template <typename Visitor, Maybe<Gap> T>
void Describe(Visitor& visit, T& gap) {
  visit.Value("from", gap.from_ns, AsTime());
  visit.Value("to", gap.to_ns, AsTime());
  visit.Value("reason", gap.reason, AsTerm());
  visit.Value("step_ns", gap.step_ns, AsSigned());
  visit.Value("cut_bytes", gap.cut_bytes, AsCount());
}

template <typename Visitor, Maybe<InterfaceCounters> T>
void Describe(Visitor& visit, T& counters) {
  visit.Value("rx_packets", counters.rx_packets, AsCount());
  visit.Value("rx_dropped", counters.rx_dropped, AsCount());
  visit.Value("rx_errors", counters.rx_errors, AsCount());
  visit.Value("rx_missed_errors", counters.rx_missed_errors, AsCount());
  visit.Value("tx_packets", counters.tx_packets, AsCount());
  visit.Value("tx_dropped", counters.tx_dropped, AsCount());
}

template <typename Visitor, Maybe<RemovedSegment> T>
void Describe(Visitor& visit, T& removed) {
  visit.Value("file_name", removed.file_name, AsFileName());
  visit.Value("sequence", removed.sequence, AsCount());
  visit.Value("ledger_sha256", removed.ledger_sha256, AsSha256());
  visit.Value("packets", removed.packets, AsCount());
  visit.Value("first_packet", removed.first_packet_ns, AsTime());
  visit.Value("last_packet", removed.last_packet_ns, AsTime());
  visit.Value("reason", removed.reason, AsText());
}

template <typename Visitor, Maybe<IndexEntry> T>
void Describe(Visitor& visit, T& entry) {
  visit.Value("offset", entry.offset, AsCount());
  visit.Value("first_record", entry.first_record, AsCount());
  visit.Value("packets", entry.packets, AsCount());
  visit.Value("first", entry.first_ns, AsTime());
  visit.Value("last", entry.last_ns, AsTime());
  visit.Value("xxh3", entry.xxh3, AsHex64());
}

template <typename Visitor, Maybe<LedgerCompression> T>
void Describe(Visitor& visit, T& compression) {
  visit.Value("stored_bytes", compression.stored_bytes, AsCount());
  visit.Value("frames", compression.frames, AsCount());
  visit.Value("level", compression.level, AsCount());
  visit.Value("lowest_level", compression.lowest_level, AsCount());
}

template <typename Visitor, Maybe<Ledger> T>
void Describe(Visitor& visit, T& ledger) {
  visit.Version();  // first: without it nothing else is what it seems
  visit.Value("sequence", ledger.sequence, AsCount());
  visit.Object("previous", ledger.previous);
  visit.Value("file_name", ledger.file_name, AsFileName());
  visit.Value("length_bytes", ledger.length_bytes, AsCount());
  visit.Object("compression", ledger.compression);
  visit.Value("interface", ledger.interface, AsText());
  visit.Value("ifindex", ledger.ifindex, AsCount());
  visit.Value("host", ledger.host, AsText());
  visit.Value("program_version", ledger.program_version, AsText());
  visit.Value("link_type", ledger.link_type, AsCount());
  visit.Object("settings", ledger.settings);
  visit.Value("from", ledger.from_ns, AsTime());
  visit.Value("to", ledger.to_ns, AsTime());
  visit.Value("first_packet", ledger.first_packet_ns, AsTime());
  visit.Value("last_packet", ledger.last_packet_ns, AsTime());
  visit.Value("damaged", ledger.damaged, AsFlag());
  visit.Value("damage", ledger.damage, AsText());
  visit.Object("balance", ledger.balance);
  visit.List("losses", ledger.losses);
  visit.List("gaps", ledger.gaps);
  visit.Object("interface_begin", ledger.interface_begin);
  visit.Object("interface_end", ledger.interface_end);
  visit.List("removed", ledger.removed);
  visit.List("index", ledger.index);
}

}  // namespace dns_monitor
