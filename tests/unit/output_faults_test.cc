#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "dns_monitor/base/fd.h"
#include "dns_monitor/output/output.h"
#include "support/results.h"

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;

constexpr OutputFormat kAllFormats[] = {OutputFormat::kTable,  OutputFormat::kJson,
                                        OutputFormat::kNdjson, OutputFormat::kCsv,
                                        OutputFormat::kXml,    OutputFormat::kMarkdown};

// More rows than anyone waits for.
constexpr char kEndless[] = "SELECT i, 'text' AS t FROM range(1000000000000) r(i)";

TEST(FdSinkTest, WritesAll) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const std::string text(1 << 20, 'x');
  std::string got;
  std::thread reader([&] {
    char buffer[10'000];
    for (ssize_t count; (count = read(read_end.get(), buffer, sizeof(buffer))) > 0;) {
      got.append(buffer, static_cast<size_t>(count));
    }
  });
  EXPECT_TRUE(FdSink(write_end.get()).Write(text).ok());
  write_end.Reset();
  reader.join();
  EXPECT_TRUE(got == text);
}

TEST(FdSinkTest, SaysThatNobodyReads) {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Fd write_end(ends[1]);
  close(ends[0]);
  FdSink sink(write_end.get());
  EXPECT_TRUE(ReaderIsGone(sink.Write("x")));
  Database database;
  EXPECT_TRUE(
      ReaderIsGone(database.Write(kEndless, {.format = OutputFormat::kCsv}, &sink).status()));
}

TEST(FdSinkTest, SaysThatThereIsNoRoom) {
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.valid());
  const absl::Status status = FdSink(full.get()).Write("x");
  EXPECT_FALSE(ReaderIsGone(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("No space left on device"));
  EXPECT_FALSE(ReaderIsGone(absl::OkStatus()));
}

TEST(OutputFaultsTest, SinkThatFailsEndsTheQuery) {
  for (const OutputFormat format : kAllFormats) {
    Database database;
    StringSink sink(1 << 20);
    OutputOptions options{.format = format};
    options.interrupt = [&] { duckdb_interrupt(database.connection()); };
    const absl::Status status = database.Write(kEndless, options, &sink).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_GT(sink.writes(), 1);
    // The connection can be used again.
    EXPECT_EQ(database.Text("SELECT 1 AS a", {.format = OutputFormat::kNdjson}), "{\"a\":1}\n");
  }
}

// Behind its first rows it makes none for hours.
TEST(OutputFaultsTest, LimitInterruptsTheQuery) {
  Database database;
  // Else the query runs until it has more rows than that before there is a result to write.
  ASSERT_EQ(duckdb_query(database.connection(), "SET streaming_buffer_size = '1KB'", nullptr),
            DuckDBSuccess);
  StringSink sink;
  OutputOptions options{.format = OutputFormat::kNdjson};
  options.limit = 1;
  options.interrupt = [&] { duckdb_interrupt(database.connection()); };
  EXPECT_EQ(
      *database.Write("SELECT i FROM range(100000000000000) r(i) WHERE hash(i) = 0 OR i < 5000",
                      options, &sink),
      1U);
}

TEST(OutputFaultsTest, QueryThatFailsAtOnceWritesNothing) {
  Database database;
  for (const OutputFormat format : kAllFormats) {
    StringSink sink;
    const absl::Status status =
        database.Write("SELECT ('x' || i)::INT FROM range(10) r(i)", {.format = format}, &sink)
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("Could not convert string 'x0'"));
    EXPECT_EQ(sink.text(), "");
  }
}

TEST(OutputFaultsTest, QueryThatFailsLater) {
  Database database;
  StringSink sink;
  const absl::Status status =
      database
          .Write(
              "SELECT CASE WHEN i < 900000 THEN i ELSE error('late') END AS e "
              "FROM range(1000000) r(i)",
              {.format = OutputFormat::kNdjson}, &sink)
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("late"));
  EXPECT_THAT(sink.text(), ::testing::StartsWith("{\"e\":"));
}

// A sink that has the query interrupted, as a signal would.
class InterruptingSink : public ByteSink {
 public:
  explicit InterruptingSink(Database* database) : database_(database) {}
  absl::Status Write(absl::string_view /*bytes*/) override {
    duckdb_interrupt(database_->connection());
    return absl::OkStatus();
  }

 private:
  Database* const database_;
};

TEST(OutputFaultsTest, InterruptedQueryIsCancelled) {
  Database database;
  InterruptingSink sink(&database);
  EXPECT_EQ(database.Write(kEndless, {.format = OutputFormat::kJson}, &sink).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace dns_monitor
