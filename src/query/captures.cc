#include "dns_monitor/query/captures.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/input/time_range.h"

namespace dns_monitor {
namespace {

void Tell(const InputPlan& plan, const std::function<void(const std::string&)>& on_note) {
  for (const std::string& note : plan.notes) on_note(note);
}

// A query may read a file several times, which has the same wrong with it each time.
class NotesOnce {
 public:
  explicit NotesOnce(std::function<void(const std::string&)> to) : to_(std::move(to)) {}
  void operator()(const std::string& note) {
    const std::lock_guard lock(mutex_);
    if (to_ && said_.insert(note).second) to_(note);
  }

 private:
  const std::function<void(const std::string&)> to_;
  std::mutex mutex_;
  std::set<std::string> said_;
};

CaptureOptions WithNotesOnce(CaptureOptions options) {
  auto once = std::make_shared<NotesOnce>(std::move(options.on_note));
  options.on_note = [once](const std::string& note) { (*once)(note); };
  return options;
}

absl::StatusOr<std::shared_ptr<const InputPlan>> Plan(const InputOptions& input) {
  DM_ASSIGN_OR_RETURN(InputPlan plan, PlanInput(input));
  return std::make_shared<const InputPlan>(std::move(plan));
}

}  // namespace

absl::StatusOr<std::vector<uint16_t>> ParsePorts(absl::string_view text) {
  std::vector<uint16_t> ports;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    uint32_t port;
    if (!absl::SimpleAtoi(part, &port) || port == 0 || port > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("'", part, "' is no port: 1 to 65535"));
    }
    ports.push_back(static_cast<uint16_t>(port));
  }
  return ports;
}

Captures::Captures(const CaptureOptions& options) : options_(WithNotesOnce(options)) {}

absl::StatusOr<std::unique_ptr<Captures>> Captures::Open(const CaptureOptions& options) {
  auto captures = std::unique_ptr<Captures>(new Captures(options));
  DM_RETURN_IF_ERROR(captures->PlanAgain(options.now_ns));
  return captures;
}

absl::Status Captures::PlanAgain(int64_t now_ns) {
  now_ns_ = now_ns;
  DM_ASSIGN_OR_RETURN(plan_, Plan(options_.input));
  Tell(*plan_, options_.on_note);
  return absl::OkStatus();
}

absl::StatusOr<TimeRange> Captures::RangeFor(const TableRequest& request) const {
  TimeRange range = options_.input.range;
  if (request.since) {
    DM_ASSIGN_OR_RETURN(const int64_t from_ns, ParseTime(*request.since, now_ns_));
    range.from_ns = std::max(range.from_ns, from_ns);
  }
  if (request.until) {
    DM_ASSIGN_OR_RETURN(const int64_t to_ns, ParseTime(*request.until, now_ns_));
    range.to_ns = std::min(range.to_ns, to_ns);
  }
  return range;
}

absl::StatusOr<std::shared_ptr<const InputPlan>> Captures::PlanFor(
    const TableRequest& request) const {
  InputOptions input = options_.input;
  DM_ASSIGN_OR_RETURN(input.range, RangeFor(request));
  return PlanFor(std::move(input), request);
}

absl::StatusOr<std::shared_ptr<const InputPlan>> Captures::PlanOfAllTimes(
    const TableRequest& request) const {
  InputOptions input = options_.input;
  input.range = {};
  input.skip_unreadable = true;
  return PlanFor(std::move(input), request);
}

absl::StatusOr<std::shared_ptr<const InputPlan>> Captures::PlanFor(
    InputOptions input, const TableRequest& request) const {
  if (request.files) input.paths = *request.files;
  if (input.paths == options_.input.paths && input.range == options_.input.range) return plan_;
  DM_ASSIGN_OR_RETURN(std::shared_ptr<const InputPlan> plan, Plan(input));
  Tell(*plan, options_.on_note);
  return plan;
}

absl::Status Captures::NoteReading(const InputPlan& plan) const {
  const std::lock_guard lock(mutex_);
  for (const PlannedFile& file : plan.files) {
    if (!file.read_once || read_.insert(file.path).second) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(file.shown, " can be read only once, and was: save it to a file first"));
  }
  return absl::OkStatus();
}

bool Captures::Reads(const struct stat& file) const {
  return std::any_of(plan_->files.begin(), plan_->files.end(), [&](const PlannedFile& planned) {
    struct stat info {};
    return stat(planned.path.c_str(), &info) == 0 && info.st_dev == file.st_dev &&
           info.st_ino == file.st_ino;
  });
}

absl::StatusOr<OpenScan> Captures::OpenFor(const TableRequest& request, ScanFor what) const {
  OpenScan open;
  if (cancelled_) return absl::CancelledError("interrupted");
  DM_ASSIGN_OR_RETURN(open.plan, PlanFor(request));
  DM_RETURN_IF_ERROR(NoteReading(*open.plan));
  ScanOptions scan{.what = what, .range = {}, .ports = options_.ports, .on_note = options_.on_note};
  DM_ASSIGN_OR_RETURN(scan.range, RangeFor(request));
  if (request.port) {
    DM_ASSIGN_OR_RETURN(scan.ports, ParsePorts(*request.port));
  }
  BlockOptions blocks;
  blocks.range = scan.range;
  blocks.skip_unreadable = options_.input.skip_unreadable;
  blocks.on_note = options_.on_note;
  DM_ASSIGN_OR_RETURN(std::unique_ptr<BlockSource> source, BlockSource::Open(*open.plan, blocks));
  open.source = std::move(source);
  open.scan = std::make_unique<Scan>(*open.plan, open.source.get(), scan);
  const std::lock_guard lock(mutex_);
  sources_.push_back(open.source);
  if (cancelled_) open.source->Cancel();  // meanwhile
  return open;
}

std::vector<std::shared_ptr<BlockSource>> Captures::LiveSources() const {
  std::vector<std::shared_ptr<BlockSource>> live;
  const std::lock_guard lock(mutex_);
  for (const std::weak_ptr<BlockSource>& source : sources_) {
    if (auto alive = source.lock()) live.push_back(std::move(alive));
  }
  sources_.assign(live.begin(), live.end());
  return live;
}

ReadProgress Captures::progress() const {
  ReadProgress progress;
  for (const auto& source : LiveSources()) {
    progress.done_bytes += source->bytes_done();
    progress.total_bytes += source->bytes_total();
  }
  return progress;
}

void Captures::Cancel() const {
  cancelled_ = true;
  for (const auto& source : LiveSources()) source->Cancel();
}

}  // namespace dns_monitor
