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

TransactionMatcher::Key TransactionMatcher::KeyOf(MessageRow* message) {
  const Packet& packet = message->packet();
  const bool response = message->header().qr;
  std::unique_ptr<std::string>& interface = interfaces_[message->item().file->interface];
  if (interface == nullptr) {
    interface = std::make_unique<std::string>(message->item().file->interface);
  }
  Key key{.client = {},
          .server = {},
          .name_hash = HashOfName(message->question().name),
          .interface = interface.get(),
          .client_port = response ? packet.destination_port : packet.source_port,
          .server_port = response ? packet.source_port : packet.destination_port,
          .msg_id = message->header().id,
          .qtype = message->question().type,
          .tcp = message->item().stream != 0};
  std::memcpy(key.client.data(), response ? packet.destination : packet.source, 16);
  std::memcpy(key.server.data(), response ? packet.source : packet.destination, 16);
  return key;
}

void TransactionMatcher::Take(MessageRow* message, std::vector<Transaction>* done) {
  const int64_t now_ns = message->item().time_ns;
  Expire(now_ns, done);
  const Key key = KeyOf(message);
  const auto found = pending_.find(key);
  const bool response = message->header().qr;
  if (found != pending_.end() && !response) {
    ++found->second.retries;
    return;
  }
  const Transfer transfer{
      .interface = key.interface, .stream = message->item().stream, .msg_id = key.msg_id};
  if (found != pending_.end()) {
    if (key.tcp && IsTransfer(key.qtype)) NoteTransfer(transfer);
    SetResponse(message, &found->second);
    done->push_back(std::move(found->second));
    pending_.erase(found);
    return;
  }
  if (response && key.tcp && transfers_.contains(transfer)) return;
  Transaction transaction{.interface = message->item().file->interface,
                          .client = key.client,
                          .server = key.server,
                          .ip_version = message->packet().ip_version,
                          .client_port = key.client_port,
                          .server_port = key.server_port,
                          .tcp = key.tcp,
                          .msg_id = key.msg_id,
                          .qname = std::string(message->question().name),
                          .has_qtype = message->question().is_whole,
                          .qtype = key.qtype};
  if (response) {
    SetResponse(message, &transaction);
    done->push_back(std::move(transaction));
    return;
  }
  SetQuery(message, &transaction);
  pending_.emplace(key, std::move(transaction));
  order_.push_back({.since_ns = now_ns, .key = key});
}

void TransactionMatcher::Expire(int64_t now_ns, std::vector<Transaction>* done) {
  while (!order_.empty() &&
         (now_ns - order_.front().since_ns > kPatienceNs || pending_.size() >= kMostPending)) {
    const Waiting oldest = order_.front();
    order_.pop_front();
    const auto found = pending_.find(oldest.key);
    // Answered since; perhaps asked again since, which has an entry of its own.
    if (found == pending_.end() || found->second.query_ns != oldest.since_ns) continue;
    done->push_back(std::move(found->second));
    pending_.erase(found);
  }
}

void TransactionMatcher::NoteTransfer(const Transfer& transfer) {
  if (!transfers_.insert(transfer).second) return;
  transfers_order_.push_back(transfer);
  if (transfers_order_.size() <= kMostTransfers) return;
  transfers_.erase(transfers_order_.front());
  transfers_order_.pop_front();
}

void TransactionMatcher::Finish(std::vector<Transaction>* done) {
  for (const Waiting& waiting : order_) {
    const auto found = pending_.find(waiting.key);
    if (found == pending_.end() || found->second.query_ns != waiting.since_ns) continue;
    done->push_back(std::move(found->second));
    pending_.erase(found);
  }
  order_.clear();
}

}  // namespace dns_monitor
