#include "log/read/cursor.hpp"

#include <utility>

#include "log/read/lent_record.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] RecordCursor::Impl {
  std::optional<log::LogScanner> scanner{};  // empty if the cursor could never begin
  std::optional<RecordRef> skipped{};        // must be found first, and is left out
  bool is_known = false;                     // by the reader itself, to be the place of a record
  std::optional<Error> error{};
  std::optional<DurableEnd> limit{};  // records after it are not shown
  bool is_over = false;               // it has reached that
  log::LentRecord lent{};
};

RecordCursor::RecordCursor(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RecordCursor::RecordCursor(RecordCursor&&) noexcept = default;
RecordCursor& RecordCursor::operator=(RecordCursor&&) noexcept = default;
RecordCursor::~RecordCursor() = default;

namespace {

bool lies_behind(const RecordRef& ref, const DurableEnd& end) noexcept {
  return ref.segment > end.segment || (ref.segment == end.segment && ref.offset >= end.offset);
}

// The walk is before the record that the caller saw last: it must still be there, unchanged.
[[gnu::cold]] Result<void> skip(log::LogScanner& scanner, const RecordRef& seen, bool is_known) {
  RecordView record;
  Result<bool> found = scanner.next(record);
  if (found && *found && record.ref == seen) {
    scanner.began_at(is_known ? log::Start::proven : log::Start::named);
    return {};
  }
  // A file that could not be read says nothing about what is in it.
  if (!found && (found.error().code == Errc::io || found.error().code == Errc::snapshot_expired))
    return propagate(found);
  return std::unexpected(Error{.code = Errc::place_lost,
                               .action = "read on",
                               .segment = seen.segment,
                               .offset = seen.offset,
                               .detail = "the record that was read last is not there any more"});
}

}  // namespace

Result<std::optional<RecordView>> RecordCursor::next() {
  if (!impl_) [[unlikely]] {
    return std::unexpected(Error{.code = Errc::closed, .action = "read on", .detail = "this cursor was moved from"});
  }
  Impl& impl = *impl_;
  if (!impl.skipped && !impl.error && !impl.limit && impl.scanner->next_buffered()) [[likely]]
    return impl.lent.lend(impl.scanner->view());
  if (impl.skipped && !impl.error) [[unlikely]] {
    if (Result<void> skipped = skip(*impl.scanner, *std::exchange(impl.skipped, std::nullopt), impl.is_known);
        !skipped) {
      impl.error = std::move(skipped.error());
    }
  }
  if (impl.error) [[unlikely]]
    return std::unexpected(*impl.error);
  if (impl.is_over) return std::nullopt;
  RecordView record;
  Result<bool> more = impl.scanner->next(record);
  if (!more) [[unlikely]]
    return propagate(more);
  if (!*more) return std::nullopt;
  impl.is_over = impl.limit && lies_behind(record.ref, *impl.limit);
  if (impl.is_over) return std::nullopt;
  return impl.lent.lend(record);
}

const RecoveryReport& RecordCursor::report() const noexcept {
  return impl_ && impl_->scanner ? impl_->scanner->report() : log::no_report;
}

RecordCursor log::make_cursor(std::shared_ptr<const log::Snapshot> snapshot, log::LastSegment last, log::Position from,
                              const std::optional<RecordRef>& skipped, const std::optional<DurableEnd>& limit) {
  auto impl = std::make_unique<RecordCursor::Impl>();
  impl->skipped = skipped;
  impl->limit = limit;
  impl->is_known = skipped && skipped->txid != 0 && *skipped == snapshot->known;
  impl->scanner.emplace(std::move(snapshot), last, from);
  return RecordCursor(std::move(impl));
}

RecordCursor log::failed_cursor(Error error) {
  auto impl = std::make_unique<RecordCursor::Impl>();
  impl->error = std::move(error);
  return RecordCursor(std::move(impl));
}

}  // namespace datawal
