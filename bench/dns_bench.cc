// What decoding DNS messages costs: names, header and question, all records, addresses. Each row
// goes over the same messages, which differ in their names, as those of a capture do.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/dns/address_text.h"
#include "dns_monitor/dns/edns.h"
#include "dns_monitor/dns/message.h"
#include "dns_monitor/dns/name.h"
#include "dns_monitor/dns/rdata_text.h"
#include "report.h"
#include "support/dns.h"

namespace dns_monitor::bench {
namespace {

constexpr size_t kMessages = 1024;  // 64 KiB of queries: they stay in L2

// Of 25 octets, with labels of 3, of `middle` and of the rest.
std::string NameOf25(size_t middle, std::mt19937* random) {
  const auto label = [random](size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) text.push_back(static_cast<char>('a' + (*random)() % 26));
    return Label(text);
  };
  constexpr size_t kForLengthsAndRoot = 5;
  return label(3) + label(middle) + label(25 - kForLengthsAndRoot - 6 - middle) + label(3) + '\0';
}

// Names of the same labels, or of others in each.
std::vector<ByteVector> Queries(bool alike) {
  std::mt19937 random(1);
  std::vector<ByteVector> queries;
  for (size_t i = 0; i < kMessages; ++i) {
    const std::string name = NameOf25(alike ? 7 : 1 + random() % 13, &random);
    queries.push_back(ToBytes(Header(0x0100, 1, 0, 0, 1) + Question(name, 1) + Opt("")));
  }
  return queries;
}

// Of four addresses, EDNS.
std::vector<ByteVector> Answers() {
  std::mt19937 random(1);
  std::vector<ByteVector> answers;
  for (size_t i = 0; i < kMessages; ++i) {
    std::string answer =
        Header(0x8180, 1, 4, 0, 1) + Question(NameOf25(1 + random() % 13, &random), 1);
    for (int record = 0; record < 4; ++record) {
      answer += Record(Pointer(kDnsHeaderBytes), 1, U32(static_cast<uint32_t>(random())));
    }
    answers.push_back(ToBytes(answer + Opt(Option(10, std::string(24, 'c')))));
  }
  return answers;
}

size_t BytesOf(const std::vector<ByteVector>& messages) {
  size_t bytes = 0;
  for (const ByteVector& message : messages) bytes += message.size();
  return bytes;
}

// `on_message` for each, in every iteration.
template <typename OnMessage>
void Run(benchmark::State& state, const std::vector<ByteVector>& messages, OnMessage on_message) {
  for (auto _ : state) {
    for (const ByteVector& message : messages) on_message(message);
  }
  Report(state, messages.size(), BytesOf(messages));
}

using Text = std::array<char, kMostNameText>;

// The ceiling: nothing but copying the bytes of the message.
void Copy(benchmark::State& state, const std::vector<ByteVector>& messages) {
  Text text;
  Run(state, messages, [&text](const ByteVector& message) {
    memcpy(text.data(), message.data(), message.size());
    benchmark::DoNotOptimize(text);
  });
}
void CeilingCopyQuery(benchmark::State& state) {
  Copy(state, Queries(/*alike=*/true));
}
BENCHMARK(CeilingCopyQuery);
void CeilingCopyAnswer(benchmark::State& state) {
  Copy(state, Answers());
}
BENCHMARK(CeilingCopyAnswer);

void Name(benchmark::State& state, bool alike, NameEscapes escapes) {
  Text text;
  Run(state, Queries(alike), [&text, escapes](const ByteVector& message) {
    benchmark::DoNotOptimize(ReadName(message, kDnsHeaderBytes, escapes, text.data()));
    benchmark::DoNotOptimize(text);
  });
}
void ReadNameAlike(benchmark::State& state) {
  Name(state, true, NameEscapes::kRfc4343);
}
BENCHMARK(ReadNameAlike);
void ReadNameAlikeRfc1035(benchmark::State& state) {
  Name(state, true, NameEscapes::kRfc1035);
}
BENCHMARK(ReadNameAlikeRfc1035);
void ReadNameOfAnyLabels(benchmark::State& state) {
  Name(state, false, NameEscapes::kRfc4343);
}
BENCHMARK(ReadNameOfAnyLabels);

void HeaderOnly(benchmark::State& state) {
  Run(state, Queries(/*alike=*/true), [](const ByteVector& message) {
    const MessageWalker walker(message);
    benchmark::DoNotOptimize(walker.header());
  });
}
BENCHMARK(HeaderOnly);

void HeaderAndQuestion(benchmark::State& state) {
  Text text;
  Run(state, Queries(/*alike=*/true), [&text](const ByteVector& message) {
    MessageWalker walker(message);
    benchmark::DoNotOptimize(walker.header());
    DnsQuestion question;
    NameRead name;
    benchmark::DoNotOptimize(
        walker.NextQuestion(&question, NameEscapes::kRfc4343, text.data(), &name));
    benchmark::DoNotOptimize(question);
    benchmark::DoNotOptimize(text);
  });
}
BENCHMARK(HeaderAndQuestion);

void WholeQuery(benchmark::State& state) {
  Run(state, Queries(/*alike=*/true), [](const ByteVector& message) {
    MessageWalker walker(message);
    benchmark::DoNotOptimize(FindOpt(&walker));
    benchmark::DoNotOptimize(walker.error());
  });
}
BENCHMARK(WholeQuery);

void WholeAnswer(benchmark::State& state) {
  Run(state, Answers(), [](const ByteVector& message) {
    MessageWalker walker(message);
    benchmark::DoNotOptimize(FindOpt(&walker));
    benchmark::DoNotOptimize(walker.error());
  });
}
BENCHMARK(WholeAnswer);

void WholeAnswerWithRdata(benchmark::State& state) {
  std::string text;
  Run(state, Answers(), [&text](const ByteVector& message) {
    MessageWalker walker(message);
    Section section;
    for (DnsRecord record; walker.NextRecord(&section, &record);) {
      text.clear();
      benchmark::DoNotOptimize(AppendRdata(message, record, &text));
      benchmark::DoNotOptimize(text);
    }
  });
}
BENCHMARK(WholeAnswerWithRdata);

// The addresses are where a query has its header and name: any bytes.
template <char* (*kWrite)(const uint8_t*, char*)>
void Address(benchmark::State& state) {
  Text text;
  Run(state, Queries(/*alike=*/true), [&text](const ByteVector& message) {
    benchmark::DoNotOptimize(kWrite(message.data() + kDnsHeaderBytes, text.data()));
    benchmark::DoNotOptimize(text);
  });
}
BENCHMARK(Address<WriteIpv4>)->Name("WriteIpv4");
BENCHMARK(Address<WriteIpv6>)->Name("WriteIpv6");

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
