// The tables `segments` and `gaps`: what the ledgers say was captured, and when nobody was
// capturing.

#include <fcntl.h>
#include <sys/stat.h>

#include <numeric>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/ledger/json.h"
#include "dns_monitor/query/list_table.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

constexpr int64_t kMostLedgerBytes = int64_t{64} << 20;

// None: there is none, or it cannot be read, which the plan's notes tell.
std::optional<Ledger> LedgerOf(const PlannedFile& file) {
  if (!file.ledger) return std::nullopt;
  const Fd fd(open(absl::StrCat(file.path, kLedgerSuffix).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (fd.get() == -1 || fstat(fd.get(), &status) == -1 || status.st_size > kMostLedgerBytes) {
    return std::nullopt;
  }
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const absl::StatusOr<size_t> got = ReadAt(fd.get(), 0, absl::MakeSpan(text));
  if (!got.ok()) return std::nullopt;
  absl::StatusOr<Ledger> ledger = ParseLedger(absl::string_view(text).substr(0, *got));
  if (!ledger.ok()) return std::nullopt;
  return *std::move(ledger);
}

template <typename Counts>
int64_t Sum(const Counts& counts) {
  return static_cast<int64_t>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
}

struct SegmentRow {
  PlannedFile file;
  std::optional<Ledger> ledger;
};

using SegmentColumn = ScanColumn<SegmentRow>;

// `get` takes the ledger; NULL without one, and when what it returns is none.
template <typename Get>
SegmentColumn LedgerBigint(absl::string_view name, absl::string_view description, Get) {
  return {{name, ColumnType::kBigint, description}, [](SegmentRow* row, Column* column, idx_t i) {
            const std::optional<int64_t> value =
                row->ledger ? std::optional<int64_t>(Get{}(*row->ledger)) : std::nullopt;
            value ? column->SetBigint(i, *value) : column->SetNull(i);
          }};
}

template <typename Get>
SegmentColumn LedgerTime(absl::string_view name, absl::string_view description, Get) {
  return {{name, ColumnType::kTime, description}, [](SegmentRow* row, Column* column, idx_t i) {
            const std::optional<int64_t> value =
                row->ledger ? std::optional<int64_t>(Get{}(*row->ledger)) : std::nullopt;
            value ? column->SetTime(i, *value) : column->SetNull(i);
          }};
}

template <typename Get>
SegmentColumn LedgerText(absl::string_view name, absl::string_view description, Get) {
  return {{name, ColumnType::kText, description}, [](SegmentRow* row, Column* column, idx_t i) {
            const std::string text = row->ledger ? std::string(Get{}(*row->ledger)) : "";
            text.empty() ? column->SetNull(i) : column->SetText(i, text);
          }};
}

void AppendWhich(std::vector<SegmentColumn>* to) {
  to->push_back(
      {{"file", ColumnType::kText, "The file."},
       [](SegmentRow* row, Column* column, idx_t i) { column->SetText(i, row->file.shown); }});
  to->push_back({{"interface", ColumnType::kText, "The interface, by ledger or name."},
                 [](SegmentRow* row, Column* column, idx_t i) {
                   row->file.interface.empty() ? column->SetNull(i)
                                               : column->SetText(i, row->file.interface);
                 }});
  to->push_back({{"stored_bytes", ColumnType::kBigint, "Length of the file."},
                 [](SegmentRow* row, Column* column, idx_t i) {
                   column->SetBigint(i, row->file.stored_bytes);
                 }});
  to->push_back(
      {{"being_written", ColumnType::kBool, "Whether it is not finished yet."},
       [](SegmentRow* row, Column* column, idx_t i) { column->SetBool(i, row->file.part); }});
  to->push_back(LedgerText("host", "Where it was captured.",
                           [](const Ledger& ledger) { return ledger.host; }));
  to->push_back(LedgerBigint("sequence", "Number of its ledger in the chain.",
                             [](const Ledger& ledger) { return ledger.sequence; }));
  to->push_back(LedgerTime("from_time", "When the segment begins, UTC.",
                           [](const Ledger& ledger) { return ledger.from_ns; }));
  to->push_back(
      LedgerTime("to_time", "When it ends.", [](const Ledger& ledger) { return ledger.to_ns; }));
  to->push_back(LedgerTime("first_packet", "The earliest packet in it.",
                           [](const Ledger& ledger) { return ledger.first_packet_ns; }));
  to->push_back(LedgerTime("last_packet", "The latest one.",
                           [](const Ledger& ledger) { return ledger.last_packet_ns; }));
}

void AppendBalance(std::vector<SegmentColumn>* to) {
  to->push_back(LedgerBigint("pcap_bytes", "Bytes of the pcap file, before compression.",
                             [](const Ledger& ledger) { return ledger.length_bytes; }));
  to->push_back(LedgerBigint("seen", "Packets that the interface had.",
                             [](const Ledger& ledger) { return ledger.balance.seen; }));
  to->push_back(LedgerBigint("matched", "Of these, those that were to be captured.",
                             [](const Ledger& ledger) { return ledger.balance.matched; }));
  to->push_back(LedgerBigint("written", "Packets in the file.",
                             [](const Ledger& ledger) { return ledger.balance.written; }));
  to->push_back(LedgerBigint("lost", "Packets that matched and are in no file.",
                             [](const Ledger& ledger) { return Sum(ledger.balance.lost); }));
  to->push_back(LedgerBigint("undecided", "Packets that could not be told to be DNS or not.",
                             [](const Ledger& ledger) { return Sum(ledger.balance.undecided); }));
  to->push_back(LedgerText("ports", "Ports that were captured.", [](const Ledger& ledger) {
    return absl::StrJoin(ledger.settings.ports, ",");
  }));
  to->push_back(LedgerText("filter", "The user's filter.",
                           [](const Ledger& ledger) { return ledger.settings.filter; }));
  to->push_back(LedgerBigint("snaplen", "Bytes of each packet that were kept at most.",
                             [](const Ledger& ledger) { return ledger.settings.snaplen; }));
  to->push_back(
      LedgerText("damage", "What kept it from being whole; NULL when it is, and without a ledger.",
                 [](const Ledger& ledger) {
                   return ledger.damaged && ledger.damage.empty() ? "damaged" : ledger.damage;
                 }));
}

// A segment in which nobody asked has no packet that lies in the range; its ledger does.
absl::StatusOr<std::vector<SegmentRow>> Segments(const Captures& captures,
                                                 const TableRequest& request) {
  DM_ASSIGN_OR_RETURN(const TimeRange range, captures.RangeFor(request));
  DM_ASSIGN_OR_RETURN(const auto plan, captures.PlanFor(request));
  std::set<absl::string_view> planned;
  for (const PlannedFile& file : plan->files) planned.insert(file.path);
  DM_ASSIGN_OR_RETURN(const auto all, captures.PlanOfAllTimes(request));
  std::vector<SegmentRow> rows;
  for (const PlannedFile& file : all->files) {
    std::optional<Ledger> ledger = LedgerOf(file);
    const bool meets = ledger && range.Meets(ledger->from_ns, ledger->to_ns);
    if (meets || planned.contains(file.path)) {
      rows.push_back({.file = file, .ledger = std::move(ledger)});
    }
  }
  return rows;
}

struct GapRow {
  std::string file;
  std::string interface;
  std::string kind;  // gap, loss
  std::string reason;
  int64_t from_ns;
  int64_t to_ns;
  std::optional<int64_t> packets;
};

using GapColumn = ScanColumn<GapRow>;

template <auto kMember>
GapColumn GapText(absl::string_view name, absl::string_view description) {
  return {{name, ColumnType::kText, description},
          [](GapRow* row, Column* column, idx_t i) { column->SetText(i, row->*kMember); }};
}

template <auto kMember>
GapColumn GapTime(absl::string_view name, absl::string_view description) {
  return {{name, ColumnType::kTime, description},
          [](GapRow* row, Column* column, idx_t i) { column->SetTime(i, row->*kMember); }};
}

void AddGaps(const PlannedFile& file, const Ledger& ledger, std::vector<GapRow>* rows) {
  for (const Gap& gap : ledger.gaps) {
    rows->push_back({.file = file.shown,
                     .interface = ledger.interface,
                     .kind = "gap",
                     .reason = std::string(NameOf(gap.reason)),
                     .from_ns = gap.from_ns,
                     .to_ns = gap.to_ns,
                     .packets = std::nullopt});
  }
  for (const Loss& loss : ledger.losses) {
    rows->push_back({.file = file.shown,
                     .interface = ledger.interface,
                     .kind = "loss",
                     .reason = std::string(NameOf(loss.cause)),
                     .from_ns = loss.from_ns,
                     .to_ns = loss.to_ns,
                     .packets = static_cast<int64_t>(loss.count)});
  }
}

// Those of the range, in whichever segment's ledger they stand.
absl::StatusOr<std::vector<GapRow>> Gaps(const Captures& captures, const TableRequest& request) {
  DM_ASSIGN_OR_RETURN(const TimeRange range, captures.RangeFor(request));
  DM_ASSIGN_OR_RETURN(const auto plan, captures.PlanOfAllTimes(request));
  std::vector<GapRow> rows;
  for (const PlannedFile& file : plan->files) {
    if (const std::optional<Ledger> ledger = LedgerOf(file)) AddGaps(file, *ledger, &rows);
  }
  std::erase_if(rows, [&](const GapRow& row) { return !range.Meets(row.from_ns, row.to_ns); });
  return rows;
}

}  // namespace

std::unique_ptr<Table> MakeSegmentsTable() {
  std::vector<SegmentColumn> columns;
  AppendWhich(&columns);
  AppendBalance(&columns);
  return std::make_unique<ListTable<SegmentRow>>(
      "segments",
      "One row for each file, with what its ledger says of it: what was captured and what was "
      "lost. Without a ledger its columns are NULL.",
      std::move(columns), Segments);
}

std::unique_ptr<Table> MakeGapsTable() {
  std::vector<GapColumn> columns = {
      GapText<&GapRow::interface>("interface", "The interface."),
      GapText<&GapRow::kind>("kind",
                             "gap: nobody was capturing, or time is not what it seems. loss: "
                             "packets that matched were lost."),
      GapText<&GapRow::reason>(
          "reason",
          "Why. started: nobody was capturing up to to_time. stopped, crashed: the capture ended. "
          "ring_full, disk_full: there was no room."),
      GapTime<&GapRow::from_ns>("from_time", "When it began, UTC."),
      GapTime<&GapRow::to_ns>("to_time", "When it ended."),
      {{"packets", ColumnType::kBigint, "How many packets a loss is of; NULL for a gap."},
       [](GapRow* row, Column* column, idx_t i) {
         row->packets ? column->SetBigint(i, *row->packets) : column->SetNull(i);
       }},
      GapText<&GapRow::file>("file", "The segment whose ledger tells it."),
  };
  return std::make_unique<ListTable<GapRow>>(
      "gaps",
      "When nobody was capturing, and what was lost, as the ledgers tell: so that no queries and "
      "no capture can be told apart.",
      std::move(columns), Gaps);
}

}  // namespace dns_monitor
