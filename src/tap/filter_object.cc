#include "filter_object.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "capture.skel.h"
#include "capture_by_kernel.skel.h"

namespace dns_monitor {

capture_bpf* OpenFilterObject(SocketReading reading) {
  if (reading == SocketReading::kLoaded) return capture_bpf__open();
  // As capture_bpf__open, with the other one's ELF file.
  auto* filter = static_cast<capture_bpf*>(calloc(1, sizeof(capture_bpf)));
  if (filter == nullptr) return nullptr;
  int error = capture_bpf__create_skeleton(filter);
  if (error == 0) {
    size_t bytes = 0;
    filter->skeleton->data = const_cast<void*>(capture_by_kernel_bpf__elf_bytes(&bytes));
    filter->skeleton->data_sz = bytes;
    error = bpf_object__open_skeleton(filter->skeleton, nullptr);
  }
  if (error == 0) return filter;
  capture_bpf__destroy(filter);
  errno = -error;
  return nullptr;
}

}  // namespace dns_monitor
