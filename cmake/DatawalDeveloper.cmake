# Only for those who work on this tree: compiler cache and tests.

find_program(DATAWAL_CCACHE ccache)
mark_as_advanced(DATAWAL_CCACHE)
if(DATAWAL_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${DATAWAL_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${DATAWAL_CCACHE}")
endif()

find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(rapidcheck REQUIRED)
include(GoogleTest)

# datawal_add_tests(<target> <source>... LINK <library>... [INCLUDE <directory>...] [DEFINE <NAME=value>...])
# One GoogleTest program, each of its tests known to ctest. Suites with "Concurrency" in their name carry the label
# `concurrency`: those are what runs under the thread sanitizer.
function(datawal_add_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK;INCLUDE;DEFINE")
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
  target_precompile_headers(${target} PRIVATE
    <algorithm> <expected> <filesystem> <functional> <map> <memory> <string> <vector> <gmock/gmock.h> <gtest/gtest.h>)
  # The library under test is built as users get it; the tests themselves are not worth the compiler's time. With a
  # precompiled <string> g++ 12 sees impossible lengths in inlined concatenation (its bug 105329).
  target_compile_options(${target} PRIVATE
    $<$<CONFIG:Release>:-O1>
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-stringop-overflow;-Wno-array-bounds>)
  target_include_directories(${target} PRIVATE ${arg_INCLUDE})
  target_compile_definitions(${target} PRIVATE ${arg_DEFINE})
  target_link_libraries(${target} PRIVATE ${arg_LINK} datawal_warnings GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${target} TEST_LIST ${target}_plain TEST_FILTER "-*Concurrency*"
    DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 600)
  gtest_discover_tests(${target} TEST_LIST ${target}_concurrency TEST_FILTER "*Concurrency*"
    DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 600 LABELS concurrency)
endfunction()
