// Finds the response to each query.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "dns_monitor/query/message_row.h"

namespace dns_monitor {

// A query with its response, or one of the two alone.
struct Transaction {
  std::string interface;
  std::array<uint8_t, 16> client{};
  std::array<uint8_t, 16> server{};
  uint8_t ip_version = 0;
  uint16_t client_port = 0;
  uint16_t server_port = 0;
  bool tcp = false;
  uint16_t msg_id = 0;
  std::string qname;       // empty: there is no question
  bool has_qtype = false;  // the question could be read
  uint16_t qtype = 0;
  bool asked = false;     // the query is there
  bool answered = false;  // the response is there
  int64_t query_ns = 0;
  int64_t response_ns = 0;
  int32_t retries = 0;  // further copies of the query, before the response
  int32_t query_bytes = 0;
  int32_t response_bytes = 0;
  uint16_t rcode = 0;  // with EDNS's upper bits
  bool tc = false;     // of the response
  int32_t answers = 0;
};

// Joins by interface, addresses, ports, transport, identifier and question (the name in any case:
// resolvers mix it, draft-vixie-dnsext-dns0x20). A response without a question, as servers send
// that cannot read one, is that to the only query that all else fits. A query that is not answered
// within kPatienceNs of the interface's time is unanswered; what comes later is a response that
// nobody asked for. Of more than kMostPending queries those of an interface that wait longest are
// given up as unanswered. A zone transfer is answered by its first message; those that follow are
// no responses of their own. One thread.
class TransactionMatcher {
 public:
  static constexpr int64_t kPatienceNs = 30'000'000'000;
  static constexpr size_t kMostPending = 1 << 20;
  static constexpr size_t kMostTransfers = 1 << 16;  // whose messages are told from others

  // Takes messages in the order of the capture. What is finished by that is appended to `done`.
  void Take(MessageRow* message, std::vector<Transaction>* done);
  // No message comes any more.
  void Finish(std::vector<Transaction>* done);

 private:
  struct Interface;
  // What a response has of its query, whether it has the question or not.
  struct Endpoints {
    std::array<uint8_t, 16> client;
    std::array<uint8_t, 16> server;
    const Interface* interface;
    uint16_t client_port;
    uint16_t server_port;
    uint16_t msg_id;
    bool tcp;

    bool operator==(const Endpoints&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Endpoints& e) {
      return H::combine(std::move(h), e.client, e.server, e.interface, e.client_port, e.server_port,
                        e.msg_id, e.tcp);
    }
  };
  struct Question {
    uint64_t name_hash = 0;
    uint16_t qtype = 0;

    bool operator==(const Question&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Question& q) {
      return H::combine(std::move(h), q.name_hash, q.qtype);
    }
  };
  struct Key {
    Endpoints endpoints;
    Question question;

    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.endpoints, k.question);
    }
  };
  // The questions that wait between two endpoints, however many a flood brings: of one alone,
  // `mixed` (by XOR) is that one.
  struct Asked {
    size_t count = 0;
    Question mixed;
  };
  struct Waiting {
    int64_t since_ns;  // by the interface's clock
    int64_t query_ns;
    Key key;
  };
  // Interfaces have clocks of their own, as their files are read one after the other. A clock goes
  // on with the capture's time, but never back.
  struct Interface {
    std::string name;
    int64_t last_ns = 0;  // the capture's time
    int64_t clock_ns = 0;
    std::deque<Waiting> order;  // the oldest in front; also those that have been answered since
  };
  // Later messages of a transfer need not repeat its question (RFC 5936, 2.2).
  struct Transfer {
    const Interface* interface;  // it numbers its own connections
    uint64_t stream;
    uint16_t msg_id;

    bool operator==(const Transfer&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Transfer& t) {
      return H::combine(std::move(h), t.interface, t.stream, t.msg_id);
    }
  };

  Interface* InterfaceOf(const MessageRow& message);
  static Key KeyOf(MessageRow* message, const Interface* interface);
  bool IsPending(const Waiting& waiting) const;
  // The question that alone waits there, else `question`.
  Question OnlyQuestion(const Endpoints& endpoints, const Question& question) const;
  void Begin(const Key& key, Transaction transaction);
  // Moves it to `done`.
  void End(const Key& key, std::vector<Transaction>* done);
  void GiveUpOldest(Interface* interface, std::vector<Transaction>* done);
  void Expire(Interface* interface, std::vector<Transaction>* done);
  void NoteTransfer(const Transfer& transfer);

  absl::flat_hash_map<std::string, std::unique_ptr<Interface>> interfaces_;
  absl::flat_hash_map<Key, Transaction> pending_;
  absl::flat_hash_map<Endpoints, Asked> asked_;  // of those
  absl::flat_hash_set<Transfer> transfers_;
  std::deque<Transfer> transfers_order_;  // the oldest in front
};

}  // namespace dns_monitor
