#include "kv/saved_index/overflow_file.hpp"

#include <string_view>
#include <utility>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"

namespace datawal::kv {

Result<void> OverflowFile::append(std::span<const char> bytes) {
  if (!file_) {
    Result<safeatomic::TemporaryFile> made = make_();
    if (!made) return propagate(made);
    file_.emplace(std::move(*made));
  }
  const std::string_view text(bytes.data(), bytes.size());
  if (safeatomic::Result<void> written = safeatomic::write_all(file_->file(), end_, text); !written) {
    return io_failure(written, "write index");
  }
  end_ += bytes.size();
  return {};
}

Result<void> OverflowFile::read(std::uint64_t offset, std::span<char> into) {
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(file_->file(), offset, into);
  if (!got) return io_failure(got, "read index");
  if (*got == into.size()) return {};
  return std::unexpected(Error{.code = Errc::io,
                               .action = "read index",
                               .path = file_->file().path(),
                               .detail = "somebody cut the file while it was written"});
}

}  // namespace datawal::kv
