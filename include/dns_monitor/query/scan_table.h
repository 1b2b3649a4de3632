// Tables with a row for each item of a scan.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/query/captures.h"
#include "dns_monitor/query/table.h"

namespace dns_monitor {

template <typename Row>
struct ScanColumn {
  ColumnInfo info;
  void (*write)(Row* row, Column* column, idx_t index);
};

// The column that numbers rows over all files: with it, one thread reads, in order.
inline constexpr absl::string_view kNumberColumn = "id";

// What a row is made from, besides the item.
struct RowSettings {
  NameEscapes escapes = NameEscapes::kRfc4343;
};

// A Row is made of RowSettings, and has
//     bool Reset(const ScanItem& item, int64_t number);   false: the item makes no row
// It may keep the item's pointers until the next Reset.
template <typename Row>
class ScanTable : public Table {
 public:
  ScanTable(absl::string_view name, absl::string_view description, ScanFor what,
            std::vector<ScanColumn<Row>> columns)
      : name_(name), description_(description), what_(what), columns_(std::move(columns)) {
    for (const ScanColumn<Row>& column : columns_) infos_.push_back(column.info);
  }

  absl::string_view name() const override { return name_; }
  absl::string_view description() const override { return description_; }
  const std::vector<ColumnInfo>& columns() const override { return infos_; }

  absl::StatusOr<std::unique_ptr<TableScan>> Open(const Captures& captures,
                                                  const TableRequest& request) const override {
    auto pass = std::make_unique<Pass>();
    DM_ASSIGN_OR_RETURN(pass->open, captures.OpenFor(request, what_));
    pass->threads = captures.options().threads;
    pass->settings.escapes = captures.options().escapes;
    for (const uint32_t column : request.columns) {
      pass->writers.push_back(columns_[column].write);
      if (infos_[column].name == kNumberColumn) pass->threads = 1;
    }
    for (const Condition& condition : request.conditions) AddTest(request, condition, pass.get());
    return pass;
  }

 private:
  using Writer = void (*)(Row*, Column*, idx_t);

  struct Test {
    size_t column;  // of the chunk
    bool big;
    Condition condition;
  };

  struct Pass : TableScan {
    int max_threads() const override { return threads; }
    std::unique_ptr<TableReader> NewReader() override { return std::make_unique<Reader>(this); }

    OpenScan open;
    int threads = 1;
    RowSettings settings;
    std::vector<Writer> writers;
    std::vector<Test> tests;
  };

  // Columns that are no numbers, or not in the chunk, are the engine's business alone.
  void AddTest(const TableRequest& request, const Condition& condition, Pass* pass) const {
    for (size_t i = 0; i < request.columns.size(); ++i) {
      const ColumnInfo& info = infos_[request.columns[i]];
      if (!absl::EqualsIgnoreCase(info.name, condition.column)) continue;
      const bool big = info.type == ColumnType::kBigint;
      if (big || info.type == ColumnType::kInt || info.type == ColumnType::kFlag) {
        pass->tests.push_back({.column = i, .big = big, .condition = condition});
      }
    }
  }

  class Reader : public TableReader {
   public:
    explicit Reader(Pass* pass)
        : writers_(pass->writers),
          tests_(pass->tests),
          scanner_(pass->open.scan.get()),
          row_(pass->settings) {}

    absl::StatusOr<idx_t> Fill(std::vector<Column>* columns, idx_t room) override {
      idx_t rows = 0;
      int passed_over = 0;
      ScanItem item;
      while (rows < room) {
        DM_ASSIGN_OR_RETURN(const bool more, scanner_.Next(&item));
        if (!more) break;
        if (!row_.Reset(item, number_)) continue;
        ++number_;
        if (!IsWanted(columns, rows) && ++passed_over < kMostPassedOver) continue;
        for (size_t i = 0; i < writers_.size(); ++i) writers_[i](&row_, &(*columns)[i], rows);
        ++rows;
      }
      return rows;
    }

   private:
    // Between chunks the engine sees whether it is to go on. Rows beyond that are its to drop.
    static constexpr int kMostPassedOver = 100'000;

    // Writes what conditions are about.
    bool IsWanted(std::vector<Column>* columns, idx_t index) {
      for (const Test& test : tests_) {
        Column& column = (*columns)[test.column];
        writers_[test.column](&row_, &column, index);
        // That cannot be taken back for the next row.
        if (column.IsNull(index)) return true;
        const int64_t value = test.big ? column.Bigint(index) : column.Int(index);
        if (!test.condition.Holds(value)) return false;
      }
      return true;
    }

    const std::vector<Writer>& writers_;
    const std::vector<Test>& tests_;
    Scanner scanner_;
    Row row_;
    int64_t number_ = 1;
  };

  const absl::string_view name_;
  const absl::string_view description_;
  const ScanFor what_;
  const std::vector<ScanColumn<Row>> columns_;
  std::vector<ColumnInfo> infos_;
};

}  // namespace dns_monitor
