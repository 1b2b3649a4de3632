// A network namespace with a pair of interfaces, two packet sockets on one of them, and a set of
// packets that both see: one socket has the classic filter, the other its translation.
#pragma once

#include <linux/bpf.h>
#include <linux/filter.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"
#include "kernel/filter_packets.h"

namespace dns_monitor::filter_test {

using Classic = std::vector<sock_filter>;

// Moves this process into a network namespace of its own and onto one CPU, so that packets keep
// their order, and makes these interfaces there, all up:
//   dmsend - dmrecv   a pair that carries the packets, without addresses
//   dmaddr - dmpeer   a pair with the address 10.77.3.1/16, to compile for
//   dmraw             a tun device, whose other side is returned
//   dmdown            a tun device that is down
// Called once; later calls return the same.
const absl::StatusOr<int>& Namespace();

// A program array with a last stage that turns cb[kVerdictWord] into what the hook takes for its
// verdict: a socket keeps or drops the packet, a classifier returns 1 or 0.
inline constexpr uint32_t kStage = 3;
inline constexpr uint32_t kVerdictWord = 2;
absl::StatusOr<Fd> MakeStages(bpf_prog_type type);

// Translates `classic` and loads it; an error carries what the verifier said.
absl::StatusOr<Fd> LoadTranslated(const Classic& classic, bpf_prog_type type, int stages_fd);

// The verdict on each packet, by the packet's number: '1', '0'.
struct Verdicts {
  std::string classic;
  std::string translated;
};

class Testbed {
 public:
  // `names` are those of the packets. Send(i) puts packet i onto the wire; Send(names.size()) sends
  // the sentinel. `keys` tells packets apart as received: length * 2 + (it is outgoing).
  struct Traffic {
    std::vector<std::string> names;
    std::vector<size_t> keys;
    std::function<absl::Status(size_t)> send;
  };

  static absl::StatusOr<std::unique_ptr<Testbed>> Create(const std::string& interface,
                                                         Traffic traffic);

  // FailedPrecondition when the kernel refuses the classic program.
  absl::StatusOr<Verdicts> Run(const Classic& classic);
  const std::vector<std::string>& names() const { return traffic_.names; }

 private:
  explicit Testbed(Traffic traffic) : traffic_(std::move(traffic)) {}
  absl::Status AwaitSentinel();
  absl::StatusOr<std::string> Drain(int socket_fd);

  const Traffic traffic_;
  Fd classic_socket_;
  Fd translated_socket_;
  Fd sentinel_socket_;
  Fd stages_;
};

// MakePackets() over the pair, each in both directions; and over the tun device, those that are IP.
enum class PagedPackets { kLeaveOut, kSend };
absl::StatusOr<std::unique_ptr<Testbed>> MakePairTestbed(PagedPackets paged);
absl::StatusOr<std::unique_ptr<Testbed>> MakeRawTestbed();

}  // namespace dns_monitor::filter_test
