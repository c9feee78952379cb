#pragma once
// The files that commands read.

#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace datawal::cli {

/// An open input. "-" is standard input, which stays open.
class InputFile {
 public:
  /// @return or a sentence with the name and the reason
  [[nodiscard]] static std::expected<InputFile, std::string> open(const std::string& name);

  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  /// Reads what is available into `room`, waiting until there is something; 0 bytes are the end.
  /// @return or a sentence with the name and the reason
  [[nodiscard]] std::expected<std::size_t, std::string> read(std::span<char> room) const;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] const std::string& shown_name() const noexcept { return shown_name_; }

 private:
  InputFile(int fd, std::string shown_name) : fd_(fd), shown_name_(std::move(shown_name)) {}

  int fd_;
  std::string shown_name_;
};

/// Checks that all of `names` can be read, before a store is opened, so that a mistyped name makes no store. Opens nothing:
/// a FIFO's writer would see it close. Refuses a segment of the store in `dir`: it would grow as fast as it is read.
/// @return or a sentence with the first that cannot
[[nodiscard]] std::expected<void, std::string> check_input_files(const std::vector<std::string>& names,
                                                                 const std::filesystem::path& dir);

}  // namespace datawal::cli
