# dns_monitor_bpf_skeleton(TARGET SOURCE): compiles SOURCE.bpf.c with clang and makes SOURCE.skel.h,
# whose prefix is SOURCE_bpf. TARGET is an interface library that brings the header.
function(dns_monitor_bpf_skeleton target name)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  # One source may include another.
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.bpf.[ch] ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CLANG_EXECUTABLE} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror
            $<$<BOOL:${DNS_MONITOR_LATER_LAYOUT}>:-DCAPTURE_LATER_LAYOUT>
            $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-DCAPTURE_STORES_IN_ORDER>
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c -o ${object}
    DEPENDS ${sources}
    COMMENT "Compiling ${name}.bpf.c for the kernel"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    # Generated code is not linted, nor held to our warnings (SYSTEM, below).
    COMMAND echo "// NOLINTBEGIN" > ${skeleton}
    COMMAND ${BPFTOOL_EXECUTABLE} gen skeleton ${object} name ${name}_bpf >> ${skeleton}
    COMMAND echo "// NOLINTEND" >> ${skeleton}
    DEPENDS ${object}
    COMMENT "Making ${name}.skel.h")
  add_custom_target(${target}_skeleton DEPENDS ${skeleton})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_skeleton)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${target} INTERFACE dep::bpf)
endfunction()
