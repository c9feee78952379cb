// RecordLog::read and scan: apart, so that a program without them does not hold them.

#include <datawal/record_log.hpp>

#include <string>

#include "log/handle/record_log_impl.hpp"

namespace datawal {

Result<std::vector<Record>> RecordLog::scan() const {
  std::vector<Record> all;
  RecordCursor cursor = records();
  for (;;) {
    Result<std::optional<RecordView>> next = cursor.next();
    if (!next) return propagate(next);
    if (!*next) return all;
    const RecordView& view = **next;
    all.push_back({.type = view.type,
                   .txid = view.txid,
                   .key = std::string(view.key),
                   .payload = std::string(view.payload),
                   .ref = view.ref});
  }
}

Result<Record> RecordLog::read(const RecordRef& ref) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->core->read(ref);
}

}  // namespace datawal
