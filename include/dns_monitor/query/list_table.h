// Tables of few rows, all made when a scan begins.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "dns_monitor/base/status.h"
#include "dns_monitor/query/scan_table.h"

namespace dns_monitor {

template <typename Row>
class ListTable : public Table {
 public:
  using MakeRows = absl::StatusOr<std::vector<Row>> (*)(const Captures&, const TableRequest&);

  ListTable(absl::string_view name, absl::string_view description,
            std::vector<ScanColumn<Row>> columns, MakeRows make_rows)
      : name_(name),
        description_(description),
        columns_(std::move(columns)),
        make_rows_(make_rows) {
    for (const ScanColumn<Row>& column : columns_) infos_.push_back(column.info);
  }

  absl::string_view name() const override { return name_; }
  absl::string_view description() const override { return description_; }
  const std::vector<ColumnInfo>& columns() const override { return infos_; }

  absl::StatusOr<std::unique_ptr<TableScan>> Open(const Captures& captures,
                                                  const TableRequest& request) const override {
    auto pass = std::make_unique<Pass>();
    DM_ASSIGN_OR_RETURN(pass->rows, make_rows_(captures, request));
    for (const uint32_t column : request.columns) {
      pass->writers.push_back(columns_[column].write);
    }
    return pass;
  }

 private:
  struct Pass : TableScan {
    int max_threads() const override { return 1; }
    std::unique_ptr<TableReader> NewReader() override { return std::make_unique<Reader>(this); }

    std::vector<Row> rows;
    std::vector<void (*)(Row*, Column*, idx_t)> writers;
  };

  class Reader : public TableReader {
   public:
    explicit Reader(Pass* pass) : pass_(*pass) {}

    absl::StatusOr<idx_t> Fill(std::vector<Column>* columns, idx_t room) override {
      idx_t rows = 0;
      for (; rows < room && next_ < pass_.rows.size(); ++rows, ++next_) {
        for (size_t i = 0; i < pass_.writers.size(); ++i) {
          pass_.writers[i](&pass_.rows[next_], &(*columns)[i], rows);
        }
      }
      return rows;
    }

   private:
    Pass& pass_;
    size_t next_ = 0;
  };

  const absl::string_view name_;
  const absl::string_view description_;
  const std::vector<ScanColumn<Row>> columns_;
  const MakeRows make_rows_;
  std::vector<ColumnInfo> infos_;
};

}  // namespace dns_monitor
