// The filter on an interface: loaded, its rings mapped, attached to a packet socket.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dns_monitor/base/descriptor_store.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/pcap/format.h"
#include "dns_monitor/ring/ring_set.h"
#include "dns_monitor/tap/interface.h"
#include "dns_monitor/tap/old_rings.h"

namespace dns_monitor {

class FilterProgram;
class TcxLinks;

enum class Direction { kBoth, kIn, kOut };

// Where the filter meets the packets.
enum class Hook {
  kAuto,    // on tcx where the kernel and the capabilities allow it, else on a socket
  kSocket,  // a packet socket: each packet that is sent is cloned for it before the filter runs
  kTcx,     // kernel 6.6: nothing is cloned. What is sent is seen before the queueing discipline
};

struct TimeSpan {
  int64_t from_ns = 0;
  int64_t to_ns = 0;
};

struct TapOptions {
  Interface interface;
  Hook hook = Hook::kSocket;
  std::vector<uint16_t> ports = {53};  // at most CAPTURE_MAX_PORTS
  std::string filter;                  // pcap-filter(7); empty: none
  Direction direction = Direction::kBoth;
  bool promiscuous = true;
  bool icmp_errors = true;
  uint32_t snaplen = CAPTURE_MAX_SNAPLEN;
  uint64_t ring_bytes = uint64_t{64} << 20;  // of each CPU: a power of two
  uint64_t ring_memory_bytes = 0;            // of all rings; 0: DefaultRingMemoryBytes()
};

// 1 GiB, or a sixteenth of this machine's memory if that is less.
uint64_t DefaultRingMemoryBytes();

// The capabilities that Open needs with this hook and this process lacks, as "cap_net_raw,cap_bpf";
// empty: none.
std::string MissingCapabilities(Hook hook);

// Opened, started and stopped by one thread. From Open to the destructor the rings can be read.
class Tap {
 public:
  // Loads the filter, makes the control map, a ring for each online CPU and, as far as the memory
  // goes, for those that are present and may come online later, and the socket, which receives
  // nothing yet. All that needs a capability is done here. InvalidArgument: the user's filter, with
  // libpcap's words; ResourceExhausted: memory, or less of it than a ring for each CPU takes;
  // PermissionDenied: capabilities; Unimplemented: the hook; else what the kernel refused.
  //
  // `kept`: what Descriptors() told of a tap of another process, which has ended; empty: none. Its
  // filter has gone on filling rings, and does so until Start. Those are taken over where they fit,
  // and are among old_rings() where they do not; what is lost of them the log tells.
  static absl::StatusOr<std::unique_ptr<Tap>> Open(TapOptions options,
                                                   const NamedDescriptors& kept = {});
  // Takes the filter off, unless others hold the socket: then it goes on.
  ~Tap();

  // Whether the rings are those of another process.
  bool goes_on() const;
  // What is left of others: each to be read to its end, in this order, after Start and before the
  // rings.
  const std::vector<std::unique_ptr<OldRings>>& old_rings() const;
  // When the filter of another process was replaced (CLOCK_BOOTTIME); 0: there was none.
  int64_t replaced_at_ns() const { return replaced_at_ns_; }
  // Where the filter is: not kAuto.
  Hook hook() const { return hook_; }
  // From when to when (CLOCK_BOOTTIME) no filter ran, as that of another process was on another
  // hook; of no length when it was not.
  TimeSpan unhooked() const { return unhooked_; }
  // All that has to be kept open for the filter to go on without this process.
  std::map<std::string, int> Descriptors() const;

  RingSet* rings() const;
  // Of each CPU: as asked for, or less where the memory for all rings is limited.
  uint64_t ring_bytes() const;

  // Packets are captured from here on; if they are already, then as these options say.
  absl::Status Start();
  // Takes the filter off and waits until no CPU runs it: no record comes after this returns, also
  // when others hold the socket.
  void Stop();
  // Binds to `index`, the interface made anew, and is promiscuous there again if asked to be.
  // Descriptors() are others then.
  absl::Status Rebind(int index);
  // The interface is gone from here: nothing is taken from it, wherever it is.
  void Unhook();
  // Of the interface that packets come from; -1 when it was removed.
  int BoundIndex() const;
  // How many CPUs are online that had no ring made for them by Open: what comes there is counted as
  // lost.
  absl::StatusOr<int> CountCpusWithoutRing() const;

  // Readable when a ring has become a quarter full; ClearDoorbell makes it wait again. One thread.
  int doorbell_fd() const;
  void ClearDoorbell();

 private:
  explicit Tap(TapOptions options);
  absl::Status LoadFilter(LinkType link_type, const NamedDescriptors& kept);
  absl::Status LoadForTcx(LinkType link_type, const NamedDescriptors& kept);
  absl::Status OpenSocket(const NamedDescriptors& kept);
  absl::Status ForbidSending();
  absl::Status Attach();
  absl::Status TakeNothing();
  absl::Status Replace();
  bool WasOnAnotherHook() const;
  absl::Status ChangeHook();
  absl::Status BindTo(int index);
  absl::Status BePromiscuousOn(int index);
  void DropMembership(int index);

  const TapOptions options_;
  Hook hook_ = Hook::kSocket;
  std::unique_ptr<FilterProgram> filter_;
  Fd socket_;
  std::unique_ptr<TcxLinks> links_;
  bool is_in_use_ = false;  // by the filter of another process
  Fd barrier_;
  int promiscuous_index_ = 0;
  int64_t replaced_at_ns_ = 0;
  TimeSpan unhooked_;
};

}  // namespace dns_monitor
