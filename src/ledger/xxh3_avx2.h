// XXH3 for CPUs with AVX2. Debian's static library has only what every x86-64 can do (SSE2), which
// takes three times as long.
#pragma once

#include <stddef.h>

namespace dns_monitor {

// XXH3_64bits_update of the XXH3_state_t `hash`, on x86-64; only where the CPU has AVX2.
void Xxh3UpdateAvx2(void* hash, const void* bytes, size_t length);

}  // namespace dns_monitor
