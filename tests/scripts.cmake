# Tests that are scripts of their own.

# Debian's own kernel in an emulator: needs no privileges, only the packages of
# `tools/install-deps kernel`, which the script installs when they are missing.
add_test(NAME kernel-6.1
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/kernel-6.1 $<TARGET_FILE:dns-monitor>)
set_tests_properties(kernel-6.1 PROPERTIES LABELS kernel-6.1 TIMEOUT 660)

add_test(NAME manual-page
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/manual-page $<TARGET_FILE:dns-monitor>)
set_tests_properties(manual-page PROPERTIES LABELS docs TIMEOUT 30)

if(DNS_MONITOR_QUERY)
  add_test(NAME worked-questions
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/worked-questions $<TARGET_FILE:dns-monitor>)
  set_tests_properties(worked-questions PROPERTIES LABELS docs TIMEOUT 120)
endif()

add_test(NAME ledger-schema
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/ledger-schema $<TARGET_FILE:ledger_files>)
set_tests_properties(ledger-schema PROPERTIES LABELS docs TIMEOUT 120)

add_test(NAME verify-command
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/verify-command $<TARGET_FILE:dns-monitor>
                 $<TARGET_FILE:chain_files>)
set_tests_properties(verify-command PROPERTIES LABELS cli TIMEOUT 60)

add_test(NAME config-files
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/config-files $<TARGET_FILE:dns-monitor>)
set_tests_properties(config-files PROPERTIES LABELS cli TIMEOUT 60)

foreach(script completions service-unit)
  add_test(NAME ${script}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script} $<TARGET_FILE:dns-monitor>)
  set_tests_properties(${script} PROPERTIES LABELS cli TIMEOUT 60)
endforeach()

add_test(NAME deb-package COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/deb-package ${PROJECT_BINARY_DIR})
set_tests_properties(deb-package PROPERTIES LABELS cli TIMEOUT 300)

# What the tests of upgrades upgrade to.
add_test(NAME build-later COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/build-later ${PROJECT_BINARY_DIR})
set_tests_properties(build-later PROPERTIES LABELS e2e TIMEOUT 600 RUN_SERIAL TRUE
                                            FIXTURES_SETUP later)

# In a container with a systemd of its own; skipped where none can be booted.
add_test(NAME deb-in-systemd
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/deb-in-systemd ${PROJECT_BINARY_DIR})
set_tests_properties(deb-in-systemd PROPERTIES LABELS systemd TIMEOUT 1200 SKIP_RETURN_CODE 77
                                               FIXTURES_REQUIRED later
                                               RUN_SERIAL TRUE)
