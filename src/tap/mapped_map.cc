#include "dns_monitor/tap/mapped_map.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

size_t RoundUpToPage(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

MappedMap::MappedMap(MappedMap&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MappedMap& MappedMap::operator=(MappedMap&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedMap::~MappedMap() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

absl::StatusOr<MappedMap> MappedMap::Map(int map_fd, size_t bytes, int protection) {
  MappedMap mapped;
  mapped.bytes_ = RoundUpToPage(bytes);
  void* memory = mmap(nullptr, mapped.bytes_, protection, MAP_SHARED, map_fd, 0);
  if (memory == MAP_FAILED) return ErrnoError("mmap of a BPF map");
  mapped.data_ = static_cast<std::byte*>(memory);
  return mapped;
}

absl::StatusOr<MappedMap> MappedMap::MapArray(int map_fd, int protection) {
  bpf_map_info info{};
  uint32_t info_bytes = sizeof(info);
  if (bpf_obj_get_info_by_fd(map_fd, &info, &info_bytes) != 0) return ErrnoError("a BPF map");
  if (info.type != BPF_MAP_TYPE_ARRAY) {
    return absl::InvalidArgumentError("a BPF map is not the array that it should be");
  }
  return Map(map_fd, size_t{info.value_size} * info.max_entries, protection);
}

}  // namespace dns_monitor
