#include "dns_monitor/input/plan.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/utf8.h"
#include "dns_monitor/input/record_cursor.h"
#include "open_capture.h"
#include "plan_ledger.h"
#include "plan_paths.h"

namespace dns_monitor {
namespace {

// No zone's clock is further ahead of UTC (Pacific/Kiritimati), so a moment is never earlier than
// its local time read as UTC and less this.
constexpr int64_t kMostAheadNs = kNanosecondsPerSecond * 14 * 3600;
// For the first record; those that are longer are not looked at.
constexpr size_t kFirstRecordBytes = 300 << 10;

int64_t StartNs(const SegmentName& name, absl::TimeZone zone) {
  return absl::ToUnixNanos(absl::FromCivil(name.start, zone));
}

// The time of the first record, if it has one. Reads a little behind the head.
absl::StatusOr<std::optional<int64_t>> FirstTime(OpenedCapture* opened) {
  if (!opened->start) return std::nullopt;
  const size_t header_bytes = opened->start->header_bytes;
  for (;;) {
    RecordBlock block;
    block.bytes = absl::MakeConstSpan(opened->head).subspan(header_bytes);
    block.layout = opened->start->layout;
    RecordCursor cursor(block);
    CapturedRecord record;
    if (cursor.Next(&record)) return record.time_ns;
    const size_t had = opened->head.size();
    if (had >= kFirstRecordBytes) return std::nullopt;
    opened->head.resize(kFirstRecordBytes);
    DM_ASSIGN_OR_RETURN(const size_t got,
                        opened->content.Read(absl::MakeSpan(opened->head).subspan(had)));
    opened->head.resize(had + got);
    if (got == 0) return std::nullopt;
  }
}

// Names of files may hold any bytes; what is shown of them is text: others as \xNN.
std::string AsText(absl::string_view name) {
  std::string text;
  for (size_t at = 0; at < name.size();) {
    const int bytes = DecodeRune(name.data() + at, name.data() + name.size()).bytes;
    if (bytes == 0) {
      absl::StrAppend(&text, "\\x", absl::Hex(static_cast<uint8_t>(name[at]), absl::kZeroPad2));
      ++at;
    } else {
      absl::StrAppend(&text, name.substr(at, static_cast<size_t>(bytes)));
      at += static_cast<size_t>(bytes);
    }
  }
  return text;
}

class Planner {
 public:
  explicit Planner(const InputOptions& options) : options_(options) {}

  absl::StatusOr<InputPlan> Run() {
    DM_ASSIGN_OR_RETURN(const std::vector<FoundFile> found, FindFiles(options_, &plan_.notes));
    for (const FoundFile& file : found) DM_RETURN_IF_ERROR(Add(file));
    if (plan_.files.empty() && plan_.skipped_by_time == 0 && plan_.notes.empty()) return Nothing();
    Sort();
    return std::move(plan_);
  }

 private:
  absl::Status Add(const FoundFile& found);
  std::string NameOf(const FoundFile& found) const;
  // By what its ledger or name says.
  void Describe(const FoundFile& found, const std::optional<ParsedName>& parsed, PlannedFile* file);
  bool LiesOutside(const PlannedFile& file, const std::optional<ParsedName>& parsed) const;
  // Opens what no ledger tells of. False: it is left out.
  absl::StatusOr<bool> Look(const std::optional<ParsedName>& parsed, PlannedFile* file);
  absl::Status Nothing() const;
  void Sort();

  const InputOptions& options_;
  InputPlan plan_;
};

std::string Planner::NameOf(const FoundFile& found) const {
  if (found.standard_input) return "standard input";
  const auto name = options_.names.find(found.path);
  return AsText(name != options_.names.end() ? name->second : found.path);
}

absl::Status Planner::Add(const FoundFile& found) {
  const std::optional<ParsedName> parsed =
      found.standard_input ? std::nullopt : ParseName(found.name());
  PlannedFile file{.path = found.path,
                   .shown = NameOf(found),
                   .interface = parsed ? AsText(parsed->segment.interface) : "",
                   .standard_input = found.standard_input,
                   .read_once = found.standard_input || !found.regular,
                   .part = parsed && parsed->kind == FileKind::kPart,
                   .listed = found.listed,
                   .stored_bytes = found.size_bytes};
  const auto other_interface = [&] {
    return !options_.interface.empty() && file.interface != options_.interface;
  };
  if (parsed && other_interface()) return absl::OkStatus();
  Describe(found, parsed, &file);
  if (other_interface()) return absl::OkStatus();
  if (LiesOutside(file, parsed)) {
    ++plan_.skipped_by_time;
    return absl::OkStatus();
  }
  // A pipe is not opened before it is read.
  if (!file.ledger && found.regular) {
    DM_ASSIGN_OR_RETURN(const bool readable, Look(parsed, &file));
    if (!readable) return absl::OkStatus();
  }
  plan_.files.push_back(std::move(file));
  return absl::OkStatus();
}

void Planner::Describe(const FoundFile& found, const std::optional<ParsedName>& parsed,
                       PlannedFile* file) {
  if (!found.regular || file->part) return;
  std::string note;
  std::optional<LedgerBeside> beside = ReadLedgerBeside(found.path, found.size_bytes, &note);
  // X.json beside any other X may be anything.
  if (!note.empty() && (parsed || beside)) {
    plan_.notes.push_back(absl::StrCat(file->shown, ": ", note));
  }
  if (!beside) return;
  file->first_ns = beside->ledger.first_ns.value_or(beside->from_ns);
  file->ledger = std::move(beside->ledger);
  file->compressed = beside->compressed;
  if (!parsed) file->interface = beside->interface;
}

bool Planner::LiesOutside(const PlannedFile& file, const std::optional<ParsedName>& parsed) const {
  const TimeRange& range = options_.range;
  if (range.IsOpen()) return false;
  if (file.ledger) {
    if (file.ledger->packets == 0) return true;
    return file.ledger->first_ns && file.ledger->last_ns &&
           !range.Meets(*file.ledger->first_ns, *file.ledger->last_ns);
  }
  if (!parsed || range.to_ns == std::numeric_limits<int64_t>::max()) return false;
  return StartNs(parsed->segment, absl::UTCTimeZone()) - kMostAheadNs >= range.to_ns;
}

absl::StatusOr<bool> Planner::Look(const std::optional<ParsedName>& parsed, PlannedFile* file) {
  absl::StatusOr<OpenedCapture> opened = OpenCapture(*file, /*cancel_fd=*/-1);
  absl::Status status = opened.status();
  if (opened.ok()) {
    const absl::StatusOr<std::optional<int64_t>> first = FirstTime(&*opened);
    status = Locate(file->shown, first.status());
    if (first.ok()) file->first_ns = *first;
    file->compressed = opened->content.compression() != Compression::kNone;
  }
  if (!status.ok()) {
    const bool gone = file->listed && absl::IsNotFound(status);
    if (!gone && !options_.skip_unreadable) return status;
    plan_.notes.emplace_back(status.message());
    return false;
  }
  if (!file->first_ns && parsed) {
    file->first_ns = StartNs(parsed->segment, absl::LocalTimeZone());
  }
  return true;
}

absl::Status Planner::Nothing() const {
  if (options_.paths.empty()) return absl::InvalidArgumentError("no file is named");
  const std::string paths = absl::StrJoin(options_.paths, ", ");
  if (options_.interface.empty()) {
    return absl::NotFoundError(absl::StrCat(paths, ": no capture is named"));
  }
  return absl::NotFoundError(
      absl::StrCat(paths, ": no capture of the interface ", options_.interface));
}

void Planner::Sort() {
  std::stable_sort(
      plan_.files.begin(), plan_.files.end(), [](const PlannedFile& one, const PlannedFile& other) {
        if (one.first_ns.has_value() != other.first_ns.has_value()) {
          return one.first_ns.has_value();
        }
        if (!one.first_ns) return false;
        return std::tie(*one.first_ns, one.shown) < std::tie(*other.first_ns, other.shown);
      });
}

}  // namespace

absl::StatusOr<InputPlan> PlanInput(const InputOptions& options) {
  return Planner(options).Run();
}

}  // namespace dns_monitor
