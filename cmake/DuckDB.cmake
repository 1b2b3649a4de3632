# The engine of dns-monitor-query. Debian has no package of it: tools/install-duckdb brings it to
# where all builds of this directory look.
set(DNS_MONITOR_DUCKDB_DIR ${PROJECT_SOURCE_DIR}/build/duckdb CACHE PATH
    "Where libduckdb.so and duckdb.h are")
if(NOT EXISTS ${DNS_MONITOR_DUCKDB_DIR}/installed)
  message(FATAL_ERROR "There is no DuckDB in ${DNS_MONITOR_DUCKDB_DIR}. Run tools/install-duckdb, "
                      "or leave the queries out by -DDNS_MONITOR_QUERY=OFF.")
endif()
add_library(dep::duckdb SHARED IMPORTED GLOBAL)
set_target_properties(dep::duckdb PROPERTIES
  IMPORTED_LOCATION ${DNS_MONITOR_DUCKDB_DIR}/libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${DNS_MONITOR_DUCKDB_DIR})

# Their static archives would need further libraries.
foreach(library psl:libpsl.h edit:histedit.h)
  string(REPLACE ":" ";" library ${library})
  list(GET library 0 name)
  list(GET library 1 header)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  find_library(${name}_LIBRARY ${name} REQUIRED)
  add_library(dep::${name} INTERFACE IMPORTED GLOBAL)
  set_target_properties(dep::${name} PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE} INTERFACE_LINK_LIBRARIES ${${name}_LIBRARY})
endforeach()
