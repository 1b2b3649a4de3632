// A BPF map in this process's memory.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"

namespace dns_monitor {

// A shared mapping. Move-only.
class MappedMap {
 public:
  MappedMap() = default;
  MappedMap(MappedMap&& other) noexcept;
  MappedMap& operator=(MappedMap&& other) noexcept;
  ~MappedMap();

  static absl::StatusOr<MappedMap> Map(int map_fd, size_t bytes, int protection);
  // All elements of an array. InvalidArgument for what is none.
  static absl::StatusOr<MappedMap> MapArray(int map_fd, int protection);
  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace dns_monitor
