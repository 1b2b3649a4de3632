#include "dns_monitor/ledger/digest.h"

#include <nettle/sha2.h>

namespace dns_monitor {

static_assert(sizeof(Sha256) == SHA256_DIGEST_SIZE);

Digester::Digester() : context_(std::make_unique<sha256_ctx>()) {
  sha256_init(context_.get());
}

Digester::~Digester() = default;
Digester::Digester(Digester&&) noexcept = default;
Digester& Digester::operator=(Digester&&) noexcept = default;

void Digester::Add(absl::string_view bytes) {
  sha256_update(context_.get(), bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
}

Sha256 Digester::Finish() {
  Sha256 digest;
  sha256_digest(context_.get(), digest.size(), digest.data());  // also initialises again
  return digest;
}

Sha256 Digest(absl::string_view bytes) {
  Digester digester;
  digester.Add(bytes);
  return digester.Finish();
}

}  // namespace dns_monitor
