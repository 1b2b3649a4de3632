// The filter's two objects, which differ in how the program on a socket reads the headers.
#pragma once

struct capture_bpf;  // capture.skel.h

namespace dns_monitor {

enum class SocketReading {
  kLoaded,    // a copy, by a helper
  kByKernel,  // where they lie, by the kernel's types: kernel 6.2 with BTF, and CAP_PERFMON
};

// Opens the object (bpf/capture.bpf.c, bpf/capture_by_kernel.bpf.c); the same programs, maps and
// constants are in both. nullptr with errno as capture_bpf__open; to be destroyed as what it gives.
capture_bpf* OpenFilterObject(SocketReading reading);

}  // namespace dns_monitor
