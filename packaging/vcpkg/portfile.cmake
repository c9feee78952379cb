# A port for an overlay: vcpkg install datawal --overlay-ports=packaging. With DATAWAL_SOURCE in the environment it builds
# that checkout; a registry's copy names the release's archive instead (docs/RELEASING.md).
if(NOT DEFINED ENV{DATAWAL_SOURCE})
  message(FATAL_ERROR "set DATAWAL_SOURCE to a checkout of datawal; vcpkg passes it on with VCPKG_KEEP_ENV_VARS=DATAWAL_SOURCE")
endif()
set(SOURCE_PATH "$ENV{DATAWAL_SOURCE}")

vcpkg_check_features(OUT_FEATURE_OPTIONS options FEATURES tools DATAWAL_PROGRAM)
vcpkg_find_acquire_program(PKGCONFIG)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${options} -DDATAWAL_DEVELOPER=OFF "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}")
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/datawal DO_NOT_DELETE_PARENT_CONFIG_PATH)
vcpkg_cmake_config_fixup(PACKAGE_NAME safeatomic CONFIG_PATH lib/cmake/safeatomic)
vcpkg_fixup_pkgconfig()
if("tools" IN_LIST FEATURES)
  vcpkg_copy_tools(TOOL_NAMES datawal AUTO_CLEAN)
endif()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE-MIT" "${SOURCE_PATH}/LICENSE-APACHE")
