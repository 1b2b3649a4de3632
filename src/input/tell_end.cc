#include "absl/strings/str_cat.h"
#include "file_blocks.h"

namespace dns_monitor {
namespace {

void TellDamage(const BlockContext& context, const std::string& what) {
  // What is being written is not judged: it may be whole a moment later.
  context.file->part ? context.note(what + kNotRead) : context.damaged(what);
}

}  // namespace

void TellEnd(const BlockContext& context, const RecordLayout& layout, const RecordsEnd& end) {
  const bool part = context.file->part;
  const std::string behind =
      absl::StrCat(", behind ", end.packets, end.packets == 1 ? " packet" : " packets");
  const absl::string_view record = layout.format == CaptureFormat::kPcapng ? "block" : "record";
  // A record that is wrong counts more than damage which lies behind it.
  if (end.end == WalkEnd::kBad) {
    return TellDamage(context,
                      absl::StrCat("the ", record, " at byte ", end.offset, " ", end.bad, behind));
  }
  if (end.end == WalkEnd::kZeros) {
    if (part) return;
    const std::string zeros =
        absl::StrCat("has zeros instead of a ", record, " at byte ", end.offset, behind);
    return end.only_zeros ? context.note(zeros) : TellDamage(context, zeros);
  }
  if (!end.damage.empty()) {
    if (part && end.ends_early) return;
    const std::string up_to = absl::StrCat("up to byte ", end.offset, " of its content", behind);
    return end.ends_early ? context.note(absl::StrCat(end.damage, "; read ", up_to))
                          : TellDamage(context, absl::StrCat(end.damage, "; good ", up_to));
  }
  if (end.rest_bytes == 0 || part) return;
  context.note(absl::StrCat("ends within a ", record, " at byte ", end.offset, behind));
}

}  // namespace dns_monitor
