// System calls that a signal broke off.
#pragma once

#include <cerrno>

namespace dns_monitor {

// What `call` returns, made again for as long as that is EINTR.
template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace dns_monitor
