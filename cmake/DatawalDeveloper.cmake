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
  target_include_directories(${target} PRIVATE ${arg_INCLUDE})
  target_compile_definitions(${target} PRIVATE ${arg_DEFINE})
  target_link_libraries(${target} PRIVATE ${arg_LINK} datawal_warnings GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${target} TEST_LIST ${target}_plain TEST_FILTER "-*Concurrency*"
    DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 600)
  gtest_discover_tests(${target} TEST_LIST ${target}_concurrency TEST_FILTER "*Concurrency*"
    DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 600 LABELS concurrency)
endfunction()
