// A disk below the write queue that answers as a test tells it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/writer/buffer_pool.h"
#include "dns_monitor/writer/io_backend.h"
#include "dns_monitor/writer/segment.h"

namespace dns_monitor {

// What is in a file by now.
struct FakeFile {
  std::string bytes;
  int64_t allocated_bytes = 0;
};

// Holds files as they grow, and fails the test at once when a request breaks a rule: two under way,
// a hole left below the written stretch, O_DIRECT without alignment, a closed descriptor, memory
// that changes under the write, or endless requests. One thread.
class FakeIoBackend final : public IoBackend {
 public:
  static constexpr int64_t kAll = std::numeric_limits<int64_t>::max();  // of what is asked
  static constexpr size_t kMostRequests = 20'000;

  const char* name() const override { return "fake"; }
  int wait_fd() const override { return -1; }

  // Gives the segment descriptors of a new file, which lives as long as this.
  FakeFile* Attach(Segment* segment, bool direct) {
    FakeFile* file = &files_.emplace_back();
    segment->buffered = MakeEventFd();
    by_fd_[segment->buffered.get()] = {file, false};
    if (direct) {
      segment->direct = MakeEventFd();
      by_fd_[segment->direct.get()] = {file, true};
    }
    return file;
  }

  // The next writes answer so, then they all succeed again: bytes (at most those asked for) or a
  // negative errno, with which nothing is written.
  void Answer(std::initializer_list<int64_t> answers) { answers_.insert(answers_.end(), answers); }
  // Asked for each answer when there is none in the queue.
  void AnswerBy(std::function<int64_t(const IoRequest&)> rule) { rule_ = std::move(rule); }
  void AnswerAlways(int64_t answer) {
    AnswerBy([answer](const IoRequest&) { return answer; });
  }
  void AllocateAnswer(int64_t answer) { allocate_answer_ = answer; }

  // From now on requests are done only when Complete says so.
  void Hold() { holding_ = true; }
  void StopHolding() {
    holding_ = false;
    Complete();
  }
  void Complete() { ready_ = true; }
  bool under_way() const { return request_.has_value(); }

  // Called with each stretch that has come into a file.
  std::function<void(const FakeFile&, size_t from, size_t to)> on_change;

  // Started so far, kAllocate among them.
  const std::vector<IoRequest>& requests() const { return requests_; }
  std::vector<IoRequest> Writes() const {
    std::vector<IoRequest> writes;
    for (const IoRequest& request : requests_) {
      if (request.kind == IoRequest::Kind::kWrite) writes.push_back(request);
    }
    return writes;
  }
  bool IsDirect(const IoRequest& request) const { return by_fd_.at(request.fd).direct; }

  void Start(const IoRequest& request) override {
    EXPECT_FALSE(request_.has_value()) << "a second request under way";
    requests_.push_back(request);
    request_ = request;
    ready_ = !holding_;
    if (requests_.size() > kMostRequests) {
      if (!exhausted_) ADD_FAILURE() << "the queue spins: no end of requests";
      exhausted_ = true;
      ready_ = false;
      return;
    }
    EXPECT_EQ(by_fd_.count(request.fd), 1u) << "not a descriptor of a file";
    EXPECT_GE(fcntl(request.fd, F_GETFD), 0) << "a closed descriptor";
    EXPECT_GT(request.length, 0u);
    if (request.kind == IoRequest::Kind::kAllocate) return;
    data_.assign(reinterpret_cast<const char*>(request.data), request.length);
    CheckWrite(request, by_fd_.at(request.fd));
  }

  std::optional<int64_t> Finished() override {
    if (!request_ || !ready_ || exhausted_) return std::nullopt;
    const IoRequest request = *request_;
    request_.reset();
    FakeFile* file = by_fd_.at(request.fd).file;
    if (request.kind == IoRequest::Kind::kAllocate) {
      if (allocate_answer_ == 0) {
        file->allocated_bytes =
            std::max(file->allocated_bytes, request.offset + static_cast<int64_t>(request.length));
      }
      return allocate_answer_;
    }
    EXPECT_EQ(data_, std::string(reinterpret_cast<const char*>(request.data), request.length))
        << "changed while it was being written";
    const int64_t answer = NextAnswer(request);
    if (answer <= 0) return answer;
    const size_t length = std::min(static_cast<size_t>(answer), request.length);
    Put(file, request, length);
    return static_cast<int64_t>(length);
  }

 private:
  struct Descriptor {
    FakeFile* file = nullptr;
    bool direct = false;
  };

  static void CheckWrite(const IoRequest& request, const Descriptor& target) {
    if (request.offset < 0) {
      EXPECT_EQ(request.offset, -1);
      return;
    }
    EXPECT_LE(static_cast<size_t>(request.offset), target.file->bytes.size()) << "leaves a hole";
    if (!target.direct) return;
    EXPECT_EQ(request.offset % static_cast<int64_t>(kDirectAlignBytes), 0);
    EXPECT_EQ(request.length % kDirectAlignBytes, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(request.data) % kDirectAlignBytes, 0u);
  }

  int64_t NextAnswer(const IoRequest& request) {
    if (answers_.empty()) return rule_ ? rule_(request) : kAll;
    const int64_t answer = answers_.front();
    answers_.pop_front();
    return answer;
  }

  void Put(FakeFile* file, const IoRequest& request, size_t length) {
    std::string& bytes = file->bytes;
    const size_t from = request.offset < 0 ? bytes.size() : static_cast<size_t>(request.offset);
    bytes.resize(std::max(bytes.size(), from + length));
    bytes.replace(from, length, data_, 0, length);
    if (on_change) on_change(*file, from, from + length);
  }

  std::deque<FakeFile> files_;  // whose elements keep their place
  std::map<int, Descriptor> by_fd_;
  std::vector<IoRequest> requests_;
  std::optional<IoRequest> request_;
  std::string data_;  // of the request under way, as it was at its start
  std::deque<int64_t> answers_;
  std::function<int64_t(const IoRequest&)> rule_;
  int64_t allocate_answer_ = 0;
  bool holding_ = false;
  bool ready_ = false;
  bool exhausted_ = false;
};

}  // namespace dns_monitor
