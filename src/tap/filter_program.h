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
#include "dns_monitor/tap/mapped_map.h"
#include "dns_monitor/tap/old_rings.h"
#include "dns_monitor/tap/tap.h"
#include "filter_object.h"
#include "kept_maps.h"

struct bpf_map;
struct capture_bpf;
struct ring_buffer;

namespace dns_monitor {

class FilterProgram {
 public:
  // With the maps of `kept` (Descriptors), where they are such as this program has; what does not
  // fit is among the old rings. For `hook`, whatever the options say.
  static absl::StatusOr<std::unique_ptr<FilterProgram>> Load(const TapOptions& options, Hook hook,
                                                             LinkType link_type,
                                                             const NamedDescriptors& kept);
  ~FilterProgram();

  RingSet* rings() const { return rings_.get(); }
  uint64_t ring_bytes() const { return ring_bytes_; }
  // kSocket: the program for the socket.
  int entry_fd() const;
  // kTcx: the programs of both sides.
  int ingress_fd() const;
  int egress_fd() const;
  // Whether the rings are those of a process before.
  bool goes_on() const { return goes_on_; }
  const std::vector<std::unique_ptr<OldRings>>& old_rings() const { return old_rings_; }
  // The maps, by name.
  std::map<std::string, int> Descriptors() const;
  absl::StatusOr<int> CountCpusWithoutRing() const;
  int doorbell_fd() const;
  void ClearDoorbell();

 private:
  FilterProgram() = default;
  MapsByName ChooseSet(const std::map<uint32_t, MapsByName>& sets, LinkType link_type);
  void ChoosePrograms();
  absl::Status LoadObject(const TapOptions& options, LinkType link_type, const MapsByName& set);
  absl::Status LoadReading(SocketReading reading, const TapOptions& options, LinkType link_type,
                           uint32_t generation, const MapsByName& set);
  void SetConstants(const TapOptions& options, LinkType link_type, uint32_t generation);
  absl::StatusOr<uint32_t> NextGeneration(int control_fd);
  // Those that outlive this process with the filter, but for the rings themselves.
  std::map<std::string, bpf_map*> SharedMaps() const;
  absl::Status ReuseMaps(const MapsByName& set);
  absl::Status MapControl(LinkType link_type);
  absl::Status TakeRings(const MapsByName& set);
  absl::Status AddRing(int cpu);
  absl::Status InstallUserFilter(const TapOptions& options);
  absl::Status UpdateStage(uint32_t stage, int program_fd);

  struct Ring {
    Fd map;
    MappedMap memory;
  };

  capture_bpf* skeleton_ = nullptr;
  ring_buffer* doorbell_ = nullptr;
  Hook hook_ = Hook::kSocket;
  uint64_t ring_bytes_ = 0;
  int cpu_count_ = 0;
  uint32_t set_ = 1;      // its number
  bool goes_on_ = false;  // with a set that was there
  std::vector<std::unique_ptr<OldRings>> old_rings_;
  CpuListFile online_cpus_;
  MappedMap control_;
  std::vector<Ring> ring_maps_;  // by CPU
  Fd user_filter_;
  std::unique_ptr<RingSet> rings_;
};

}  // namespace dns_monitor
