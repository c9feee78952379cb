# A recipe for Conan 2, to be used from a checkout: conan create packaging/conan
from os.path import join

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy
from conan.tools.gnu import PkgConfigDeps


class DatawalConan(ConanFile):
    name = "datawal"
    version = "0.1.0"
    description = "Embedded append-only record log, and keys and values over it"
    license = "MIT OR Apache-2.0"
    topics = ("log", "wal", "key-value", "storage")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}

    def export_sources(self):
        root = join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE-*", "cmake/*", "include/*", "src/*", "safeatomic/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 23)
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("datawal runs on Linux only, so far")

    def requirements(self):
        self.requires("isa-l/2.30.0")
        self.requires("simdjson/3.1.7")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.variables["DATAWAL_DEVELOPER"] = False
        toolchain.variables["DATAWAL_PROGRAM"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE-*", self.source_folder, join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "datawal")
        safeatomic = self.cpp_info.components["safeatomic"]
        safeatomic.libs = ["safeatomic"]
        safeatomic.set_property("cmake_target_name", "safeatomic::safeatomic")
        safeatomic.set_property("pkg_config_name", "safeatomic")
        main = self.cpp_info.components["datawal"]
        main.libs = ["datawal"]
        main.requires = ["safeatomic", "isa-l::isa-l", "simdjson::simdjson"]
        main.set_property("cmake_target_name", "datawal::datawal")
        main.set_property("pkg_config_name", "datawal")
