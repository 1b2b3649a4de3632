// The filter as a loaded BPF object, and the maps that it shares with this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cpu_list.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/ring/ring_set.h"
#include "dns_monitor/tap/tap.h"

struct bpf_map;
struct capture_bpf;
struct ring_buffer;

namespace dns_monitor {

// A shared mapping of a BPF map. Move-only.
class MappedMap {
 public:
  MappedMap() = default;
  MappedMap(MappedMap&& other) noexcept;
  MappedMap& operator=(MappedMap&& other) noexcept;
  ~MappedMap();

  static absl::StatusOr<MappedMap> Map(int map_fd, size_t bytes, int protection);
  std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

class FilterProgram {
 public:
  // With the maps of `kept` (Descriptors), where they are such as this program has.
  static absl::StatusOr<std::unique_ptr<FilterProgram>> Load(const TapOptions& options,
                                                             LinkType link_type,
                                                             const NamedDescriptors& kept);
  ~FilterProgram();

  RingSet* rings() const { return rings_.get(); }
  uint64_t ring_bytes() const { return ring_bytes_; }
  int entry_fd() const;
  bool taken_over() const { return taken_over_; }
  // The maps, by name.
  std::map<std::string, int> Descriptors() const;
  absl::StatusOr<int> CountCpusWithoutRing() const;
  int doorbell_fd() const;
  void ClearDoorbell();

 private:
  FilterProgram() = default;
  absl::Status LoadObject(const TapOptions& options, LinkType link_type,
                          const NamedDescriptors& kept);
  absl::Status TakeUp(LinkType link_type, const NamedDescriptors& kept);
  absl::StatusOr<uint32_t> NextGeneration(const NamedDescriptors& kept);
  // Those that outlive this process with the filter, but for the rings themselves.
  std::map<std::string, bpf_map*> SharedMaps() const;
  absl::Status ReuseMaps(const NamedDescriptors& kept);
  absl::Status MapControl(LinkType link_type);
  absl::Status AddRing(int cpu, const NamedDescriptors& kept);
  absl::Status InstallUserFilter(const TapOptions& options);
  absl::Status UpdateStage(uint32_t stage, int program_fd);

  struct Ring {
    Fd map;
    MappedMap memory;
  };

  capture_bpf* skeleton_ = nullptr;
  ring_buffer* doorbell_ = nullptr;
  uint64_t ring_bytes_ = 0;
  int cpu_count_ = 0;
  bool taken_over_ = false;
  CpuListFile online_cpus_;
  MappedMap control_;
  std::vector<Ring> ring_maps_;  // by CPU
  Fd user_filter_;
  std::unique_ptr<RingSet> rings_;
};

}  // namespace dns_monitor
