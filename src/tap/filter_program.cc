#include "filter_program.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "capture.skel.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/user_filter.h"
#include "kept_maps.h"
#include "near_memory.h"
#include "ring_plan.h"

namespace dns_monitor {
namespace {

constexpr int kTcxNext = -1;  // enum tcx_action_base of linux/bpf.h

// What libbpf said last, for the message of a failed load. Loading is done by one thread.
std::string* libbpf_words = nullptr;

__attribute__((format(printf, 2, 0))) int CollectWords(libbpf_print_level level, const char* format,
                                                       va_list arguments) {
  if (level != LIBBPF_WARN || libbpf_words == nullptr) return 0;
  char line[1024];
  vsnprintf(line, sizeof(line), format, arguments);
  libbpf_words->append(line);
  return 0;
}

// Collects while it lives.
class LibbpfWords {
 public:
  LibbpfWords() {
    libbpf_words = &words_;
    libbpf_set_print(CollectWords);
  }
  ~LibbpfWords() {
    libbpf_words = nullptr;
    libbpf_set_print(nullptr);
  }
  // The first line says what failed; what the verifier thought of each instruction does not help.
  std::string FirstLine() const {
    const std::pair<absl::string_view, absl::string_view> split =
        absl::StrSplit(words_, absl::MaxSplits('\n', 1));
    return std::string(absl::StripPrefix(split.first, "libbpf: "));
  }

 private:
  std::string words_;
};

// What the kernel has refused, and with which errno.
absl::Status Refused(absl::string_view what, int error) {
  if (error == ENOMEM) {
    return absl::ResourceExhaustedError(
        absl::StrCat("not enough memory for ", what,
                     " (a memory limit of this service?): use a smaller --ring-size"));
  }
  return ErrnoError(absl::StrCat("the kernel refuses ", what), error);
}

int64_t TaiNs() {
  timespec tai{};
  clock_gettime(CLOCK_TAI, &tai);
  return tai.tv_sec * kNanosecondsPerSecond + tai.tv_nsec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FilterProgram>> FilterProgram::Load(const TapOptions& options,
                                                                   Hook hook, LinkType link_type,
                                                                   const NamedDescriptors& kept) {
  std::unique_ptr<FilterProgram> program(new FilterProgram);
  program->hook_ = hook;
  DM_ASSIGN_OR_RETURN(program->online_cpus_, CpuListFile::Open(kOnlineCpus));
  DM_ASSIGN_OR_RETURN(const CpuListFile present_cpus, CpuListFile::Open(kPresentCpus));
  DM_ASSIGN_OR_RETURN(const std::vector<int> online, program->online_cpus_.Read());
  DM_ASSIGN_OR_RETURN(const std::vector<int> present, present_cpus.Read());
  const uint64_t memory_bytes =
      options.ring_memory_bytes != 0 ? options.ring_memory_bytes : DefaultRingMemoryBytes();
  DM_ASSIGN_OR_RETURN(const RingPlan plan,
                      PlanRings(online, present, options.ring_bytes, memory_bytes));
  program->ring_bytes_ = plan.ring_bytes;
  program->cpu_count_ = libbpf_num_possible_cpus();
  if (program->cpu_count_ < 1) return ErrnoError("counting CPUs", -program->cpu_count_);
  const MapsByName set = program->ChooseSet(SetsOf(kept), link_type);
  program->goes_on_ = !set.empty();
  DM_RETURN_IF_ERROR(program->LoadObject(options, link_type, set));
  DM_RETURN_IF_ERROR(program->MapControl(link_type));
  DM_RETURN_IF_ERROR(program->TakeRings(set));
  for (const int cpu : plan.cpus) DM_RETURN_IF_ERROR(program->AddRing(cpu));
  if (!options.filter.empty()) DM_RETURN_IF_ERROR(program->InstallUserFilter(options));
  return program;
}

FilterProgram::~FilterProgram() {
  ring_buffer__free(doorbell_);
  capture_bpf__destroy(skeleton_);
}

int FilterProgram::entry_fd() const {
  return bpf_program__fd(skeleton_->progs.capture_entry);
}
int FilterProgram::ingress_fd() const {
  return bpf_program__fd(skeleton_->progs.capture_ingress);
}
int FilterProgram::egress_fd() const {
  return bpf_program__fd(skeleton_->progs.capture_egress);
}

// The newest set, if it is such as this program would make one: maps of others are not written to
// before that is known. What cannot go on is read to its end, and another set is made.
MapsByName FilterProgram::ChooseSet(const std::map<uint32_t, MapsByName>& sets,
                                    LinkType link_type) {
  if (sets.empty()) return {};
  const auto& [newest, maps] = *sets.rbegin();
  const absl::Status fits =
      CheckSet(maps, cpu_count_, ring_bytes_, static_cast<uint32_t>(link_type));
  set_ = fits.ok() ? newest : newest + 1;
  if (!fits.ok()) LogInfo("new rings take the place of those that are there: ", fits.message());
  for (const auto& [number, old_maps] : sets) {
    if (number == set_) continue;
    auto old = OldRings::Open(old_maps, static_cast<uint32_t>(link_type));
    if (old.ok()) {
      old_rings_.push_back(*std::move(old));
    } else {
      LogError("what rings of a process before hold is lost: ", old.status().message());
    }
  }
  return fits.ok() ? maps : MapsByName();
}

std::map<std::string, int> FilterProgram::Descriptors() const {
  std::map<std::string, int> descriptors;
  for (const auto& [name, map] : SharedMaps()) {
    descriptors[NameInSet(set_, name)] = bpf_map__fd(map);
  }
  for (int cpu = 0; cpu < cpu_count_; ++cpu) {
    const Fd& ring = ring_maps_[static_cast<size_t>(cpu)].map;
    if (ring.valid()) descriptors[NameInSet(set_, RingName(cpu))] = ring.get();
  }
  const std::string stages = absl::StrCat("stages.", skeleton_->rodata->settings_generation);
  descriptors[NameInSet(set_, stages)] = bpf_map__fd(skeleton_->maps.stages);
  return descriptors;
}

std::map<std::string, bpf_map*> FilterProgram::SharedMaps() const {
  return {{kControlName, skeleton_->maps.control},
          {kRingsName, skeleton_->maps.rings},
          {kFragmentsName, skeleton_->maps.fragments}};
}

absl::Status FilterProgram::ReuseMaps(const MapsByName& set) {
  for (const auto& [name, map] : SharedMaps()) {
    const int error = bpf_map__reuse_fd(map, set.at(name));
    if (error != 0) return Refused(absl::StrCat("the map ", name, " once more"), -error);
  }
  return absl::OkStatus();
}

// Those of one hook: only programs of one type can call each other.
void FilterProgram::ChoosePrograms() {
  const auto& all = skeleton_->progs;
  for (bpf_program* program : {all.capture_entry, all.capture_finish}) {
    bpf_program__set_autoload(program, hook_ == Hook::kSocket);
  }
  for (bpf_program* program : {all.capture_ingress, all.capture_egress, all.capture_tcx_finish}) {
    bpf_program__set_autoload(program, hook_ == Hook::kTcx);
  }
  bpf_program__set_autoload(all.capture_classifier, false);
}

absl::Status FilterProgram::LoadObject(const TapOptions& options, LinkType link_type,
                                       const MapsByName& set) {
  uint32_t generation = 1;
  if (goes_on_) {
    DM_ASSIGN_OR_RETURN(generation, NextGeneration(set.at(kControlName)));
  }
  absl::Status loaded = absl::UnavailableError("");
  if (hook_ == Hook::kSocket) {
    loaded = LoadReading(SocketReading::kByKernel, options, link_type, generation, set);
  }
  // Whatever the reason is: the other one needs less of the kernel, and tells what is still
  // missing.
  if (!loaded.ok()) {
    loaded = LoadReading(SocketReading::kLoaded, options, link_type, generation, set);
  }
  DM_RETURN_IF_ERROR(loaded);
  doorbell_ = ring_buffer__new(
      bpf_map__fd(skeleton_->maps.doorbell), [](void*, void*, size_t) { return 0; }, nullptr,
      nullptr);
  if (doorbell_ == nullptr) return ErrnoError("the doorbell's map");
  return absl::OkStatus();
}

absl::Status FilterProgram::LoadReading(SocketReading reading, const TapOptions& options,
                                        LinkType link_type, uint32_t generation,
                                        const MapsByName& set) {
  const LibbpfWords words;
  capture_bpf__destroy(skeleton_);
  skeleton_ = OpenFilterObject(reading);
  if (skeleton_ == nullptr) return Refused("the eBPF filter", errno);
  SetConstants(options, link_type, generation);
  bpf_map__set_max_entries(skeleton_->maps.control, ControlCells(cpu_count_));
  bpf_map__set_max_entries(skeleton_->maps.rings, static_cast<uint32_t>(cpu_count_));
  bpf_map__set_value_size(bpf_map__inner_map(skeleton_->maps.rings),
                          static_cast<uint32_t>(RingMapBytes(ring_bytes_)));
  ChoosePrograms();
  if (goes_on_) DM_RETURN_IF_ERROR(ReuseMaps(set));
  const int error = capture_bpf__load(skeleton_);
  if (error == 0) return absl::OkStatus();
  return Refused(absl::StrCat("the eBPF filter (", words.FirstLine(), ")"), -error);
}

void FilterProgram::SetConstants(const TapOptions& options, LinkType link_type,
                                 uint32_t generation) {
  auto* settings = skeleton_->rodata;
  settings->ring_bytes = static_cast<uint32_t>(ring_bytes_);
  settings->snaplen = options.snaplen;
  std::fill(std::begin(settings->ports), std::end(settings->ports), 0);
  std::transform(options.ports.begin(), options.ports.end(), settings->ports, htons);
  settings->link_type = link_type == LinkType::kRaw ? CAPTURE_LINK_RAW : CAPTURE_LINK_ETHERNET;
  settings->direction = options.direction == Direction::kIn    ? CAPTURE_DIRECTION_IN
                        : options.direction == Direction::kOut ? CAPTURE_DIRECTION_OUT
                                                               : CAPTURE_DIRECTION_ANY;
  settings->take_icmp_errors = options.icmp_errors;
  settings->has_user_filter = !options.filter.empty();
  settings->settings_generation = generation;
}

// So that the rings tell where the packets of these settings begin.
absl::StatusOr<uint32_t> FilterProgram::NextGeneration(int control_fd) {
  DM_ASSIGN_OR_RETURN(const MappedMap control,
                      MappedMap::MapArray(control_fd, PROT_READ | PROT_WRITE));
  return ++reinterpret_cast<capture_control*>(control.data())->settings_generation;
}

absl::Status FilterProgram::MapControl(LinkType link_type) {
  DM_ASSIGN_OR_RETURN(
      control_, MappedMap::MapArray(bpf_map__fd(skeleton_->maps.control), PROT_READ | PROT_WRITE));
  auto* control = reinterpret_cast<capture_control*>(control_.data());
  if (!goes_on_) {
    FormatControl(control, cpu_count_, ring_bytes_, skeleton_->rodata->settings_generation,
                  OffsetToBoottimeNs(SystemClock(), TaiNs));
    control->link_type = static_cast<uint32_t>(link_type);
  }
  rings_ = std::make_unique<RingSet>(control);
  ring_maps_.resize(cpu_count_);
  return absl::OkStatus();
}

absl::StatusOr<int> FilterProgram::CountCpusWithoutRing() const {
  DM_ASSIGN_OR_RETURN(const std::vector<int> online, online_cpus_.Read());
  return static_cast<int>(std::count_if(online.begin(), online.end(), [this](int cpu) {
    return cpu < cpu_count_ && !ring_maps_[cpu].map.valid();
  }));
}

absl::Status FilterProgram::TakeRings(const MapsByName& set) {
  for (int cpu = 0; cpu < cpu_count_; ++cpu) {
    const auto found = set.find(RingName(cpu));
    if (found == set.end()) continue;
    Ring& ring = ring_maps_[static_cast<size_t>(cpu)];
    DM_ASSIGN_OR_RETURN(ring.memory, MappedMap::MapArray(found->second, PROT_READ));
    ring.map = Fd(fcntl(found->second, F_DUPFD_CLOEXEC, 0));
    if (!ring.map.valid()) return ErrnoError("a ring");
    rings_->AddRing(cpu, ring.memory.data());
  }
  return absl::OkStatus();
}

absl::Status FilterProgram::AddRing(int cpu) {
  if (cpu >= cpu_count_ || ring_maps_[static_cast<size_t>(cpu)].map.valid()) {
    return absl::OkStatus();
  }
  const auto bytes = static_cast<uint32_t>(RingMapBytes(ring_bytes_));
  Ring& ring = ring_maps_[static_cast<size_t>(cpu)];
  bpf_map_create_opts map_options{};
  map_options.sz = sizeof(map_options);
  map_options.map_flags = BPF_F_MMAPABLE;
  const NearMemory near(NodeOfCpu(cpu));
  Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "dns_ring", sizeof(uint32_t), bytes, 1, &map_options));
  if (!map.valid()) return Refused("a ring", errno);
  DM_ASSIGN_OR_RETURN(ring.memory, MappedMap::Map(map.get(), bytes, PROT_READ));
  ring.map = std::move(map);
  rings_->AddRing(cpu, ring.memory.data());
  const int map_fd = ring.map.get();
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.rings), &cpu, &map_fd, BPF_ANY) != 0) {
    return Refused("a ring in use", errno);
  }
  return absl::OkStatus();
}

absl::Status FilterProgram::UpdateStage(uint32_t stage, int program_fd) {
  const int stages_fd = bpf_map__fd(skeleton_->maps.stages);
  if (bpf_map_update_elem(stages_fd, &stage, &program_fd, BPF_ANY) == 0) return absl::OkStatus();
  return ErrnoError("installing the user's filter");
}

absl::Status FilterProgram::InstallUserFilter(const TapOptions& options) {
  DM_ASSIGN_OR_RETURN(const std::vector<sock_filter> classic,
                      CompileFilter(options.interface.name, options.filter));
  const bool on_socket = hook_ == Hook::kSocket;
  const FilterContinuation next{.program_array_fd = bpf_map__fd(skeleton_->maps.stages),
                                .stage = CAPTURE_STAGE_FINISH,
                                .verdict_cb = CAPTURE_CB_VERDICT,
                                .packet_type_cb = CAPTURE_CB_PACKET_TYPE,
                                .result = on_socket ? 0 : kTcxNext};
  DM_ASSIGN_OR_RETURN(const std::vector<bpf_insn> translated, TranslateFilter(classic, next));
  user_filter_ = Fd(bpf_prog_load(on_socket ? BPF_PROG_TYPE_SOCKET_FILTER : BPF_PROG_TYPE_SCHED_CLS,
                                  "dns_user_filter", "Dual BSD/GPL", translated.data(),
                                  translated.size(), nullptr));
  if (!user_filter_.valid()) return Refused("the translation of --filter", errno);
  const auto& all = skeleton_->progs;
  DM_RETURN_IF_ERROR(
      UpdateStage(CAPTURE_STAGE_FINISH,
                  bpf_program__fd(on_socket ? all.capture_finish : all.capture_tcx_finish)));
  return UpdateStage(CAPTURE_STAGE_USER_FILTER, user_filter_.get());
}

int FilterProgram::doorbell_fd() const {
  return ring_buffer__epoll_fd(doorbell_);
}

void FilterProgram::ClearDoorbell() {
  ring_buffer__consume(doorbell_);
}

}  // namespace dns_monitor
