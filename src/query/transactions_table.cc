// The table `transactions`: queries with their responses.

#include "dns_monitor/dns/registry.h"
#include "dns_monitor/enrich/registered_domain.h"
#include "dns_monitor/query/tables.h"
#include "dns_monitor/query/transaction_matcher.h"

namespace dns_monitor {
namespace {

using TransactionColumn = ScanColumn<Transaction>;

void SetPeer(const Transaction& transaction, const std::array<uint8_t, 16>& address, Column* column,
             idx_t i) {
  char text[kMostIpv6Text];
  const char* end = transaction.ip_version == 4 ? WriteIpv4(address.data(), text)
                                                : WriteIpv6(address.data(), text);
  column->SetText(i, {text, static_cast<size_t>(end - text)});
}

// NULL unless the query (or the response) is there.
template <bool Transaction::*kPresent, typename Set>
TransactionColumn Where(absl::string_view name, ColumnType type, absl::string_view description,
                        Set) {
  return {{name, type, description}, [](Transaction* row, Column* column, idx_t i) {
            row->*kPresent ? Set{}(*row, column, i) : column->SetNull(i);
          }};
}

void AppendTimes(std::vector<TransactionColumn>* to) {
  to->push_back(Where<&Transaction::asked>(
      "time", ColumnType::kTime, "When the query came, UTC; NULL when it was not captured.",
      [](const Transaction& row, Column* column, idx_t i) { column->SetTime(i, row.query_ns); }));
  to->push_back(Where<&Transaction::answered>("response_time", ColumnType::kTime,
                                              "When the response came; NULL without one.",
                                              [](const Transaction& row, Column* column, idx_t i) {
                                                column->SetTime(i, row.response_ns);
                                              }));
  to->push_back(
      {{"latency_ms", ColumnType::kDouble, "Milliseconds from the (first) query to the response."},
       [](Transaction* row, Column* column, idx_t i) {
         if (!row->asked || !row->answered) return column->SetNull(i);
         column->SetDouble(i, static_cast<double>(row->response_ns - row->query_ns) / 1e6);
       }});
  to->push_back(
      {{"state", ColumnType::kText,
        "answered; unanswered: no response within 30 s or before the captures end; "
        "unasked: a response without a query that waits for it, as the second of two is."},
       [](Transaction* row, Column* column, idx_t i) {
         column->SetText(i, !row->asked ? "unasked" : row->answered ? "answered" : "unanswered");
       }});
}

void AppendPeers(std::vector<TransactionColumn>* to) {
  to->push_back({{"interface", ColumnType::kText, "The interface, where ledger or name tell it."},
                 [](Transaction* row, Column* column, idx_t i) {
                   row->interface.empty() ? column->SetNull(i) : column->SetText(i, row->interface);
                 }});
  to->push_back(
      {{"client_addr", ColumnType::kText, "Who asks."},
       [](Transaction* row, Column* column, idx_t i) { SetPeer(*row, row->client, column, i); }});
  to->push_back(
      {{"client_port", ColumnType::kInt, "Its port."},
       [](Transaction* row, Column* column, idx_t i) { column->SetInt(i, row->client_port); }});
  to->push_back(
      {{"server_addr", ColumnType::kText, "Who is asked."},
       [](Transaction* row, Column* column, idx_t i) { SetPeer(*row, row->server, column, i); }});
  to->push_back(
      {{"server_port", ColumnType::kInt, "Its port."},
       [](Transaction* row, Column* column, idx_t i) { column->SetInt(i, row->server_port); }});
  to->push_back({{"transport", ColumnType::kText, "udp or tcp."},
                 [](Transaction* row, Column* column, idx_t i) {
                   column->SetText(i, row->tcp ? "tcp" : "udp");
                 }});
}

void AppendQuery(std::vector<TransactionColumn>* to) {
  to->push_back(
      {{"msg_id", ColumnType::kInt, "Identifier of both messages."},
       [](Transaction* row, Column* column, idx_t i) { column->SetInt(i, row->msg_id); }});
  to->push_back({{"qname", ColumnType::kText, "Name that is asked for, with its final dot."},
                 [](Transaction* row, Column* column, idx_t i) {
                   row->qname.empty() ? column->SetNull(i) : column->SetText(i, row->qname);
                 }});
  to->push_back({{"etld1", ColumnType::kText, "Its registered domain, by the public suffix list."},
                 [](Transaction* row, Column* column, idx_t i) {
                   const absl::string_view domain = RegisteredDomain(row->qname);
                   domain.empty() ? column->SetNull(i) : column->SetText(i, domain);
                 }});
  to->push_back({{"qtype_name", ColumnType::kText, "Type that is asked for: A, AAAA, HTTPS."},
                 [](Transaction* row, Column* column, idx_t i) {
                   if (!row->has_qtype) return column->SetNull(i);
                   std::string name;
                   AppendTypeName(row->qtype, &name);
                   column->SetText(i, name);
                 }});
  to->push_back(
      {{"retries", ColumnType::kInt, "How often the same query was repeated before the response."},
       [](Transaction* row, Column* column, idx_t i) { column->SetInt(i, row->retries); }});
  to->push_back(Where<&Transaction::asked>(
      "query_size", ColumnType::kInt, "Bytes of the query.",
      [](const Transaction& row, Column* column, idx_t i) { column->SetInt(i, row.query_bytes); }));
}

void AppendResponse(std::vector<TransactionColumn>* to) {
  to->push_back(Where<&Transaction::answered>("rcode_name", ColumnType::kText,
                                              "NoError, NXDomain (IANA's names).",
                                              [](const Transaction& row, Column* column, idx_t i) {
                                                std::string name;
                                                AppendRcodeName(row.rcode, &name);
                                                column->SetText(i, name);
                                              }));
  to->push_back(Where<&Transaction::answered>(
      "tc", ColumnType::kBool, "Whether the response is truncated.",
      [](const Transaction& row, Column* column, idx_t i) { column->SetBool(i, row.tc); }));
  to->push_back(Where<&Transaction::answered>(
      "answer_count", ColumnType::kInt, "Records of its answer section, as the header says.",
      [](const Transaction& row, Column* column, idx_t i) { column->SetInt(i, row.answers); }));
  to->push_back(Where<&Transaction::answered>("response_size", ColumnType::kInt,
                                              "Bytes of the response.",
                                              [](const Transaction& row, Column* column, idx_t i) {
                                                column->SetInt(i, row.response_bytes);
                                              }));
}

std::vector<TransactionColumn> Columns() {
  std::vector<TransactionColumn> columns;
  AppendTimes(&columns);
  AppendPeers(&columns);
  AppendQuery(&columns);
  AppendResponse(&columns);
  return columns;
}

class TransactionReader : public TableReader {
 public:
  TransactionReader(Scan* scan, const RowSettings& settings,
                    const std::vector<void (*)(Transaction*, Column*, idx_t)>& writers)
      : scanner_(scan), row_(settings), writers_(writers) {}

  absl::StatusOr<idx_t> Fill(std::vector<Column>* columns, idx_t room) override {
    idx_t rows = 0;
    while (rows < room) {
      if (next_ == done_.size()) {
        done_.clear();
        next_ = 0;
        DM_ASSIGN_OR_RETURN(const bool more, FindMore());
        if (!more) break;
        continue;
      }
      for (size_t i = 0; i < writers_.size(); ++i) {
        writers_[i](&done_[next_], &(*columns)[i], rows);
      }
      ++next_;
      ++rows;
    }
    return rows;
  }

 private:
  // Until something is done. False: there is nothing any more.
  absl::StatusOr<bool> FindMore() {
    ScanItem item;
    while (done_.empty() && !finished_) {
      DM_ASSIGN_OR_RETURN(const bool more, scanner_.Next(&item));
      if (!more) {
        matcher_.Finish(&done_);
        finished_ = true;
        break;
      }
      if (item.message.size() < kDnsHeaderBytes) continue;
      row_.Set(item, 0);
      matcher_.Take(&row_, &done_);
    }
    return !done_.empty();
  }

  Scanner scanner_;
  MessageRow row_;
  const std::vector<void (*)(Transaction*, Column*, idx_t)>& writers_;
  TransactionMatcher matcher_;
  std::vector<Transaction> done_;
  size_t next_ = 0;
  bool finished_ = false;
};

struct TransactionScan : TableScan {
  // Who answers whom is told by the order.
  int max_threads() const override { return 1; }
  std::unique_ptr<TableReader> NewReader() override {
    return std::make_unique<TransactionReader>(open.scan.get(), settings, writers);
  }

  OpenScan open;
  RowSettings settings;
  std::vector<void (*)(Transaction*, Column*, idx_t)> writers;
};

class TransactionsTable : public Table {
 public:
  TransactionsTable() : columns_(Columns()) {
    for (const TransactionColumn& column : columns_) infos_.push_back(column.info);
  }

  absl::string_view name() const override { return "transactions"; }
  absl::string_view description() const override {
    return "One row for each query with its response, across the borders of files; in the order in "
           "which they end. What is missing is NULL. Of a zone transfer, the response is the first "
           "message of it.";
  }
  const std::vector<ColumnInfo>& columns() const override { return infos_; }
  absl::StatusOr<std::unique_ptr<TableScan>> Open(const Captures& captures,
                                                  const TableRequest& request) const override {
    auto scan = std::make_unique<TransactionScan>();
    DM_ASSIGN_OR_RETURN(scan->open, captures.OpenFor(request, ScanFor::kMessages));
    scan->settings.escapes = captures.options().escapes;
    for (const uint32_t column : request.columns) {
      scan->writers.push_back(columns_[column].write);
    }
    return scan;
  }

 private:
  const std::vector<TransactionColumn> columns_;
  std::vector<ColumnInfo> infos_;
};

}  // namespace

std::unique_ptr<Table> MakeTransactionsTable() {
  return std::make_unique<TransactionsTable>();
}

}  // namespace dns_monitor
