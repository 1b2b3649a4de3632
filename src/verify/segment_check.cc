#include "segment_check.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "dns_monitor/archive/small_file.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/compress/frame_reader.h"
#include "dns_monitor/ledger/digest.h"
#include "dns_monitor/ledger/index.h"
#include "dns_monitor/ledger/json.h"
#include "dns_monitor/seal/seal.h"
#include "index_check.h"
#include "ledger_compare.h"

namespace dns_monitor {
namespace {

// Everything that goes along with the walk over a segment's records.
class Companions {
 public:
  // `ledger` may be null, else it outlives this.
  Companions(const Ledger* ledger, bool checksums) {
    if (ledger != nullptr) {
      borders_.emplace(*ledger);
      index_.emplace(*ledger);
      if (checksums && index_->continuous()) {
        hashes_.emplace(/*nanoseconds=*/true, index_->stretch_bytes());
      }
    }
  }

  PcapObservers Observers() {
    PcapObservers observers;
    observers.on_record = [this](const PcapRecord& record) {
      if (borders_) borders_->OnRecord(record);
      if (index_) index_->OnRecord(record.offset, record.time_ns);
    };
    if (hashes_) {
      observers.on_bytes = [this](absl::string_view bytes) {
        hashes_->OnAppended(
            absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()));
      };
    }
    return observers;
  }

  // That the file is as its ledger says, whose length it has.
  void FinishLedger(const ProblemSink& tell, int64_t length_bytes) {
    borders_->Finish(tell);
    const std::optional<std::string> index = index_->Finish();
    if (index) tell(FindingKind::kIndex, *index);
    if (!hashes_) return;
    const std::optional<std::string> bytes =
        index_->CompareChecksums(hashes_->Finish(length_bytes));
    if (bytes) tell(FindingKind::kChecksum, *bytes);
  }

 private:
  std::optional<BorderCheck> borders_;
  std::optional<IndexCheck> index_;
  std::optional<SegmentIndexer> hashes_;
};

// What a pcap file's bytes are: the segment's own, or those that its frames hold.
class Content {
 public:
  Content(ReadAtFunction read, int64_t stored_bytes, bool compressed)
      : read_(std::move(read)), stored_bytes_(stored_bytes) {
    if (compressed) frames_.emplace(read_, stored_bytes);
  }

  ReadAtFunction Read() {
    if (!frames_) return read_;
    return [this](int64_t offset, absl::Span<char> to) { return frames_->ReadAt(offset, to); };
  }
  // As far as there is some, where it is compressed.
  int64_t MostBytes() const {
    return frames_ ? std::numeric_limits<int64_t>::max() : stored_bytes_;
  }
  // After that, all of the file has been read, unless this says why not.
  std::optional<Finding> ReadToTheEnd();
  // That the frames are as their table and the ledger, which may be null, say.
  void CheckFrames(const Ledger* ledger, const ProblemSink& tell) const;

 private:
  ReadAtFunction read_;
  int64_t stored_bytes_;
  std::optional<FrameReader> frames_;
};

std::optional<Finding> Content::ReadToTheEnd() {
  if (!frames_) return std::nullopt;
  char byte = 0;
  const absl::Status status = frames_->ReadAt(MostBytes() - 1, {&byte, 1}).status();
  const auto broken = [](FindingKind kind, std::string message) {
    return Finding{.file = "", .kind = kind, .message = std::move(message)};
  };
  if (!status.ok()) {
    return broken(FindingKind::kUnreadable, absl::StrCat("cannot be read: ", Reason(status)));
  }
  const int64_t at = frames_->end_of_whole_frames();
  switch (frames_->end()) {
    case FramesEnd::kTruncated:
      return broken(FindingKind::kTruncated, absl::StrCat("ends within the frame at byte ", at));
    case FramesEnd::kNoFrame:
      return broken(FindingKind::kFrames, absl::StrCat("has no zstd frame at byte ", at));
    case FramesEnd::kDamaged:
      return broken(FindingKind::kFrames, frames_->damage());
    case FramesEnd::kNotYet:
    case FramesEnd::kClean:
      break;
  }
  return std::nullopt;
}

void Content::CheckFrames(const Ledger* ledger, const ProblemSink& tell) const {
  if (!frames_) return;
  const std::vector<FrameSize>& frames = frames_->whole_frames();
  const absl::StatusOr<std::vector<FrameSize>> table = ReadSeekTable(read_, stored_bytes_);
  // Of those that somebody else has compressed there need not be one.
  const bool needed = ledger != nullptr || !absl::IsNotFound(table.status());
  if (!table.ok() && needed) {
    tell(FindingKind::kFrames, std::string(table.status().message()));
  } else if (table.ok() && *table != frames) {
    tell(FindingKind::kFrames, "the table of its frames differs from them");
  }
  if (ledger == nullptr) return;
  if (ledger->length_bytes != frames_->content_bytes()) {
    tell(FindingKind::kLength,
         absl::StrCat("holds ", frames_->content_bytes(),
                      " bytes, compressed, but its ledger says ", ledger->length_bytes));
  }
  if (ledger->compression && ledger->compression->frames != frames.size()) {
    tell(FindingKind::kFrames, absl::StrCat("has ", frames.size(), " frames, but its ledger says ",
                                            ledger->compression->frames));
  }
}

// What a ledger says of the file's length.
int64_t FileBytes(const Ledger& ledger) {
  return ledger.compression ? ledger.compression->stored_bytes : ledger.length_bytes;
}

class SegmentCheck {
 public:
  SegmentCheck(Disk& disk, const SegmentFiles& files, bool deep, const FindingSink& tell)
      : disk_(disk), files_(files), deep_(deep), tell_(tell) {}

  SegmentResult Run();

 private:
  void Tell(const std::string& file, FindingKind kind, std::string message) {
    tell_({.file = file, .kind = kind, .message = std::move(message)});
  }
  // Listed or not: it may have come since.
  void ReadLedger();
  void CheckLedgerItself(const Ledger& ledger);
  // False: there is no pcap file.
  bool CheckPcap();
  void CheckContent(int fd, int64_t length_bytes);
  std::optional<std::string> ReadSeal();
  void TellWhatIsMissing(bool has_pcap);

  Disk& disk_;
  const SegmentFiles& files_;
  const bool deep_;
  const FindingSink& tell_;
  bool no_ledger_ = false;  // there is none, as opposed to one that is wrong
  SegmentResult result_;
};

SegmentResult SegmentCheck::Run() {
  ReadLedger();
  TellWhatIsMissing(CheckPcap());
  return std::move(result_);
}

void SegmentCheck::ReadLedger() {
  const std::string name = files_.Ledger();
  const absl::StatusOr<std::string> bytes = ReadSmallFile(disk_, name);
  no_ledger_ = absl::IsNotFound(bytes.status());
  if (no_ledger_) return;
  if (!bytes.ok()) {
    return Tell(name, FindingKind::kLedgerUnreadable,
                absl::StrCat("cannot be read: ", Reason(bytes.status())));
  }
  absl::StatusOr<Ledger> ledger = ParseLedger(*bytes);
  if (!ledger.ok()) {
    return Tell(name, FindingKind::kLedgerInvalid,
                absl::StrCat("is no ledger: ", ledger.status().message()));
  }
  const std::optional<ParsedName> own = ParseName(ledger->file_name);
  if (!own || own->segment.Stem() != files_.name.Stem()) {
    return Tell(name, FindingKind::kOfAnotherFile,
                absl::StrCat("is the ledger of ", ledger->file_name));
  }
  CheckLedgerItself(*ledger);
  result_.ledger = {.ledger = *std::move(ledger), .sha256 = Digest(*bytes)};
}

void SegmentCheck::CheckLedgerItself(const Ledger& ledger) {
  if (ledger.interface != files_.name.interface) {
    Tell(files_.Ledger(), FindingKind::kOfAnotherFile,
         absl::StrCat("is of interface ", ledger.interface));
  }
  for (const std::string& sentence : Balances(ledger.balance)) {
    Tell(files_.Ledger(), FindingKind::kBalance, absl::StrCat("does not balance: ", sentence));
  }
  if (ledger.damaged) {
    Tell(files_.Segment(), FindingKind::kDamaged,
         absl::StrCat("was closed after an error of the disk: ", ledger.damage));
  }
}

bool SegmentCheck::CheckPcap() {
  const std::string name = files_.Segment();
  const absl::StatusOr<Fd> fd = disk_.OpenForReading(name);
  if (absl::IsNotFound(fd.status())) return false;
  const absl::StatusOr<int64_t> length =
      fd.ok() ? disk_.Size(fd->get()) : absl::StatusOr<int64_t>(fd.status());
  if (length.ok()) {
    CheckContent(fd->get(), *length);
  } else {
    Tell(name, FindingKind::kUnreadable, absl::StrCat("cannot be read: ", Reason(length.status())));
  }
  return true;
}

void SegmentCheck::CheckContent(int fd, int64_t length_bytes) {
  const ProblemSink tell = [this](FindingKind kind, std::string message) {
    Tell(files_.Segment(), kind, std::move(message));
  };
  const Ledger* const ledger = result_.ledger ? &result_.ledger->ledger : nullptr;
  const bool as_long = ledger != nullptr && length_bytes == FileBytes(*ledger);
  const std::optional<std::string> seal = ReadSeal();
  Companions companions(as_long ? ledger : nullptr, deep_);
  Digester digester;
  ReadAtFunction read = [this, fd](int64_t offset, absl::Span<char> to) {
    return disk_.ReadAt(fd, offset, to);
  };
  if (seal) {
    read = ReadAndTell(read, [&](absl::string_view bytes) { digester.Add(bytes); });
  }
  Content content(std::move(read), length_bytes, files_.name.compressed);
  WalkedPcap walked = WalkPcap(content.Read(), content.MostBytes(), companions.Observers());
  if (std::optional<Finding> broken = content.ReadToTheEnd()) walked.broken = std::move(broken);

  if (walked.broken) tell(walked.broken->kind, walked.broken->message);
  if (walked.file) result_.tally = walked.tally;
  if (ledger != nullptr && !as_long) {
    tell(FindingKind::kLength,
         absl::StrCat("has ", length_bytes, " bytes, but its ledger says ", FileBytes(*ledger)));
  }
  if (ledger != nullptr && walked.file) CompareHeader(*ledger, *walked.file, tell);
  if (walked.broken) return;  // the rest would follow from that, or is not known
  content.CheckFrames(as_long ? ledger : nullptr, tell);
  if (as_long) {
    CompareTally(*ledger, walked.tally, tell);
    companions.FinishLedger(tell, ledger->length_bytes);
  }
  if (!seal) return;
  const std::optional<std::string> wrong = CheckSeal(*seal, files_.Segment(), digester.Finish());
  if (wrong) Tell(absl::StrCat(files_.Segment(), kSealSuffix), FindingKind::kSeal, *wrong);
}

std::optional<std::string> SegmentCheck::ReadSeal() {
  if (!deep_) return std::nullopt;
  const std::string name = absl::StrCat(files_.Segment(), kSealSuffix);
  absl::StatusOr<std::string> bytes = ReadSmallFile(disk_, name);
  if (bytes.ok()) return *std::move(bytes);
  if (!absl::IsNotFound(bytes.status())) {
    Tell(name, FindingKind::kSeal, absl::StrCat("cannot be read: ", Reason(bytes.status())));
  }
  return std::nullopt;
}

void SegmentCheck::TellWhatIsMissing(bool has_pcap) {
  if (has_pcap && !no_ledger_) return;
  const std::string segment = files_.Segment();
  const std::string ledger = files_.Ledger();
  const bool listed = files_.has_segment || files_.has_ledger;
  if (!disk_.Exists(segment) && !disk_.Exists(ledger)) {
    if (listed) Tell(segment, FindingKind::kGone, "was deleted while it was checked");
    // Asked for by its name.
    if (!listed && !files_.has_part) Tell(segment, FindingKind::kUnreadable, "is not there");
  } else if (no_ledger_) {
    Tell(segment, FindingKind::kLedgerMissing, "has no ledger");
  } else if (!files_.has_part) {  // else it is about to be finished
    Tell(ledger, FindingKind::kPcapMissing, absl::StrCat("is there, but not ", segment));
  }
}

}  // namespace

SegmentResult CheckSegment(Disk& disk, const SegmentFiles& files, bool deep,
                           const FindingSink& tell) {
  return SegmentCheck(disk, files, deep, tell).Run();
}

}  // namespace dns_monitor
