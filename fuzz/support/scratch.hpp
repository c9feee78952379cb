#pragma once
// A directory in memory that every input starts with empty, and a recipe written into it.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "support/recipe.hpp"

namespace datawal::fuzz {

/// Made once a process below /dev/shm where that is possible, removed at the end.
[[nodiscard]] const std::filesystem::path& scratch();

/// Removes everything in scratch().
void clear_scratch();

/// Makes `dir` and in it what the recipe says, watermarks last. Whole blocks of zeros become holes.
void write_recipe(const Recipe& recipe, const std::filesystem::path& dir);

/// Name and content of everything in a directory, `.lock` left out; what is not a regular file is "<directory>" and so on.
using Image = std::map<std::string, std::string>;
[[nodiscard]] Image image_of(const std::filesystem::path& dir);

[[nodiscard]] std::uint64_t inode_of(const std::filesystem::path& path);
[[nodiscard]] std::uint64_t link_count_of(const std::filesystem::path& path);

/// Bytes of all files.
[[nodiscard]] std::size_t size_of(const Image& image);

}  // namespace datawal::fuzz
