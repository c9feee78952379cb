# What every target of this tree shares. Flags live on targets, never in CMAKE_CXX_FLAGS.

add_library(datawal_warnings INTERFACE)
target_compile_options(datawal_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>  # g++ leaves it out of -Wconversion
  # g++ 12 sees overlapping copies in inlined std::string concatenation (its bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${DATAWAL_WARNINGS_ARE_ERRORS}>:-Werror>)

# datawal_drop_unused(<library>): who links the static library gets only what is called. Its functions lie in sections of their own.
function(datawal_drop_unused target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    target_link_options(${target} INTERFACE "$<IF:$<PLATFORM_ID:Darwin>,LINKER:-dead_strip,LINKER:--gc-sections>")
  endif()
endfunction()

# The number in the shared libraries' names. It goes up when a program built against the previous one must be built anew.
set(DATAWAL_ABI_VERSION 1)

# datawal_add_exports(<library> <version script>): a library of this tree as users link to it. As a shared library it has
# a versioned name and shows what the version script lists; its symbols carry the script's version.
function(datawal_add_exports target script)
  set_target_properties(${target} PROPERTIES
    VERSION "${DATAWAL_ABI_VERSION}.${PROJECT_VERSION}" SOVERSION ${DATAWAL_ABI_VERSION})
  # The libraries find each other in whatever prefix they lie.
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "$<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>")
  get_target_property(type ${target} TYPE)
  if(type STREQUAL SHARED_LIBRARY AND NOT APPLE)
    target_link_options(${target} PRIVATE "LINKER:--version-script=${script}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${script}")
  endif()
endfunction()

# datawal_add_internal(<library> <source>... [LINK <library>...]): <library>::internal, for tests, which also call what the shared
# library does not show: the library itself where it is static, else the same sources as one that is.
function(datawal_add_internal target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" LINK)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL SHARED_LIBRARY)
    add_library(${target}::internal ALIAS ${target})
    return()
  endif()
  add_library(${target}_internal STATIC EXCLUDE_FROM_ALL ${arg_UNPARSED_ARGUMENTS})
  add_library(${target}::internal ALIAS ${target}_internal)
  target_compile_features(${target}_internal PUBLIC cxx_std_23)
  target_include_directories(${target}_internal PUBLIC $<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_options(${target}_internal PRIVATE $<TARGET_PROPERTY:${target},COMPILE_OPTIONS>)
  target_link_libraries(${target}_internal ${arg_LINK})
endfunction()

# datawal_add_layer(<layer> <source>... [COLD <source>...])
# One folder below src/ as OBJECT libraries, which become a part of the library datawal. In a release,
#   what is listed first is compiled as the build says, at -O3, with less inlining: g++ would put the ends of the strings and paths in an
#     error into each function once more, and nothing gets faster: datawal_<layer>
#   COLD runs once in a while, at -Os: datawal_<layer>_cold
# and with DATAWAL_BATCHES, eight of a kind at a time.
# Inside, headers are included from the root of src/: "format/frame.hpp".
function(datawal_add_layer layer)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "COLD")
  set(fast_options $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:--param=max-inline-insns-single=30>)
  set(cold_options $<$<CONFIG:Release>:-Os>)
  set(fast_sources ${arg_UNPARSED_ARGUMENTS})
  set(cold_sources ${arg_COLD})
  foreach(kind fast cold)
    if(NOT ${kind}_sources)
      continue()
    endif()
    set(target datawal_${layer})
    if(kind STREQUAL cold)
      set(target datawal_${layer}_cold)
    endif()
    add_library(${target} OBJECT ${${kind}_sources})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD ${DATAWAL_BATCHES})
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(${target} PRIVATE safeatomic::safeatomic datawal_warnings)
    target_compile_options(${target} PRIVATE
      -fno-semantic-interposition  # nobody may replace a function of the library
      -ffunction-sections -fdata-sections  # with --gc-sections, which the target hands on, a program gets only what it calls
      ${${kind}_options})
    target_sources(datawal PRIVATE $<TARGET_OBJECTS:${target}>)
    if(TARGET datawal_internal)
      target_sources(datawal_internal PRIVATE $<TARGET_OBJECTS:${target}>)
    endif()
  endforeach()
endfunction()
