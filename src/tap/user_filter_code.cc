#include "src/tap/user_filter_code.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dns_monitor::user_filter {
namespace {

constexpr size_t kNowhere = std::numeric_limits<size_t>::max();

}  // namespace

Code::Code(size_t classic_size, size_t packet_type_offset)
    : classic_size_(classic_size),
      packet_type_offset_(packet_type_offset),
      places_(classic_size + kLabels, kNowhere),
      wanted_(classic_size + kLabels, false) {}

void Code::EmitJump(const bpf_insn& insn, size_t target) {
  jumps_.push_back({code_.size(), target});
  Want(target);
  Emit(insn);
}

Code::LocalJump Code::EmitLocalJump(const bpf_insn& insn) {
  Emit(insn);
  return code_.size() - 1;
}

void Code::Land(LocalJump jump) {
  code_[jump].off = static_cast<int16_t>(code_.size() - jump - 1);
}

absl::StatusOr<std::vector<bpf_insn>> Code::Finish() {
  for (const PendingJump& jump : jumps_) {
    const size_t offset = places_[jump.target] - jump.from - 1;
    if (offset > std::numeric_limits<int16_t>::max()) {
      return absl::OutOfRangeError(absl::StrCat("--filter: too long: ", classic_size_,
                                                " instructions, with a jump over ", offset,
                                                " once translated"));
    }
    code_[jump.from].off = static_cast<int16_t>(offset);
  }
  return std::move(code_);
}

}  // namespace dns_monitor::user_filter
