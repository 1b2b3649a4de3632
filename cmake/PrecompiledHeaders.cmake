# What most files include, parsed once: for tests, and for builds that only they need. Those that make
# programs go without, so that a file which forgets an include is found there.
option(DNS_MONITOR_PRECOMPILE "Precompile the headers that most files include" OFF)

# dns_monitor_precompile(NAME HEADERS HEADER... LIBRARIES LIBRARY... [OPTIONS OPTION...]): HEADERS of
# LIBRARIES as NAME, with the OPTIONS of those that will use them.
function(dns_monitor_precompile name)
  cmake_parse_arguments(arg "" "" "HEADERS;LIBRARIES;OPTIONS" ${ARGN})
  if(DNS_MONITOR_PRECOMPILE)
    set(source ${PROJECT_BINARY_DIR}/${name}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "// The headers need a target, and that needs a source.\n")
    add_library(${name} STATIC ${source})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
    target_compile_options(${name} PRIVATE ${arg_OPTIONS})
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  endif()
endfunction()

# dns_monitor_use_precompiled(TARGET NAME): nothing when they are not precompiled.
function(dns_monitor_use_precompiled target name)
  if(TARGET ${name})
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

set(common_headers
  <algorithm> <atomic> <functional> <map> <memory> <optional> <set> <string> <thread> <vector>
  <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_format.h> <absl/strings/str_join.h>
  <absl/strings/str_split.h> <absl/time/time.h> <absl/types/span.h>)
set(common_libraries absl::statusor absl::str_format absl::time absl::span)
dns_monitor_precompile(precompiled HEADERS ${common_headers} LIBRARIES ${common_libraries})
