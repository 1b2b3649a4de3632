// Compiled with -mavx2 (src/CMakeLists.txt). Nothing else may be included here: a function that is
// inline elsewhere, too, would bring these instructions to CPUs that lack them. The library's own
// are static under XXH_INLINE_ALL.
#ifdef __x86_64__
#define XXH_INLINE_ALL
#include "xxh3_avx2.h"

#include <xxhash.h>

namespace dns_monitor {

void Xxh3UpdateAvx2(void* hash, const void* bytes, size_t length) {
  (void)XXH3_64bits_update(static_cast<XXH3_state_t*>(hash), bytes, length);
}

}  // namespace dns_monitor
#endif
