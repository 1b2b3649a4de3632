#include "dns_monitor/packet/fragments.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <vector>

#include "aged_table.h"
#include "dissector.h"

namespace dns_monitor {
namespace {

constexpr uint32_t kMostBytes = 65535;
constexpr uint32_t kUnknown = std::numeric_limits<uint32_t>::max();

// What fragments of one datagram have in common. IPv6 leaves the protocol to the first fragment
// (RFC 8200, section 4.5). The id of the VLAN keeps networks with the same addresses apart.
using Key = std::array<uint8_t, 40>;

Key KeyOf(const Packet& fragment) {
  Key key = {};
  uint8_t* at = key.data();
  const auto put = [&at](const void* bytes, size_t size) {
    std::memcpy(at, bytes, size);
    at += size;
  };
  put(fragment.source, sizeof(fragment.source));
  put(fragment.destination, sizeof(fragment.destination));
  put(&fragment.fragment_id, sizeof(fragment.fragment_id));
  put(&fragment.vlan, sizeof(fragment.vlan));
  put(&fragment.ip_version, sizeof(fragment.ip_version));
  if (fragment.ip_version == 4) put(&fragment.protocol, sizeof(fragment.protocol));
  return key;
}

struct Piece {
  uint32_t offset;  // in the datagram
  uint32_t size;
  uint32_t at;        // in Datagram::bytes
  uint32_t captured;  // of it; the snap length may have clipped the rest

  uint32_t end() const { return offset + size; }
};

struct Datagram {
  int64_t first_ns = 0;
  bool given_up = false;       // remembered, so that what still comes of it begins no other
  uint32_t end = kUnknown;     // where the last fragment ends
  uint32_t covered = 0;        // by the pieces
  uint32_t frames = 0;         // that the pieces came in
  bool is_clipped = false;     // a piece is
  Packet first;                // of offset zero; as a new one if that has not come yet
  std::vector<uint8_t> bytes;  // in the order in which they came
  std::vector<Piece> pieces;   // by offset; none overlaps another

  size_t heap_bytes() const { return bytes.capacity() + pieces.capacity() * sizeof(Piece); }
};

enum class Fit { kNew, kDuplicate, kOverlap };

// As far as both were captured.
bool SameBytes(const Datagram& datagram, const Piece& piece, absl::Span<const uint8_t> bytes) {
  const size_t size = std::min<size_t>(piece.captured, bytes.size());
  return size == 0 || std::memcmp(datagram.bytes.data() + piece.at, bytes.data(), size) == 0;
}

// Whether the fragment goes between the pieces, of which `next` is the first that begins there or
// later.
Fit FitOf(const Datagram& datagram, std::vector<Piece>::const_iterator next,
          const Packet& fragment) {
  const uint32_t offset = fragment.fragment_offset;
  const uint32_t size = fragment.payload_on_wire;
  const uint32_t end = offset + size;
  const bool more = fragment.more_fragments;
  const bool is_last_piece = next == datagram.pieces.end();
  if (!is_last_piece && next->offset == offset && next->size == size &&
      more == (end != datagram.end) && SameBytes(datagram, *next, fragment.payload)) {
    return Fit::kDuplicate;
  }
  const bool runs_into_next = !is_last_piece && next->offset < end;
  const bool begins_in_previous =
      next != datagram.pieces.begin() && std::prev(next)->end() > offset;
  // Only the last fragment reaches the end, none is behind it, and there is but one.
  const bool misses_end = more ? datagram.end != kUnknown && end >= datagram.end
                               : datagram.end != kUnknown || !is_last_piece;
  return runs_into_next || begins_in_previous || misses_end ? Fit::kOverlap : Fit::kNew;
}

}  // namespace

class FragmentReassembler::Impl {
 public:
  explicit Impl(const FragmentOptions& options) : options_(options) {}

  const Packet* Add(const Packet& fragment, int64_t time_ns);
  void Finish();
  const FragmentCounters& counters() const { return counters_; }
  size_t memory_bytes() const {
    return heap_bytes_ + datagrams_.size() * AgedTable<Key, Datagram>::kBytesEach;
  }

 private:
  using Handle = AgedTable<Key, Datagram>::Handle;

  bool AddPiece(const Packet& fragment, int64_t time_ns);
  bool Insert(const Packet& fragment, Datagram* datagram);
  void GiveUp(Datagram* datagram, uint64_t* counter);
  void Assemble(const Datagram& datagram);
  void Expire(int64_t time_ns);
  void ForgetOldest(uint64_t* counter);
  void Bound();

  const FragmentOptions options_;
  FragmentCounters counters_;
  AgedTable<Key, Datagram> datagrams_;  // by the time of their first fragment
  size_t heap_bytes_ = 0;               // of all of them
  Packet whole_;
  std::vector<uint8_t> whole_bytes_;  // its payload and headers
};

const Packet* FragmentReassembler::Impl::Add(const Packet& fragment, int64_t time_ns) {
  const Packet* packet = &fragment;
  // A datagram may hold a tunnel's, which is a fragment, too; Dissector bounds how often.
  while (packet->kind == PacketKind::kFragment) {
    if (!AddPiece(*packet, time_ns)) return nullptr;
    packet = &whole_;
  }
  return packet == &whole_ ? packet : nullptr;
}

// Whether whole_ is its datagram now. The fragment may be in whole_ before.
bool FragmentReassembler::Impl::AddPiece(const Packet& fragment, int64_t time_ns) {
  ++counters_.fragments;
  Expire(time_ns);
  const uint64_t size = fragment.payload_on_wire;
  if (size == 0 || fragment.fragment_offset + size > kMostBytes ||
      (fragment.more_fragments && size % 8 != 0)) {
    ++counters_.malformed;
    return false;
  }
  const Key key = KeyOf(fragment);
  Handle entry = datagrams_.Find(key);
  if (entry == datagrams_.end()) {
    entry = datagrams_.Add(key);
    entry->value.first_ns = time_ns;
  }
  Datagram* datagram = &entry->value;
  const size_t heap_before = datagram->heap_bytes();
  const bool is_whole = Insert(fragment, datagram);
  heap_bytes_ += datagram->heap_bytes() - heap_before;
  if (!is_whole) {
    Bound();
    return false;
  }
  Assemble(*datagram);
  if (datagram->is_clipped) ++counters_.clipped;
  heap_bytes_ -= datagram->heap_bytes();
  datagrams_.Erase(entry);
  ++counters_.datagrams;
  return true;
}

// Whether that makes it whole.
bool FragmentReassembler::Impl::Insert(const Packet& fragment, Datagram* datagram) {
  if (datagram->given_up) return false;
  const absl::Span<const uint8_t> bytes = fragment.payload;
  const uint32_t offset = fragment.fragment_offset;
  auto& pieces = datagram->pieces;
  const auto next =
      std::lower_bound(pieces.begin(), pieces.end(), offset,
                       [](const Piece& piece, uint32_t at) { return piece.offset < at; });
  switch (FitOf(*datagram, next, fragment)) {
    case Fit::kDuplicate:
      ++counters_.duplicates;
      return false;
    case Fit::kOverlap:
      GiveUp(datagram, &counters_.overlaps);
      return false;
    case Fit::kNew:
      break;
  }
  if (pieces.size() == options_.pieces) {
    GiveUp(datagram, &counters_.too_many);
    return false;
  }
  const Piece piece = {.offset = offset,
                       .size = fragment.payload_on_wire,
                       .at = static_cast<uint32_t>(datagram->bytes.size()),
                       .captured = static_cast<uint32_t>(bytes.size())};
  pieces.insert(next, piece);
  datagram->bytes.insert(datagram->bytes.end(), bytes.begin(), bytes.end());
  datagram->covered += piece.size;
  datagram->frames += fragment.fragments;
  datagram->is_clipped = datagram->is_clipped || piece.captured < piece.size;
  if (offset == 0) {
    datagram->first = fragment;
    datagram->first.payload = {};
  }
  if (!fragment.more_fragments) datagram->end = piece.end();
  return datagram->covered == datagram->end;
}

void FragmentReassembler::Impl::GiveUp(Datagram* datagram, uint64_t* counter) {
  ++*counter;
  datagram->given_up = true;
  datagram->bytes = std::vector<uint8_t>();
  datagram->pieces = std::vector<Piece>();
}

void FragmentReassembler::Impl::Assemble(const Datagram& datagram) {
  whole_bytes_.clear();
  for (const Piece& piece : datagram.pieces) {
    const uint8_t* from = datagram.bytes.data() + piece.at;
    whole_bytes_.insert(whole_bytes_.end(), from, from + piece.captured);
    if (piece.captured < piece.size) break;
  }
  whole_ = datagram.first;
  whole_.fragments = datagram.frames;
  whole_.fragment_id = 0;
  whole_.more_fragments = false;
  whole_.payload_on_wire = 0;
  whole_.source_port = whole_.destination_port = 0;
  whole_.has_ports = false;
  Dissector(whole_bytes_, datagram.end, &whole_).IpPayload(whole_.protocol);
}

void FragmentReassembler::Impl::Expire(int64_t time_ns) {
  while (!datagrams_.empty() &&
         IsOlder(datagrams_.Oldest()->value.first_ns, time_ns, options_.timeout_ns)) {
    ForgetOldest(&counters_.timed_out);
  }
}

void FragmentReassembler::Impl::ForgetOldest(uint64_t* counter) {
  const Handle oldest = datagrams_.Oldest();
  if (!oldest->value.given_up) ++*counter;
  heap_bytes_ -= oldest->value.heap_bytes();
  datagrams_.Erase(oldest);
}

void FragmentReassembler::Impl::Bound() {
  while (!datagrams_.empty() &&
         (datagrams_.size() > options_.datagrams || memory_bytes() > options_.memory_bytes)) {
    ForgetOldest(&counters_.evicted);
  }
}

void FragmentReassembler::Impl::Finish() {
  while (!datagrams_.empty()) ForgetOldest(&counters_.unfinished);
}

FragmentReassembler::FragmentReassembler(const FragmentOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
FragmentReassembler::~FragmentReassembler() = default;
FragmentReassembler::FragmentReassembler(FragmentReassembler&&) noexcept = default;
FragmentReassembler& FragmentReassembler::operator=(FragmentReassembler&&) noexcept = default;

const Packet* FragmentReassembler::Add(const Packet& fragment, int64_t time_ns) {
  return impl_->Add(fragment, time_ns);
}
void FragmentReassembler::Finish() {
  impl_->Finish();
}
const FragmentCounters& FragmentReassembler::counters() const {
  return impl_->counters();
}
size_t FragmentReassembler::memory_bytes() const {
  return impl_->memory_bytes();
}

}  // namespace dns_monitor
