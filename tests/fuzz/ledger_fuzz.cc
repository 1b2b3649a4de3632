// Any bytes as a ledger: what is taken must come back the same when it is written and read again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "dns_monitor/ledger/json.h"

namespace dns_monitor {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "ledger_fuzz: %s\n", what);
  std::abort();
}

void TakeLedger(absl::string_view text) {
  const absl::StatusOr<Ledger> ledger = ParseLedger(text);
  if (!ledger.ok()) {
    Require(absl::IsInvalidArgument(ledger.status()), "an error of another kind");
    Require(!ledger.status().message().empty(), "an error without a word");
    return;
  }
  (void)Balances(ledger->balance);
  const absl::StatusOr<std::string> written = FormatLedger(*ledger);
  Require(written.ok(), "what was read cannot be written");
  const absl::StatusOr<Ledger> again = ParseLedger(*written);
  Require(again.ok(), "what was written cannot be read");
  Require(*again == *ledger, "it came back another one");
  Require(*FormatLedger(*again) == *written, "it is written in another way");
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::TakeLedger({reinterpret_cast<const char*>(data), size});
  return 0;
}
