# The Debian packages libdatawal1, libdatawal-dev, datawal and, with DATAWAL_SHIP, datawal-ship, by `cpack -G DEB`. scripts/package calls it.

set(CPACK_PACKAGE_CONTACT "The datawal contributors <datawal@lists.invalid>" CACHE STRING "Maintainer of the packages")
set(CPACK_PACKAGE_VENDOR "datawal")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL libdatawal1 libdatawal-dev datawal)
if(DATAWAL_SHIP)
  list(APPEND CPACK_COMPONENTS_ALL datawal-ship)
endif()
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}/src;${PROJECT_BINARY_DIR}/safeatomic")

# describe_package(<component> <section> <first line> <rest> DEPENDS <package>...): what Debian wants to know.
function(describe_package component section summary text)
  cmake_parse_arguments(PARSE_ARGV 4 arg "" "" DEPENDS)
  string(TOUPPER ${component} name)
  string(REPLACE ";" ", " depends "${arg_DEPENDS}")
  foreach(entry
      "PACKAGE_NAME=${component}" "PACKAGE_SECTION=${section}" "PACKAGE_DEPENDS=${depends}")
    string(REGEX MATCH "^([A-Z_]+)=(.*)$" _ "${entry}")
    set(CPACK_DEBIAN_${name}_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}" PARENT_SCOPE)
  endforeach()
  set(CPACK_COMPONENT_${name}_DESCRIPTION "${summary}\n${text}" PARENT_SCOPE)

  set(doc "${CMAKE_INSTALL_DATAROOTDIR}/doc/${component}")
  install(FILES "${PROJECT_SOURCE_DIR}/packaging/debian/copyright" DESTINATION "${doc}" COMPONENT ${component})
  install(FILES "${PROJECT_BINARY_DIR}/packaging/changelog.Debian.gz" DESTINATION "${doc}" COMPONENT ${component})
endfunction()

set(same_version "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
describe_package(libdatawal1 libs "embedded append-only record log and key/value store (library)"
  "An append-only, segmented log of records with a checksum each, and keys and\n values over it, in a directory of plain files. What was reported as durable\n is there after a crash.")
describe_package(libdatawal-dev libdevel "embedded append-only record log and key/value store (development)"
  "Headers for C++23 and C, static libraries, a CMake package and pkg-config\n files. The library safeatomic, which is a part of it, writes files so that a\n crash never leaves half of one."
  DEPENDS "libdatawal1 ${same_version}" libisal-dev libsimdjson-dev)
describe_package(datawal database "embedded append-only record log and key/value store (program)"
  "Feeds, reads, checks, repairs and exports the logs and key/value stores of\n the library datawal from a shell."
  DEPENDS "libdatawal1 ${same_version}")
if(DATAWAL_SHIP)
  describe_package(datawal-ship net "ships datawal stores into NATS JetStream, and back"
    "Ships the records of a datawal store into a stream of NATS JetStream, exactly\n once, and rebuilds a store from it, byte for byte, as the new primary."
    DEPENDS "libdatawal1 ${same_version}")
endif()
set(CPACK_DEBIAN_LIBDATAWAL1_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/packaging/debian/triggers")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

configure_file("${PROJECT_SOURCE_DIR}/packaging/debian/changelog.in" "${PROJECT_BINARY_DIR}/packaging/changelog" @ONLY)
execute_process(
  COMMAND gzip -9nc "${PROJECT_BINARY_DIR}/packaging/changelog"
  OUTPUT_FILE "${PROJECT_BINARY_DIR}/packaging/changelog.Debian.gz" COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND gzip -9nc "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
  OUTPUT_FILE "${PROJECT_BINARY_DIR}/packaging/CHANGELOG.md.gz" COMMAND_ERROR_IS_FATAL ANY)
install(FILES "${PROJECT_BINARY_DIR}/packaging/CHANGELOG.md.gz"
  DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/libdatawal-dev" RENAME changelog.gz COMPONENT libdatawal-dev)

set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/packaging/debian/compress_manual.cmake")

include(CPack)
