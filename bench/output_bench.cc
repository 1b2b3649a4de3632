// What writing results costs: values of 47 columns of small integers, and of 5 of short texts.

#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/output/output.h"
#include "src/output/chunk_stream.h"
#include "src/output/result_writer.h"

namespace dns_monitor::bench {
namespace {

using output::Chunk;

constexpr int kRows = 20'000;

enum Table { kInts, kTexts };
constexpr int ColumnsOf(int table) {
  return table == kInts ? 47 : 5;
}

// Numbers as most of DNS's are: flags, counts, ports; and names.
std::string Select(int table) {
  std::vector<std::string> columns;
  for (int i = 0; i < ColumnsOf(table); ++i) {
    constexpr const char* kNumbers[] = {"i % 2", "i % 17", "i % 300", "hash(i) % 65536"};
    columns.push_back(table == kInts
                          ? absl::StrCat("(", kNumbers[i % 4], ")::INTEGER AS column_", i)
                          : absl::StrCat("'host', hash(i + ", i, ") % 100000, '.example.org.'"));
    if (table == kTexts) {
      columns.back() = absl::StrCat("concat(", columns.back(), ") AS column_", i);
    }
  }
  std::string sql = "SELECT ";
  for (size_t i = 0; i < columns.size(); ++i) absl::StrAppend(&sql, i > 0 ? ", " : "", columns[i]);
  return absl::StrCat(sql, " FROM range(", kRows, ") r(i)");
}

// The chunks of a table, in memory.
class Data {
 public:
  explicit Data(int table) {
    duckdb_open(nullptr, &database_);
    duckdb_connect(database_, &connection_);
    duckdb_query(connection_, absl::StrCat("CREATE TABLE t AS ", Select(table)).c_str(), nullptr);
    duckdb_query(connection_, "FROM t", &result_);
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result_)) chunks_.emplace_back(chunk);
  }
  ~Data() {
    chunks_.clear();
    duckdb_destroy_result(&result_);
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;

  duckdb_connection connection() { return connection_; }
  duckdb_result* result() { return &result_; }
  const std::vector<Chunk>& chunks() const { return chunks_; }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
  duckdb_result result_{};
  std::vector<Chunk> chunks_;
};

OutputOptions OptionsOf(int64_t format) {
  // The last of them again, on a terminal.
  constexpr OutputFormat kFormats[] = {
      OutputFormat::kTable, OutputFormat::kJson,     OutputFormat::kNdjson, OutputFormat::kCsv,
      OutputFormat::kXml,   OutputFormat::kMarkdown, OutputFormat::kTable};
  OutputOptions options{.format = kFormats[format]};
  options.terminal = format == 6;
  return options;
}

void Report(benchmark::State& state, size_t bytes, int table) {
  const double values = static_cast<double>(kRows) * ColumnsOf(table);
  state.counters["per_value"] = benchmark::Counter(
      values, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["bytes_each"] = static_cast<double>(bytes) / values;
}

// One thread, from chunks that are there to pieces that nobody takes.
void FormatRows(benchmark::State& state) {
  const auto table = static_cast<int>(state.range(0));
  Data data(table);
  const OutputOptions options = OptionsOf(state.range(1));
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    auto columns = output::DescribeColumns(data.result(), {}, output::CellWriterOf(options));
    const auto writer = output::MakeResultWriter(*columns, options);
    output::TextBuffer out(256 << 10);
    writer->Begin(&out);
    for (const Chunk& chunk : data.chunks()) {
      output::BindColumns(chunk.get(), &*columns);
      const idx_t rows = duckdb_data_chunk_get_size(chunk.get());
      for (idx_t row = 0; row < rows; ++row) {
        writer->Row(row, &out);
        if (out.size() < 256 << 10) continue;
        bytes += out.size();
        out.Truncate(0);
      }
    }
    writer->End(kRows, false, &out);
    bytes += out.size();
  }
  Report(state, bytes, table);
}
// table, json, ndjson, csv, xml, markdown; and the table on a terminal.
BENCHMARK(FormatRows)
    ->ArgNames({"texts", "format"})
    ->ArgsProduct({{kInts, kTexts}, {0, 1, 2, 3, 4, 5, 6}})
    ->Unit(benchmark::kMillisecond);

class CountingSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    bytes_ += bytes.size();
    return absl::OkStatus();
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

// With the query, which only reads the table, in a thread of its own. By the clock.
void WriteJson(benchmark::State& state) {
  const auto table = static_cast<int>(state.range(0));
  Data data(table);
  size_t bytes = 0;
  for (auto _ : state) {
    CountingSink sink;
    duckdb_prepared_statement statement = nullptr;
    duckdb_prepare(data.connection(), "FROM t", &statement);
    duckdb_pending_result pending = nullptr;
    duckdb_pending_prepared_streaming(statement, &pending);
    duckdb_result result;
    duckdb_execute_pending(pending, &result);
    if (!WriteResult(&result, OptionsOf(1), &sink).ok()) state.SkipWithError("not written");
    duckdb_destroy_result(&result);
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    bytes = sink.bytes();
  }
  Report(state, bytes, table);
}
BENCHMARK(WriteJson)->ArgName("texts")->Arg(kInts)->Arg(kTexts)->UseRealTime()->Unit(
    benchmark::kMillisecond);

// Ceiling: a copy of the bytes that JSON has of them.
void CeilingCopy(benchmark::State& state) {
  const auto table = static_cast<int>(state.range(0));
  const size_t bytes_each = table == kInts ? 4 : 26;
  const size_t bytes = bytes_each * kRows * ColumnsOf(table);
  const std::vector<char> from(bytes, 'x');
  std::vector<char> to(256 << 10);
  for (auto _ : state) {
    for (size_t at = 0; at < bytes; at += to.size()) {
      std::memcpy(to.data(), from.data() + at, std::min(to.size(), bytes - at));
      benchmark::ClobberMemory();
    }
  }
  Report(state, bytes, table);
}
BENCHMARK(CeilingCopy)->ArgName("texts")->Arg(kInts)->Arg(kTexts)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
