#include "dns_monitor/query/transaction_matcher.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"

namespace dns_monitor {
namespace {

uint64_t HashOfName(absl::string_view name) {
  std::array<char, kMostNameText> lower;
  std::transform(name.begin(), name.end(), lower.begin(),
                 [](char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); });
  return absl::HashOf(absl::string_view(lower.data(), name.size()));
}

bool IsTransfer(uint16_t qtype) {
  constexpr uint16_t kIxfr = 251;
  constexpr uint16_t kAxfr = 252;
  return qtype == kIxfr || qtype == kAxfr;
}

void SetQuery(MessageRow* message, Transaction* to) {
  to->asked = true;
  to->query_ns = message->item().time_ns;
  to->query_bytes = static_cast<int32_t>(message->bytes().size());
}

void SetResponse(MessageRow* message, Transaction* to) {
  to->answered = true;
  to->response_ns = message->item().time_ns;
  to->response_bytes = static_cast<int32_t>(message->bytes().size());
  to->rcode = ExtendedRcode(message->header(), message->edns());
  to->tc = message->header().tc;
  to->answers = message->header().an_count;
}

}  // namespace

TransactionMatcher::Interface* TransactionMatcher::InterfaceOf(const MessageRow& message) {
  const std::string& name = message.item().file->interface;
  std::unique_ptr<Interface>& interface = interfaces_[name];
  if (interface == nullptr) {
    interface = std::make_unique<Interface>();
    interface->name = name;
  }
  return interface.get();
}

TransactionMatcher::Key TransactionMatcher::KeyOf(MessageRow* message, const Interface* interface) {
  const Packet& packet = message->packet();
  const bool response = message->header().qr;
  Key key{.client = {},
          .server = {},
          .interface = interface,
          .client_port = response ? packet.destination_port : packet.source_port,
          .server_port = response ? packet.source_port : packet.destination_port,
          .msg_id = message->header().id,
          .tcp = message->item().stream != 0};
  std::memcpy(key.client.data(), response ? packet.destination : packet.source, 16);
  std::memcpy(key.server.data(), response ? packet.source : packet.destination, 16);
  return key;
}

void TransactionMatcher::Take(MessageRow* message, std::vector<Transaction>* done) {
  Interface* const interface = InterfaceOf(*message);
  const int64_t now_ns = message->item().time_ns;
  if (interface->last_ns != 0)
    interface->clock_ns += std::max<int64_t>(0, now_ns - interface->last_ns);
  interface->last_ns = now_ns;
  Expire(interface, done);
  const Key key = KeyOf(message, interface);
  const Question question{.name_hash = HashOfName(message->question().name),
                          .qtype = message->question().type};
  const bool response = message->header().qr;
  const Transfer transfer{
      .interface = key.interface, .stream = message->item().stream, .msg_id = key.msg_id};
  const bool transferred = response && key.tcp && transfers_.contains(transfer);
  // Of a transfer, what comes without a question goes on with it, whatever was asked since.
  const bool questionless = response && !transferred && message->header().qd_count == 0;
  Pending* const found = questionless ? FindOnly(key) : Find(key, question);
  if (found != nullptr && !response) {
    ++found->transaction.retries;
    return;
  }
  if (found != nullptr) {
    if (key.tcp && IsTransfer(question.qtype)) NoteTransfer(transfer);
    SetResponse(message, &found->transaction);
    End(key, found, done);
    return;
  }
  if (transferred) return;
  Transaction transaction{.interface = interface->name,
                          .client = key.client,
                          .server = key.server,
                          .ip_version = message->packet().ip_version,
                          .client_port = key.client_port,
                          .server_port = key.server_port,
                          .tcp = key.tcp,
                          .msg_id = key.msg_id,
                          .qname = std::string(message->question().name),
                          .has_qtype = message->question().is_whole,
                          .qtype = question.qtype};
  if (response) {
    SetResponse(message, &transaction);
    done->push_back(std::move(transaction));
    return;
  }
  SetQuery(message, &transaction);
  pending_[key].push_back({.question = question, .transaction = std::move(transaction)});
  ++pending_queries_;
  interface->order.push_back(
      {.since_ns = interface->clock_ns, .query_ns = now_ns, .key = key, .question = question});
}

TransactionMatcher::Pending* TransactionMatcher::Find(const Key& key, const Question& question) {
  const auto found = pending_.find(key);
  if (found == pending_.end()) return nullptr;
  for (Pending& pending : found->second) {
    if (pending.question == question) return &pending;
  }
  return nullptr;
}

TransactionMatcher::Pending* TransactionMatcher::FindOnly(const Key& key) {
  const auto found = pending_.find(key);
  const bool only_one = found != pending_.end() && found->second.size() == 1;
  return only_one ? &found->second.front() : nullptr;
}

void TransactionMatcher::End(const Key& key, Pending* pending, std::vector<Transaction>* done) {
  done->push_back(std::move(pending->transaction));
  const auto found = pending_.find(key);
  found->second.erase(pending);
  if (found->second.empty()) pending_.erase(found);
  --pending_queries_;
}

// None when it was answered since; perhaps asked again since, which has an entry of its own.
TransactionMatcher::Pending* TransactionMatcher::FindWaiting(const Waiting& waiting) {
  Pending* const found = Find(waiting.key, waiting.question);
  return found != nullptr && found->transaction.query_ns == waiting.query_ns ? found : nullptr;
}

void TransactionMatcher::GiveUpOldest(Interface* interface, std::vector<Transaction>* done) {
  const Waiting oldest = interface->order.front();
  interface->order.pop_front();
  Pending* const pending = FindWaiting(oldest);
  if (pending != nullptr) End(oldest.key, pending, done);
}

void TransactionMatcher::Expire(Interface* interface, std::vector<Transaction>* done) {
  std::deque<Waiting>& order = interface->order;
  while (!order.empty() && interface->clock_ns - order.front().since_ns > kPatienceNs) {
    GiveUpOldest(interface, done);
  }
  for (auto& [name, other] : interfaces_) {
    if (pending_queries_ < kMostPending) break;
    while (!other->order.empty() && pending_queries_ >= kMostPending) {
      GiveUpOldest(other.get(), done);
    }
  }
  // Where all is answered at once, entries of answered ones are most of them.
  constexpr size_t kFew = 4096;
  if (order.size() < 2 * pending_queries_ + kFew) return;
  order.erase(
      std::remove_if(order.begin(), order.end(),
                     [this](const Waiting& waiting) { return FindWaiting(waiting) == nullptr; }),
      order.end());
}

void TransactionMatcher::NoteTransfer(const Transfer& transfer) {
  if (!transfers_.insert(transfer).second) return;
  transfers_order_.push_back(transfer);
  if (transfers_order_.size() <= kMostTransfers) return;
  transfers_.erase(transfers_order_.front());
  transfers_order_.pop_front();
}

void TransactionMatcher::Finish(std::vector<Transaction>* done) {
  const size_t begin = done->size();
  for (auto& [name, interface] : interfaces_) {
    while (!interface->order.empty()) GiveUpOldest(interface.get(), done);
  }
  // Interfaces lie in no order.
  std::stable_sort(done->begin() + static_cast<ptrdiff_t>(begin), done->end(),
                   [](const Transaction& one, const Transaction& other) {
                     return one.query_ns < other.query_ns;
                   });
}

}  // namespace dns_monitor
