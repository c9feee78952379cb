#include "segment/runs.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "format/crc32c_join.hpp"
#include "format/frame.hpp"
#include "segment/run_list.hpp"
#include "segment/scanner.hpp"

namespace datawal::segment {

namespace {

using format::Stop;

constexpr std::uint64_t min_frame_len = format::frame_len(0, 0);
// The budget for proofs, in bytes of CRC work for each byte searched, and the fixed cost of one.
constexpr std::uint64_t proof_work_per_byte = 4;
constexpr std::uint64_t proof_work_at_first = 1024 * 1024;
constexpr std::uint64_t proof_overhead = 1024;
constexpr std::uint64_t free_proofs = 8;  // for each damaged record

// What the header of a damaged record says, as far as it can be read.
struct Announcement {
  std::array<char, format::header_len> bytes{};
  format::Header header{};
  std::uint64_t end = 0;  // where the record ends by it; 0 if its lengths are impossible
  bool is_sound = false;  // nothing is wrong with the header itself
  bool is_empty = true;   // no key and no payload, as zeros read
};

// The checksums of the bytes between a header and later places, each byte read once.
class BodyCrc {
 public:
  BodyCrc(safeatomic::File& file, std::uint64_t begin) : file_(file), begin_(begin), at_(begin) {}

  // The checksum of the bytes up to `end`, never below that of the call before; nullopt if the file is shorter.
  Result<std::optional<std::uint32_t>> upto(std::uint64_t end) {
    while (at_ < end) {
      Result<std::string_view> bytes = ahead(1);
      if (!bytes) return propagate(bytes);
      if (bytes->empty()) return std::nullopt;
      const std::string_view some = bytes->substr(
          0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes->size(), end - at_)));
      crc_ = format::crc32c(some, crc_);
      at_ += some.size();
    }
    return crc_;
  }
  // The first magic that begins in [from, limit); bytes more than a checksum before it may have been passed.
  Result<std::optional<std::uint64_t>> find_magic(std::uint64_t from, std::uint64_t limit) {
    while (from < limit) {
      Result<std::string_view> bytes = ahead(static_cast<std::size_t>(from - at_) + format::magic.size());
      if (!bytes) return propagate(bytes);
      const std::size_t pos = bytes->find(format::magic, static_cast<std::size_t>(from - at_));
      if (pos != std::string_view::npos) {
        return at_ + pos < limit ? std::optional(at_ + pos) : std::nullopt;
      }
      const std::uint64_t end = at_ + bytes->size();
      if (end < from + format::magic.size()) return std::nullopt;
      from = end - (format::magic.size() - 1);
      Result<std::optional<std::uint32_t>> passed = upto(std::max(at_, std::min(from, limit) - format::crc_len));
      if (!passed) return propagate(passed);
    }
    return std::nullopt;
  }
  // The checksum stored there; nullopt if the file is shorter.
  Result<std::optional<std::uint32_t>> stored() {
    Result<std::string_view> bytes = ahead(format::crc_len);
    if (!bytes) return propagate(bytes);
    if (bytes->size() < format::crc_len) return std::nullopt;
    return format::load<std::uint32_t>(bytes->data());
  }
  [[nodiscard]] std::uint64_t at() const noexcept { return at_; }
  [[nodiscard]] std::uint64_t len() const noexcept { return at_ - begin_; }

 private:
  // The next bytes, at least this many unless the file is shorter. Mostly few are wanted.
  Result<std::string_view> ahead(std::size_t len) {
    if (buffer_end_ < at_ + len) {
      buffer_.resize(std::max(len, std::min(buffer_.empty() ? 4096 : 2 * buffer_.size(), Scanner::block_len)));
      const safeatomic::Result<std::size_t> got = safeatomic::read_all(file_, at_, buffer_);
      if (!got) return io_failure(got, "read segment");
      buffer_begin_ = at_;
      buffer_end_ = at_ + *got;
    }
    return std::string_view(buffer_).substr(static_cast<std::size_t>(at_ - buffer_begin_),
                                            static_cast<std::size_t>(buffer_end_ - at_));
  }

  safeatomic::File& file_;
  const std::uint64_t begin_;
  std::uint64_t at_;
  std::uint32_t crc_ = 0;
  std::string buffer_;
  std::uint64_t buffer_begin_ = 0;
  std::uint64_t buffer_end_ = 0;
};

class RunFinder {
 public:
  RunFinder(safeatomic::File& file, const RunSearch& search, CrcWork& work,
            const std::function<Result<void>(const Run&)>& found)
      : file_(file), search_(search), work_(work), found_(found), last_txid_(search.previous_txid) {}

  Result<Apart> run() {
    std::uint64_t at = search_.begin;
    scanner_.start(file_, at, search_.end);
    while (at < search_.end) {
      Result<std::uint64_t> stop = follow(at);
      if (!stop) return propagate(stop);
      if (is_at_end()) break;
      Result<std::uint64_t> next = next_start(*stop);
      if (!next) return propagate(next);
      if (Result<void> counted = count_apart(*stop, *next); !counted) return propagate(counted);
      at = *next;
    }
    return apart_;
  }

 private:
  // Reads the records from `at` on, back to back; returns where they stop.
  Result<std::uint64_t> follow(std::uint64_t at) {
    scanner_.skip_to(at);
    Run run{.begin = at, .end = at};
    for (;;) {
      Result<Stop> stop = scanner_.next();
      if (!stop) return propagate(stop);
      stop_ = *stop;
      if (stop_ == Stop::txid_order && run.records > 0) {
        if (Result<void> told = tell(run); !told) return propagate(told);
        run = {.begin = run.end, .end = run.end};
        scanner_.forget_txid();
        continue;
      }
      if (stop_ != Stop::none) break;
      const std::uint64_t txid = scanner_.frame().txid;
      if (run.records++ == 0) run.first_txid = txid;
      run.last_txid = txid;
      run.end = scanner_.end();
    }
    if (Result<void> told = tell(run); !told) return propagate(told);
    return scanner_.end();
  }

  Result<void> tell(const Run& run) {
    if (run.records == 0) return {};
    last_txid_ = run.last_txid;
    return found_(run);
  }

  [[nodiscard]] bool is_at_end() const noexcept { return stop_ == Stop::end_of_input || stop_ == Stop::zeros; }

  // No record can be read at `at`: returns where the next one begins; the end if there is none.
  Result<std::uint64_t> next_start(std::uint64_t at) {
    Result<Announcement> announced = announcement(at);
    if (!announced) return propagate(announced);
    if (runs_) {
      if (Result<void> passed = runs_->pass(at + 1); !passed) return propagate(passed);
    } else {
      Result<bool> simple = leads_to_the_end(at, *announced);
      if (!simple) return propagate(simple);
      if (*simple) return announced->end;
      if (Result<void> listed = list(at); !listed) return propagate(listed);
    }
    Result<std::optional<std::uint64_t>> proven = prove(at, *announced);
    if (!proven) return propagate(proven);
    if (*proven) return std::min(**proven, search_.end);
    return choose(at, *announced);
  }

  Result<Announcement> announcement(std::uint64_t at) {
    Announcement result;
    if (search_.end - at < format::header_len) return result;
    const safeatomic::Result<std::size_t> got = safeatomic::read_all(file_, at, result.bytes);
    if (!got) return io_failure(got, "read segment");
    if (*got < result.bytes.size()) return result;
    const char* from = result.bytes.data();
    result.header = format::load_header(from);
    result.is_sound = format::is_sound_header(from);
    result.is_empty = result.header.key_len == 0 && result.header.payload_len == 0;
    if (result.header.key_len <= max_key_len && result.header.payload_len <= max_payload_len) {
      result.end = at + format::frame_len(result.header);
    }
    return result;
  }

  // The usual case, one damaged record: after its announced end the records continue, with the next txid, to the end of the segment.
  Result<bool> leads_to_the_end(std::uint64_t at, const Announcement& announced) {
    if (announced.end == 0 || announced.end >= search_.end || (announced.is_empty && !announced.is_sound)) return false;
    if (at != search_.begin && last_txid_ && announced.header.txid <= *last_txid_) return false;
    Scanner ahead;
    ahead.start(file_, announced.end, search_.end, announced.header.txid);
    for (bool is_first = true;; is_first = false) {
      Result<Stop> stop = ahead.next();
      if (!stop) return propagate(stop);
      if (*stop != Stop::none) return !is_first && (*stop == Stop::end_of_input || *stop == Stop::zeros);
      if (is_first && ahead.frame().txid != announced.header.txid + 1) return false;
    }
  }

  Result<void> list(std::uint64_t at) {
    Result<std::uint64_t> data_end = end_of_data(file_, at, search_.end);
    if (!data_end) return propagate(data_end);
    Result<RunList> runs = RunList::of(file_, at + 1, search_.end, *data_end, work_);
    if (!runs) return propagate(runs);
    runs_ = std::move(*runs);
    data_end_ = runs_->data_end();
    return {};
  }

  // Where the record at `at` ends if only one of its lengths is damaged: its own checksum is right for the length it had.
  Result<std::optional<std::uint64_t>> prove(std::uint64_t at, const Announcement& announced) {
    if (!is_sound_but_for_a_length(announced)) return std::nullopt;
    BodyCrc body(file_, at + format::header_len);
    // The bytes that it passes pay for a successful proof.
    const std::uint64_t work_before = proof_work_;
    const std::uint64_t limit = std::min({search_.end, data_end_ + format::crc_len - 1, at + format::max_frame_len});
    std::uint64_t end = at + min_frame_len;
    for (std::uint64_t tries = 0; end <= limit; ++end, ++tries) {
      // The nearest bytes are looked at for every damaged record: together they read no byte more often than that.
      const bool is_free = tries < free_proofs;
      const std::uint64_t read_before = body.len();
      Result<std::uint64_t> next = next_end(body, end, is_free ? limit : std::min(limit, body.at() + proof_left()));
      if (!next) return propagate(next);
      end = *next;
      Result<bool> is_right = end <= limit ? is_proven(announced, body, end, end - at - min_frame_len) : false;
      if (!is_right) return propagate(is_right);
      if (*is_right) {
        proof_work_ = work_before;
        return end;
      }
      if (!is_free) proof_work_ += proof_overhead + (body.len() - read_before);
    }
    return std::nullopt;
  }

  // The first place from `end` to `limit` where the record may end: where the next one seems to begin, or at the end of the data plus
  // some zeros of a checksum. Beyond the segment if there is none.
  Result<std::uint64_t> next_end(BodyCrc& body, std::uint64_t end, std::uint64_t limit) const {
    if (end < data_end_) {
      Result<std::optional<std::uint64_t>> hit = body.find_magic(end, std::min(limit, data_end_));
      if (!hit) return propagate(hit);
      if (*hit) return **hit;
    }
    if (limit < data_end_) return search_.end + 1;
    return std::max(end, data_end_);
  }

  // With one length corrected, whatever it is now.
  static bool is_sound_but_for_a_length(const Announcement& announced) noexcept {
    std::array<char, format::header_len> bytes = announced.bytes;
    format::store(bytes.data() + format::field::key_len, std::uint32_t{0});
    format::store(bytes.data() + format::field::payload_len, std::uint32_t{0});
    return format::is_sound_header(bytes.data());
  }

  [[nodiscard]] std::uint64_t proof_left() const noexcept {
    const std::uint64_t limit = proof_work_at_first + proof_work_per_byte * (search_.end - search_.begin);
    return limit - std::min(limit, proof_work_);
  }

  Result<bool> is_proven(const Announcement& announced, BodyCrc& body, std::uint64_t end, std::uint64_t both_lengths) {
    Result<std::optional<std::uint32_t>> crc = body.upto(end - format::crc_len);
    if (!crc) return propagate(crc);
    if (!*crc) return false;
    Result<std::optional<std::uint32_t>> want = body.stored();
    if (!want) return propagate(want);
    if (!*want) return false;
    const auto is_right_with = [&](std::uint64_t key_len, std::uint64_t payload_len) {
      if (key_len > max_key_len || payload_len > max_payload_len) return false;
      std::array<char, format::header_len> bytes = announced.bytes;
      format::store(bytes.data() + format::field::key_len, static_cast<std::uint32_t>(key_len));
      format::store(bytes.data() + format::field::payload_len, static_cast<std::uint32_t>(payload_len));
      const std::uint32_t head = format::crc32c({bytes.data(), bytes.size()});
      return (format::crc32c_behind(head, body.len()) ^ **crc) == **want;
    };
    const std::uint64_t key_len = announced.header.key_len;
    const std::uint64_t payload_len = announced.header.payload_len;
    return (key_len <= both_lengths && is_right_with(key_len, both_lengths - key_len)) ||
           (payload_len <= both_lengths && is_right_with(both_lengths - payload_len, payload_len));
  }

  // By the announced length, and by the chains of txids.
  Result<std::uint64_t> choose(std::uint64_t at, const Announcement& announced) {
    const std::optional<std::uint64_t> txid = at == search_.begin ? std::nullopt : last_txid_;
    const AnchoredRuns& anchored = runs_->anchored();
    // True if records that reach the end of the segment run across the announced end.
    const bool is_refuted = announced.end != 0 && anchored.cross(at, announced.end, txid);
    const bool may_announce = announced.end != 0 && (announced.is_sound || !announced.is_empty) && !is_refuted;
    if (may_announce) {
      if (announced.end >= data_end_ && announced.end <= search_.end) return search_.end;
      Result<std::optional<Run>> next = runs_->starting_at(announced.end);
      if (!next) return propagate(next);
      if (*next && ascends(at, **next)) return announced.end;
    }
    const bool is_opaque = announced.is_sound && !is_refuted;
    const std::uint64_t from = is_opaque ? announced.end : at + 1;
    const Run* anchor = anchored.first_from(from, txid);
    const std::uint64_t anchor_at = anchor == nullptr ? search_.end : anchor->begin;
    if (is_refuted) return anchor_at;
    for (std::uint64_t next = from;;) {
      Result<std::optional<Run>> run = runs_->first_from(next);
      if (!run) return propagate(run);
      if (!*run || (*run)->begin >= anchor_at) return anchor_at;
      if (fits(at, **run, anchor)) return (*run)->begin;
      next = (*run)->begin + 1;
    }
  }

  // Segments may have been swapped, so the first txids need not ascend.
  [[nodiscard]] bool ascends(std::uint64_t at, const Run& run) const noexcept {
    return at == search_.begin || !last_txid_ || run.first_txid > *last_txid_;
  }

  // True if a damaged record fits in before and after the run, which is not all there is up to `anchor`.
  [[nodiscard]] bool fits(std::uint64_t at, const Run& run, const Run* anchor) const noexcept {
    const std::uint64_t room = run.begin - at;
    const std::uint64_t last = last_txid_.value_or(0);
    if (room < min_frame_len || run.first_txid <= last || run.first_txid - last < 2) return false;
    if (anchor == nullptr) {
      const std::uint64_t missing = run.first_txid - last - 1;
      return missing <= room / min_frame_len && data_end_ - run.end >= min_frame_len;
    }
    return run.end + min_frame_len <= anchor->begin && run.last_txid < anchor->first_txid &&
           anchor->first_txid - run.last_txid >= 2;
  }

  Result<void> count_apart(std::uint64_t begin, std::uint64_t end) {
    if (end - begin < min_frame_len) return {};
    Result<std::uint64_t> count = find_records(
        file_, begin, end, work_, [this](std::uint64_t, const format::DecodedRecord& record) -> Result<void> {
          apart_.highest_txid = std::max(apart_.highest_txid, record.txid);
          return {};
        });
    if (!count) return propagate(count);
    apart_.records += *count;
    return {};
  }

  safeatomic::File& file_;
  const RunSearch search_;
  CrcWork& work_;
  const std::function<Result<void>(const Run&)>& found_;
  std::optional<std::uint64_t> last_txid_;  // of the chain so far
  Scanner scanner_;
  Stop stop_ = Stop::none;
  std::optional<RunList> runs_;  // once it is not the usual case
  std::uint64_t data_end_ = 0;
  std::uint64_t proof_work_ = 0;
  Apart apart_;
};

}  // namespace

Result<Apart> find_runs(safeatomic::File& file, const RunSearch& search, CrcWork& work,
                        const std::function<Result<void>(const Run&)>& found) {
  return RunFinder(file, search, work, found).run();
}

Result<std::uint64_t> count_in_runs(safeatomic::File& file, const RunSearch& search) {
  constexpr std::uint64_t run_work_per_byte = 4;
  CrcWork work{.limit = run_work_per_byte * (search.end - search.begin)};
  std::uint64_t count = 0;
  Result<Apart> apart = find_runs(file, search, work, [&count](const Run& run) -> Result<void> {
    count += run.records;
    return {};
  });
  if (!apart) return propagate(apart);
  return count;
}

}  // namespace datawal::segment
