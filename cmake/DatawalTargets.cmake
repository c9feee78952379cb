# What every target of this tree shares. Flags live on targets, never in CMAKE_CXX_FLAGS.

add_library(datawal_warnings INTERFACE)
target_compile_options(datawal_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>  # g++ leaves it out of -Wconversion
  # g++ 12 sees overlapping copies in inlined std::string concatenation (its bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${DATAWAL_WARNINGS_ARE_ERRORS}>:-Werror>)

# The number in the shared libraries' names. It goes up when a program built against the previous one must be built anew.
set(DATAWAL_ABI_VERSION 1)

# datawal_add_exports(<library> <version script>): a library of this tree as users link to it. As a shared library it has
# a versioned name and shows what the version script lists; its symbols carry the script's version.
function(datawal_add_exports target script)
  set_target_properties(${target} PROPERTIES
    VERSION "${DATAWAL_ABI_VERSION}.${PROJECT_VERSION}" SOVERSION ${DATAWAL_ABI_VERSION})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL SHARED_LIBRARY AND NOT APPLE)
    target_link_options(${target} PRIVATE "LINKER:--version-script=${script}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${script}")
  endif()
endfunction()

# datawal_optimize_for_size(<source>...): what runs once in a while, in the folder that calls this. g++ at -O3 makes four times
# as much of it, most of it the inlined ends of strings and paths in errors.
function(datawal_optimize_for_size)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-Os>)
endfunction()

# datawal_inline_less(<source>...): code of many calls that may fail. At -O3 g++ puts the ends of the strings and paths in an error into
# each function once more, a third of it, and nothing gets faster.
function(datawal_inline_less)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS
    $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-O2;--param=max-inline-insns-single=30>)
endfunction()

# datawal_add_layer(<layer> <source>...)
# One folder below src/ as the OBJECT library datawal_<layer>, which becomes a part of the library datawal.
# Inside, headers are included from the root of src/: "format/frame.hpp".
function(datawal_add_layer layer)
  set(target datawal_${layer})
  add_library(${target} OBJECT ${ARGN})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${target} PRIVATE safeatomic::safeatomic datawal_warnings)
  target_compile_options(${target} PRIVATE -fno-semantic-interposition)  # nobody may replace a function of the library
  target_sources(datawal PRIVATE $<TARGET_OBJECTS:${target}>)
endfunction()
