# What the build needs; `tools/install-deps` names the Debian packages of each.
#
# All but libpcap are linked statically, so that the binary can be copied to another machine with nothing
# but that (whose static archive would pull in D-Bus) installed beside it.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

# Debian's package brings both kinds and names the shared one.
get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
foreach(target IN LISTS imported)
  get_target_property(shared ${target} IMPORTED_LOCATION_NONE)
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${shared}")
  if(target MATCHES "^absl::" AND EXISTS "${archive}")
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_NONE "${archive}")
  endif()
endforeach()

function(dns_monitor_static_library name header)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  find_library(${name}_ARCHIVE lib${name}.a REQUIRED)
  add_library(dep::${name} STATIC IMPORTED GLOBAL)
  set_target_properties(dep::${name} PROPERTIES
    IMPORTED_LOCATION ${${name}_ARCHIVE}
    INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE})
endfunction()

dns_monitor_static_library(z zlib.h)
dns_monitor_static_library(elf libelf.h)
dns_monitor_static_library(bpf bpf/libbpf.h)
dns_monitor_static_library(uring liburing.h)
dns_monitor_static_library(nettle nettle/sha2.h)
dns_monitor_static_library(xxhash xxhash.h)
dns_monitor_static_library(zstd zstd.h)
dns_monitor_static_library(seccomp seccomp.h)
dns_monitor_static_library(lzma lzma.h)
dns_monitor_static_library(lz4 lz4frame.h)
dns_monitor_static_library(maxminddb maxminddb.h)
target_link_libraries(dep::elf INTERFACE dep::z)
target_link_libraries(dep::bpf INTERFACE dep::elf)

find_path(pcap_INCLUDE pcap/pcap.h REQUIRED)
find_library(pcap_LIBRARY pcap REQUIRED)
add_library(dep::pcap INTERFACE IMPORTED GLOBAL)
target_include_directories(dep::pcap INTERFACE ${pcap_INCLUDE})
target_link_libraries(dep::pcap INTERFACE ${pcap_LIBRARY})

find_program(CLANG_EXECUTABLE NAMES clang clang-14 REQUIRED)
find_program(BPFTOOL_EXECUTABLE NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
