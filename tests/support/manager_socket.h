// Plays the service manager for those that tell it something.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>

#include "dns_monitor/base/fd.h"

namespace dns_monitor {

// A socket, and the variables that a service finds.
class ManagerSocket {
 public:
  struct Message {
    std::string text;
    Fd passed;  // the descriptor that came with it; none
  };

  ManagerSocket() {
    std::string pattern = testing::TempDir() + "/notify.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  ~ManagerSocket() {
    unsetenv("NOTIFY_SOCKET");
    std::filesystem::remove_all(directory_);
  }
  ManagerSocket(const ManagerSocket&) = delete;
  ManagerSocket& operator=(const ManagerSocket&) = delete;

  std::string Path() const { return directory_ + "/notify"; }
  // Waits at `path`, whose first character is '@' for an abstract name.
  void Listen(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    socket_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size())),
              0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void Close() { socket_.Reset(); }

  // The next message; nullopt when there is none.
  std::optional<Message> Receive() {
    std::array<char, 4096> buffer;
    iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    const ssize_t length = recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0) return std::nullopt;
    Message message{.text = std::string(buffer.data(), static_cast<size_t>(length)), .passed = {}};
    const cmsghdr* const passed = CMSG_FIRSTHDR(&header);
    if (passed != nullptr && passed->cmsg_level == SOL_SOCKET && passed->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(passed), sizeof(fd));
      message.passed = Fd(fd);
    }
    return message;
  }
  // What it says; "nothing" when there is none.
  std::string Received() {
    const std::optional<Message> message = Receive();
    return message ? message->text : "nothing";
  }

 private:
  std::string directory_;
  Fd socket_;
};

}  // namespace dns_monitor
