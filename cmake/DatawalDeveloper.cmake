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

# What runs under the thread sanitizer: the programs of the sources that hold a suite with "Concurrency" in its name.
add_custom_target(concurrency_tests)

# What ctest runs in any build: not benchmarks, nor the enumeration of crashes.
add_custom_target(test_programs)

# datawal_add_tests(<target> <source>... [ALONE <source>...] LINK <library>... [INCLUDE <directory>...] [DEFINE <NAME=value>...])
# One GoogleTest program, each of its tests known to ctest. Sources with suites that have "Concurrency" in their name become a
# program of their own, <target> with `_concurrency` in it, and carry the label `concurrency`: a build with the thread
# sanitizer makes nothing else. With DATAWAL_BATCHES, eight are compiled at a time, but for those that are listed as ALONE, whose names
# clash with those of others.
function(datawal_add_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ALONE;LINK;INCLUDE;DEFINE")
  set_source_files_properties(${arg_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set(plain "")
  set(concurrent "")
  foreach(source IN LISTS arg_UNPARSED_ARGUMENTS arg_ALONE)
    file(STRINGS ${source} found REGEX "^TEST(_[FP])?\\([A-Za-z]*Concurrency" LIMIT_COUNT 1)
    if(found)
      list(APPEND concurrent ${source})
    else()
      list(APPEND plain ${source})
    endif()
  endforeach()
  set(options LINK ${arg_LINK} INCLUDE ${arg_INCLUDE} DEFINE ${arg_DEFINE})
  datawal_add_test_program(${target} "" ${plain} ${options})
  datawal_use_test_headers(${target})
  if(concurrent)
    string(REPLACE "_tests" "_concurrency_tests" program ${target})
    datawal_add_test_program(${program} concurrency ${concurrent} ${options})
    add_dependencies(concurrency_tests ${program})
  endif()
endfunction()

# The headers that every test includes are compiled once, for all programs.
function(datawal_use_test_headers target)
  if(NOT TARGET datawal_test_headers)
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/test_headers.cpp" CONTENT "")
    add_library(datawal_test_headers OBJECT "${PROJECT_BINARY_DIR}/test_headers.cpp")
    datawal_compile_as_test(datawal_test_headers)
    target_link_libraries(datawal_test_headers PRIVATE datawal_warnings datawal_batch_warnings GTest::gmock)
    target_compile_features(datawal_test_headers PRIVATE cxx_std_23)
    target_precompile_headers(datawal_test_headers PRIVATE
      <algorithm> <expected> <filesystem> <functional> <map> <memory> <string> <vector> <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM datawal_test_headers)
endfunction()

# The library under test is built as users get it; the tests themselves are not worth the compiler's time. With a
# precompiled <string> g++ 12 sees impossible lengths in inlined concatenation (its bug 105329). Some libraries ask for -pthread,
# which precompiled headers must be compiled with or without.
function(datawal_compile_as_test target)
  target_compile_options(${target} PRIVATE
    -pthread
    $<$<CONFIG:Release>:-O1> $<$<CONFIG:None>:-O0>
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-stringop-overflow;-Wno-array-bounds>)
endfunction()

# Under a sanitizer most tests take less time than their process does to start.
option(DATAWAL_TESTS_IN_PARTS "Run each test program in four parts, instead of a process for each test" OFF)
# What these do thousands of times, others of their suites do once, where a sanitizer sees it. Children that are killed tell it nothing.
set(datawal_repetitive_tests
  EmbeddedFrames.OfAnyTxidInAValue
  EmbeddedFrames.WhereADamagedLengthPoints
  EmbeddedFrames.InAValueThatIsAWholeSegment
  FindRuns.LosesNoSoundRecordBetweenTensOfThousandsOfDamagedOnes
  FindRuns.TakesNothingOutOfTheValuesOfManyDamagedRecords
  FindRuns.TakesTimeThatGrowsWithTheSegmentHoweverManyRunsItHas
  CheckpointOnAnEarlierOne.NeitherChangesNorIsChangedByWhatIsDoneToTheOther
  ManySegments.OfAllStoresOfAProcessNoMoreThanAQuarterOfItsMappingsAreTaken
  ProcessFork.AChildForkedWhileAnotherThreadLocksAndUnlocksMayLockToo
  *ProcessKill*)
list(JOIN datawal_repetitive_tests ":" datawal_repetitive_tests)

# A name of one file may shadow that of another in its batch. Behind datawal_warnings, which it changes.
add_library(datawal_batch_warnings INTERFACE)
target_compile_options(datawal_batch_warnings INTERFACE $<$<BOOL:${DATAWAL_BATCHES}>:-Wno-shadow>)

# datawal_add_test_program(<target> <label> <source>... LINK <library>... ...): for datawal_add_tests.
function(datawal_add_test_program target label)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LINK;INCLUDE;DEFINE")
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${DATAWAL_BATCHES})
  datawal_compile_as_test(${target})
  target_include_directories(${target} PRIVATE ${arg_INCLUDE})
  target_compile_definitions(${target} PRIVATE ${arg_DEFINE})
  target_link_libraries(${target} PRIVATE ${arg_LINK} datawal_warnings datawal_batch_warnings GTest::gmock GTest::gtest_main)
  add_dependencies(test_programs ${target})
  if(NOT DATAWAL_TESTS_IN_PARTS)
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 PROPERTIES TIMEOUT 600 LABELS "${label}")
    return()
  endif()
  foreach(part RANGE 3)
    add_test(NAME ${target}.${part} COMMAND ${target} --gtest_brief=1)
    set_tests_properties(${target}.${part} PROPERTIES
      ENVIRONMENT "GTEST_TOTAL_SHARDS=4;GTEST_SHARD_INDEX=${part};GTEST_FILTER=-${datawal_repetitive_tests}" TIMEOUT 1800 LABELS "${label}")
  endforeach()
endfunction()
