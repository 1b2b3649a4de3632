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
  Endpoints endpoints{.client = {},
                      .server = {},
                      .interface = interface,
                      .client_port = response ? packet.destination_port : packet.source_port,
                      .server_port = response ? packet.source_port : packet.destination_port,
                      .msg_id = message->header().id,
                      .tcp = message->item().stream != 0};
  std::memcpy(endpoints.client.data(), response ? packet.destination : packet.source, 16);
  std::memcpy(endpoints.server.data(), response ? packet.source : packet.destination, 16);
  return {.endpoints = endpoints,
          .question = {.name_hash = HashOfName(message->question().name),
                       .qtype = message->question().type}};
}

void TransactionMatcher::Take(MessageRow* message, std::vector<Transaction>* done) {
  Interface* const interface = InterfaceOf(*message);
  const int64_t now_ns = message->item().time_ns;
  if (interface->last_ns != 0)
    interface->clock_ns += std::max<int64_t>(0, now_ns - interface->last_ns);
  interface->last_ns = now_ns;
  Expire(interface, done);
  Key key = KeyOf(message, interface);
  const bool response = message->header().qr;
  const Transfer transfer{
      .interface = interface, .stream = message->item().stream, .msg_id = key.endpoints.msg_id};
  const bool transferred = response && key.endpoints.tcp && transfers_.contains(transfer);
  // Of a transfer, what comes without a question goes on with it, whatever was asked since.
  if (response && !transferred && message->header().qd_count == 0) {
    key.question = OnlyQuestion(key.endpoints, key.question);
  }
  const auto found = pending_.find(key);
  if (found != pending_.end() && !response) {
    ++found->second.retries;
    return;
  }
  if (found != pending_.end()) {
    if (key.endpoints.tcp && IsTransfer(key.question.qtype)) NoteTransfer(transfer);
    SetResponse(message, &found->second);
    End(key, done);
    return;
  }
  if (transferred) return;
  Transaction transaction{.interface = interface->name,
                          .client = key.endpoints.client,
                          .server = key.endpoints.server,
                          .ip_version = message->packet().ip_version,
                          .client_port = key.endpoints.client_port,
                          .server_port = key.endpoints.server_port,
                          .tcp = key.endpoints.tcp,
                          .msg_id = key.endpoints.msg_id,
                          .qname = std::string(message->question().name),
                          .has_qtype = message->question().is_whole,
                          .qtype = key.question.qtype};
  if (response) {
    SetResponse(message, &transaction);
    done->push_back(std::move(transaction));
    return;
  }
  SetQuery(message, &transaction);
  Begin(key, std::move(transaction));
  interface->order.push_back({.since_ns = interface->clock_ns, .query_ns = now_ns, .key = key});
}

void TransactionMatcher::Begin(const Key& key, Transaction transaction) {
  pending_.emplace(key, std::move(transaction));
  Asked& asked = asked_[key.endpoints];
  ++asked.count;
  asked.mixed.name_hash ^= key.question.name_hash;
  asked.mixed.qtype ^= key.question.qtype;
}

void TransactionMatcher::End(const Key& key, std::vector<Transaction>* done) {
  const auto found = pending_.find(key);
  done->push_back(std::move(found->second));
  pending_.erase(found);
  const auto asked = asked_.find(key.endpoints);
  if (--asked->second.count == 0) {
    asked_.erase(asked);
    return;
  }
  asked->second.mixed.name_hash ^= key.question.name_hash;
  asked->second.mixed.qtype ^= key.question.qtype;
}

TransactionMatcher::Question TransactionMatcher::OnlyQuestion(const Endpoints& endpoints,
                                                              const Question& question) const {
  const auto asked = asked_.find(endpoints);
  return asked != asked_.end() && asked->second.count == 1 ? asked->second.mixed : question;
}

// Not when it was answered since; perhaps asked again since, which has an entry of its own.
bool TransactionMatcher::IsPending(const Waiting& waiting) const {
  const auto found = pending_.find(waiting.key);
  return found != pending_.end() && found->second.query_ns == waiting.query_ns;
}

void TransactionMatcher::GiveUpOldest(Interface* interface, std::vector<Transaction>* done) {
  const Waiting oldest = interface->order.front();
  interface->order.pop_front();
  if (IsPending(oldest)) End(oldest.key, done);
}

void TransactionMatcher::Expire(Interface* interface, std::vector<Transaction>* done) {
  std::deque<Waiting>& order = interface->order;
  while (!order.empty() && interface->clock_ns - order.front().since_ns > kPatienceNs) {
    GiveUpOldest(interface, done);
  }
  for (auto& [name, other] : interfaces_) {
    if (pending_.size() < kMostPending) break;
    while (!other->order.empty() && pending_.size() >= kMostPending) {
      GiveUpOldest(other.get(), done);
    }
  }
  // Where all is answered at once, entries of answered ones are most of them.
  constexpr size_t kFew = 4096;
  if (order.size() < 2 * pending_.size() + kFew) return;
  order.erase(std::remove_if(order.begin(), order.end(),
                             [this](const Waiting& waiting) { return !IsPending(waiting); }),
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
