// SHA-256 (FIPS 180-4), at once or piece by piece.
#pragma once

#include <memory>

#include "absl/strings/string_view.h"
#include "dns_monitor/ledger/ledger.h"

struct sha256_ctx;

namespace dns_monitor {

Sha256 Digest(absl::string_view bytes);

// For what is too long to lie in memory. One thread at a time.
class Digester {
 public:
  Digester();
  ~Digester();
  Digester(Digester&&) noexcept;
  Digester& operator=(Digester&&) noexcept;

  void Add(absl::string_view bytes);
  // Of all that was added; begins anew.
  Sha256 Finish();

 private:
  std::unique_ptr<sha256_ctx> context_;
};

}  // namespace dns_monitor
