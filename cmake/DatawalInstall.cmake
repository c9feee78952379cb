# What `cmake --install` puts where: libraries, headers, the package for find_package, pkg-config files, the programs.
# Included after every target is there. Components, which are also the Debian packages: libdatawal1, libdatawal-dev, datawal,
# datawal-ship.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/datawal")
get_target_property(library_type datawal TYPE)
if(library_type STREQUAL SHARED_LIBRARY)
  set(flavour shared)
else()
  set(flavour static)
endif()

# A target of each component of find_package(datawal COMPONENTS ...), and the export set of its own that it lies in.
set(components safeatomic datawal)
# All that is installed, and nothing else: what `./dev build` makes.
add_custom_target(datawal_installable)
if(TARGET safeatomic_sim)
  list(APPEND components sim)
  set_target_properties(safeatomic_sim PROPERTIES EXPORT_NAME sim EXCLUDE_FROM_ALL OFF)
endif()
foreach(component IN LISTS components)
  set(target ${component})
  if(component STREQUAL sim)
    set(target safeatomic_sim)
  endif()
  install(TARGETS ${target} EXPORT datawal_${component}
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT libdatawal1
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libdatawal1 NAMELINK_COMPONENT libdatawal-dev
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libdatawal-dev
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT libdatawal-dev)
  add_dependencies(datawal_installable ${target})
  set(namespace safeatomic::)
  if(component STREQUAL datawal)
    set(namespace datawal::)
  endif()
  # Static and shared libraries may lie in one prefix: each has target files of its own.
  install(EXPORT datawal_${component} FILE datawal-${component}-${flavour}.cmake NAMESPACE ${namespace}
    DESTINATION "${package_dir}" COMPONENT libdatawal-dev)
endforeach()

# safeatomic is also found by itself.
foreach(package datawal safeatomic)
  set(destination "${CMAKE_INSTALL_LIBDIR}/cmake/${package}")
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/${package}-config.cmake.in"
    "${PROJECT_BINARY_DIR}/${package}-config.cmake" INSTALL_DESTINATION "${destination}")
  # Before 1.0.0 a minor version may change the interface.
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/${package}-config-version.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/${package}-config.cmake" "${PROJECT_BINARY_DIR}/${package}-config-version.cmake"
    DESTINATION "${destination}" COMPONENT libdatawal-dev)
endforeach()
install(FILES "${PROJECT_SOURCE_DIR}/cmake/datawal-flavour.cmake" DESTINATION "${package_dir}" COMPONENT libdatawal-dev)

# What a static library leaves to the linker of the user is private where the shared one is there. By the names of libraries, since
# pkg-config wants the file of each package that is required, even where it is private and only flags for the compiler are asked for.
if(flavour STREQUAL shared)
  set(pc_private .private)
  set(pc_drop_unused)
else()
  set(pc_private)
  set(pc_drop_unused " -Wl,--gc-sections")
  if(APPLE)
    set(pc_drop_unused " -Wl,-dead_strip")
  endif()
endif()
set(pc_libraries "-lisal -lsimdjson -lstdc++")
foreach(directory IN LISTS ISAL_LIBRARY_DIRS)
  if(NOT directory IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    string(PREPEND pc_libraries "-L${directory} ")
  endif()
endforeach()
file(RELATIVE_PATH pc_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
foreach(name safeatomic safeatomic-sim datawal)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
    COMPONENT libdatawal-dev)
endforeach()

# datawal_install_program(<target> <manual pages' target> <manual pages> <name>): a program, as the component <name>.
function(datawal_install_program target pages manual name)
  if(flavour STREQUAL shared)
    file(RELATIVE_PATH to_library "/prefix/${CMAKE_INSTALL_BINDIR}" "/prefix/${CMAKE_INSTALL_LIBDIR}")
    set_target_properties(${target} PROPERTIES
      INSTALL_RPATH "$<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>/${to_library}")
  endif()
  install(TARGETS ${target} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT ${name})
  add_dependencies(datawal_installable ${target})
  if(TARGET ${pages})
    add_dependencies(datawal_installable ${pages})
    install(DIRECTORY "${manual}/man1" DESTINATION "${CMAKE_INSTALL_MANDIR}" COMPONENT ${name})
    install(FILES "${manual}/${name}.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
      RENAME ${name} COMPONENT ${name})
    install(FILES "${manual}/_${name}" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions" COMPONENT ${name})
  endif()
endfunction()

if(TARGET datawal_cli)
  datawal_install_program(datawal_cli datawal_manual_pages "${PROJECT_BINARY_DIR}/cli/manual" datawal)
endif()
if(DATAWAL_PAGE)
  add_dependencies(datawal_installable datawal_page)
  install(FILES "${DATAWAL_PAGE_FILE}" DESTINATION "${CMAKE_INSTALL_DATADIR}/datawal" COMPONENT datawal)
endif()
if(TARGET datawal_ship)
  datawal_install_program(datawal_ship datawal_ship_manual_pages "${PROJECT_BINARY_DIR}/ship/manual" datawal-ship)
  install(FILES "${PROJECT_SOURCE_DIR}/packaging/systemd/datawal-ship@.service" DESTINATION lib/systemd/system
    COMPONENT datawal-ship)
endif()
