// Frames for tests, layer by layer:
//
//     PacketBuilder().Ethernet().Vlan(5).Ipv4({.id = 7, .more = true}).Udp(40000, 53).Data(100)
//
// Each layer names the next one in its protocol field, and lengths are those of what follows; both
// can be said otherwise where a test wants them wrong. Checksums are zero.
#pragma once

#include <linux/if_ether.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

namespace dns_monitor {

using Bytes = std::vector<uint8_t>;

class PacketBuilder {
 public:
  struct Ipv4Fields {
    uint16_t id = 1;
    bool more = false;     // MF
    uint16_t offset = 0;   // of this fragment, in bytes
    int option_words = 0;  // 0 to 10
    uint8_t version = 4;
    std::optional<uint8_t> header_words = std::nullopt;  // IHL, where it is to be wrong
    uint8_t host = 1;                                    // last byte of the source
  };
  struct Ipv6Fields {
    uint8_t version = 6;
    uint8_t host = 1;
  };
  struct TcpFields {
    uint16_t source = 40000;
    uint16_t destination = 53;
    uint32_t seq = 1;
    uint32_t ack = 2;
    uint8_t flags = 0x18;  // ACK, PSH
    int option_words = 0;  // 0 to 10
  };

  // ------------------------------------------------------------------------------- link layer
  PacketBuilder& Ethernet() {
    // Both addresses are locally administered; the destination is that of the tests' receiver.
    return Layer({0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01, 0, 0}, 12, 2, 0x6558);
  }
  // A tag that is in the data; the one before names it with `type`.
  PacketBuilder& Vlan(uint16_t tci, uint16_t type = ETH_P_8021Q) {
    return Layer({High(tci), Low(tci), 0, 0}, 2, 2, type);
  }
  PacketBuilder& ServiceVlan(uint16_t tci) { return Vlan(tci, ETH_P_8021AD); }
  PacketBuilder& Arp() {
    return Layer(
        {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 77, 0, 1, 0, 0, 0, 0, 0, 0, 10, 77, 0, 53},
        0, 0, ETH_P_ARP);
  }
  // Linux "cooked", in both versions: from an interface of type Ethernet.
  PacketBuilder& Sll() {
    return Layer({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0}, 14, 2, -1);
  }
  PacketBuilder& Sll2() {
    return Layer({0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}, 0, 2, -1);
  }
  PacketBuilder& Snap() { return Layer({0xaa, 0xaa, 3, 0, 0, 0, 0, 0}, 6, 2, 100); }
  PacketBuilder& Mpls(uint16_t label, bool is_last) {
    return Layer({High(label), Low(label), static_cast<uint8_t>(is_last ? 1 : 0), 64}, 0, 0,
                 ETH_P_MPLS_UC, 137);
  }
  PacketBuilder& Pppoe() {
    Layer({0x11, 0, 0, 9, 0, 0}, 0, 0, ETH_P_PPP_SES);
    layers_.back().length_at = 4;
    return *this;
  }

  // ---------------------------------------------------------------------------------- tunnels
  // `flags`: the first byte; the fields that it announces hold 0xee.
  PacketBuilder& Gre(uint8_t flags = 0) {
    Bytes header = {flags, 0, 0, 0};
    for (const int flag : {0x80, 0x20, 0x10}) {
      if ((flags & flag) != 0) header.resize(header.size() + 4, 0xee);
    }
    return Layer(std::move(header), 2, 2, IPPROTO_GRE);
  }
  PacketBuilder& Vxlan() {
    Udp(50000, 4789);
    return Layer({8, 0, 0, 0, 0, 0, 7, 0}, 0, 0, -1);
  }
  PacketBuilder& Geneve(uint8_t option_words = 0) {
    Udp(50000, 6081);
    Bytes header = {option_words, 0, 0, 0, 0, 0, 7, 0};
    header.resize(header.size() + size_t{4} * option_words, 0xee);
    return Layer(std::move(header), 2, 2, -1);
  }

  // --------------------------------------------------------------------------------- internet
  PacketBuilder& Ipv4() { return Ipv4(Ipv4Fields()); }
  PacketBuilder& Ipv4(const Ipv4Fields& fields) {
    const int words = 5 + fields.option_words;
    const auto field = static_cast<uint16_t>(fields.offset / 8 | (fields.more ? 0x2000 : 0));
    const int said = fields.header_words.value_or(static_cast<uint8_t>(words));
    Bytes header = {static_cast<uint8_t>(fields.version << 4 | said),
                    0,
                    0,
                    0,
                    High(fields.id),
                    Low(fields.id),
                    High(field),
                    Low(field),
                    64,
                    0,
                    0,
                    0,
                    10,
                    77,
                    0,
                    fields.host,
                    10,
                    77,
                    0,
                    53};
    header.resize(static_cast<size_t>(words) * 4, 1);  // options: no operation
    Layer(std::move(header), 9, 1, ETH_P_IP, IPPROTO_IPIP);
    layers_.back().length_at = 2;
    layers_.back().length_includes_header = true;
    return *this;
  }
  PacketBuilder& Ipv6() { return Ipv6(Ipv6Fields()); }
  PacketBuilder& Ipv6(const Ipv6Fields& fields) {
    Bytes header(40);
    header[0] = static_cast<uint8_t>(fields.version << 4);
    header[7] = 64;
    const uint8_t network[] = {0x20, 0x01, 0x0d, 0xb8};
    for (size_t i = 0; i < sizeof(network); ++i) header[8 + i] = header[24 + i] = network[i];
    header[23] = fields.host;
    header[39] = 0x53;
    Layer(std::move(header), 6, 1, ETH_P_IPV6, IPPROTO_IPV6);
    layers_.back().length_at = 4;
    return *this;
  }

  // ----------------------------------------------------------------- IPv6 extension headers
  // `words`: of eight bytes, beyond the first.
  PacketBuilder& HopByHop(int words = 0) { return Extension(IPPROTO_HOPOPTS, words); }
  PacketBuilder& Routing(int words = 0) { return Extension(IPPROTO_ROUTING, words); }
  PacketBuilder& Destination(int words = 0) { return Extension(IPPROTO_DSTOPTS, words); }
  PacketBuilder& Mobility(int words = 0) { return Extension(IPPROTO_MH, words); }
  PacketBuilder& Hip(int words = 0) { return Extension(139, words); }
  PacketBuilder& Shim6(int words = 0) { return Extension(140, words); }
  // RFC 4302: its length counts words of four bytes, less two.
  PacketBuilder& Authentication(int check_words = 3) {
    Bytes header(static_cast<size_t>(3 + check_words) * 4, 0xee);
    header[1] = static_cast<uint8_t>(1 + check_words);
    return Layer(std::move(header), 0, 1, IPPROTO_AH);
  }
  PacketBuilder& Fragment(uint32_t id, uint16_t offset, bool more) {
    const auto field = static_cast<uint16_t>(offset | (more ? 1 : 0));
    return Layer(
        {0, 0, High(field), Low(field), static_cast<uint8_t>(id >> 24),
         static_cast<uint8_t>(id >> 16), static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)},
        0, 1, IPPROTO_FRAGMENT);
  }

  // -------------------------------------------------------------------------------- transport
  PacketBuilder& Udp(uint16_t source, uint16_t destination) {
    Layer({High(source), Low(source), High(destination), Low(destination), 0, 0, 0, 0}, 0, 0,
          IPPROTO_UDP);
    layers_.back().length_at = 4;
    layers_.back().length_includes_header = true;
    return *this;
  }
  PacketBuilder& Tcp(uint16_t source, uint16_t destination) {
    return Tcp({.source = source, .destination = destination});
  }
  PacketBuilder& Tcp(const TcpFields& tcp) {
    Bytes header = {High(tcp.source), Low(tcp.source), High(tcp.destination), Low(tcp.destination)};
    for (const uint32_t number : {tcp.seq, tcp.ack}) {
      for (int shift = 24; shift >= 0; shift -= 8) {
        header.push_back(static_cast<uint8_t>(number >> shift));
      }
    }
    const int words = 5 + tcp.option_words;
    for (const int byte : {words << 4, int{tcp.flags}, 0xff, 0, 0, 0, 0, 0}) {
      header.push_back(static_cast<uint8_t>(byte));
    }
    header.resize(static_cast<size_t>(words) * 4, 1);  // options: no operation
    return Layer(std::move(header), 0, 0, IPPROTO_TCP);
  }
  PacketBuilder& Icmp(uint8_t type, uint8_t code = 0) {
    return Layer({type, code, 0, 0, 0, 0, 0, 0}, 0, 0, IPPROTO_ICMP);
  }
  PacketBuilder& Icmp6(uint8_t type, uint8_t code = 0) {
    return Layer({type, code, 0, 0, 0, 0, 0, 0}, 0, 0, IPPROTO_ICMPV6);
  }

  // ------------------------------------------------------------------------------------- rest
  // What follows is named with this number, whatever it is.
  PacketBuilder& As(int number) {
    named_ = number;
    return *this;
  }
  PacketBuilder& Data(size_t bytes) {
    Bytes data(bytes);
    for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<uint8_t>('a' + i % 23);
    return Layer(std::move(data), 0, 0, -1);
  }
  // These, which nobody names.
  PacketBuilder& Literal(Bytes bytes) { return Layer(std::move(bytes), 0, 0, -1); }
  // Another packet, as an ICMP error carries it: its first `bytes`, or all.
  PacketBuilder& Quote(const PacketBuilder& quoted, size_t bytes = SIZE_MAX) {
    Bytes data = quoted.Build();
    if (data.size() > bytes) data.resize(bytes);
    return Layer(std::move(data), 0, 0, -1);
  }

  // The frame ends after so many bytes, though its headers promise more.
  PacketBuilder& Cut(size_t bytes) {
    cut_ = bytes;
    return *this;
  }
  // Zeros up to this length, as a network card adds them; no header knows of them.
  PacketBuilder& Pad(size_t bytes) {
    pad_ = bytes;
    return *this;
  }

  Bytes Build() const {
    Bytes behind;
    int number = -1;
    for (size_t i = layers_.size(); i-- > 0;) {
      const LayerBytes& layer = layers_[i];
      Bytes header = layer.bytes;
      const int next = layer.names_next != -1 ? layer.names_next : number;
      if (next != -1) PutNext(&header, layer, next);
      if (layer.length_at != 0) {
        const size_t bytes = behind.size() + (layer.length_includes_header ? header.size() : 0);
        Put16(&header[layer.length_at], bytes);
      }
      header.insert(header.end(), behind.begin(), behind.end());
      behind = std::move(header);
      // IP has a number of its own where IP carries it.
      const bool in_ip = i > 0 && layers_[i - 1].next_bytes == 1;
      number = in_ip && layer.number_in_ip != -1 ? layer.number_in_ip : layer.number;
    }
    if (behind.size() > cut_) behind.resize(cut_);
    if (behind.size() < pad_) behind.resize(pad_, 0);
    return behind;
  }
  operator Bytes() const { return Build(); }  // NOLINT: a packet is its bytes

 private:
  struct LayerBytes {
    Bytes bytes;
    size_t next_at;        // where it names what follows
    size_t next_bytes;     // 0: it does not
    int number;            // how the layer before names it; -1: as nothing
    int number_in_ip;      // how IP does, if that differs; -1: the same
    int names_next;        // -1: the number of the next layer
    size_t length_at = 0;  // of a 16-bit length; 0: has none
    bool length_includes_header = false;
  };

  static uint8_t High(uint16_t value) { return static_cast<uint8_t>(value >> 8); }
  static uint8_t Low(uint16_t value) { return static_cast<uint8_t>(value); }
  static void Put16(uint8_t* at, size_t value) {
    at[0] = static_cast<uint8_t>(value >> 8);
    at[1] = static_cast<uint8_t>(value);
  }
  static void PutNext(Bytes* header, const LayerBytes& layer, int next) {
    if (layer.next_bytes == 2) Put16(&(*header)[layer.next_at], static_cast<size_t>(next));
    if (layer.next_bytes == 1) (*header)[layer.next_at] = static_cast<uint8_t>(next);
  }

  PacketBuilder& Layer(Bytes bytes, size_t next_at, size_t next_bytes, int number,
                       int number_in_ip = -1) {
    if (named_ && !layers_.empty()) layers_.back().names_next = *named_;
    named_.reset();
    layers_.push_back({std::move(bytes), next_at, next_bytes, number, number_in_ip, -1});
    return *this;
  }
  PacketBuilder& Extension(uint8_t number, int words) {
    Bytes header(static_cast<size_t>(1 + words) * 8, 0);
    header[1] = static_cast<uint8_t>(words);
    return Layer(std::move(header), 0, 1, number);
  }

  std::vector<LayerBytes> layers_;
  std::optional<int> named_;
  size_t cut_ = SIZE_MAX;
  size_t pad_ = 0;
};

}  // namespace dns_monitor
