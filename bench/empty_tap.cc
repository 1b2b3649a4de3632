// empty_tap IF socket|tcx: a tap that does nothing on an interface, until it is killed: what any
// tool pays that is there, whatever its filter does. Prints a line when it is there.

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "empty.skel.h"

namespace {

// A packet socket that takes nothing. False, with errno, when the kernel refuses.
bool TapBySocket(int ifindex, int filter_fd) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);  // without a protocol: nothing yet
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = ifindex;
  return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &filter_fd, sizeof(filter_fd)) == 0 &&
         bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

// At both sides. The links last as long as this process.
bool TapByTcx(int ifindex, int program_fd) {
  constexpr int kIngress = 46;  // enum bpf_attach_type since kernel 6.6
  constexpr int kEgress = 47;
  for (const int side : {kIngress, kEgress}) {
    if (bpf_link_create(program_fd, ifindex, static_cast<bpf_attach_type>(side), nullptr) < 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string hook = argc == 3 ? argv[2] : "";
  if (hook != "socket" && hook != "tcx") {
    std::fprintf(stderr, "usage: empty_tap IF socket|tcx\n");
    return 2;
  }
  const auto ifindex = static_cast<int>(if_nametoindex(argv[1]));
  const empty_bpf* empty = ifindex == 0 ? nullptr : empty_bpf__open_and_load();
  const bool there =
      empty != nullptr &&
      (hook == "tcx" ? TapByTcx(ifindex, bpf_program__fd(empty->progs.empty_classifier))
                     : TapBySocket(ifindex, bpf_program__fd(empty->progs.empty_filter)));
  if (!there) {
    std::perror("empty_tap");
    return 1;
  }
  std::puts("there");
  std::fflush(stdout);
  for (;;) pause();
}
