# Included by datawal-config.cmake and safeatomic-config.cmake, beside which the files of both kinds of library lie. Sets
# <package>_flavour for the package named in datawal_package: `shared` where both are installed, unless <package>_SHARED_LIBS or
# else BUILD_SHARED_LIBS says no.
set(${datawal_package}_flavour shared)
if(DEFINED ${datawal_package}_SHARED_LIBS)
  if(NOT ${datawal_package}_SHARED_LIBS)
    set(${datawal_package}_flavour static)
  endif()
elseif(DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS)
  set(${datawal_package}_flavour static)
endif()
if(NOT EXISTS "${CMAKE_CURRENT_LIST_DIR}/datawal-safeatomic-${${datawal_package}_flavour}.cmake")
  if(${datawal_package}_flavour STREQUAL shared)
    set(${datawal_package}_flavour static)
  else()
    set(${datawal_package}_flavour shared)
  endif()
endif()
