#include <cerrno>

#include <gtest/gtest.h>

#include <datawal/error.hpp>

#include "base/io_error.hpp"
#include "support/printing.hpp"

namespace datawal {
namespace {

TEST(Error, CodesAreCalledAsTheyStandInTheHeader) {
  static constexpr struct {
    Errc code;
    std::string_view name;
  } rows[] = {
      {Errc::io, "io"},
      {Errc::no_space, "no_space"},
      {Errc::locked, "locked"},
      {Errc::corruption, "corruption"},
      {Errc::unsupported_version, "unsupported_version"},
      {Errc::invalid_argument, "invalid_argument"},
      {Errc::not_found, "not_found"},
      {Errc::already_exists, "already_exists"},
      {Errc::snapshot_expired, "snapshot_expired"},
      {Errc::place_lost, "place_lost"},
      {Errc::poisoned, "poisoned"},
      {Errc::closed, "closed"},
  };
  for (const auto& row : rows) EXPECT_EQ(name_of(row.code), row.name);
}

TEST(Error, IsOneSentenceThatSaysWhatToDo) {
  static const struct {
    const char* name;
    Error error;
    const char* want;
  } rows[] = {
      {"damage in a segment",
       {.code = Errc::corruption,
        .action = "open store",
        .path = "/data/log/00000003.dwal",
        .segment = 3,
        .offset = 120,
        .detail = "checksum mismatch"},
       "cannot open store /data/log/00000003.dwal (segment 3, offset 120): checksum mismatch; nothing was changed: run "
       "`datawal verify /data/log`, then `datawal repair /data/log --salvage OUT`, which loses the damaged places "
       "alone; `datawal repair /data/log` sets everything behind the first of them aside; or restore a backup"},
      {"damage at a segment's first byte",
       {.code = Errc::corruption,
        .action = "open store",
        .path = "00000001.dwal",
        .segment = 1,
        .detail = "no record's magic"},
       "cannot open store 00000001.dwal (segment 1, offset 0): no record's magic; nothing was changed: run `datawal "
       "verify .`, "
       "then `datawal repair . --salvage OUT`, which loses the damaged places alone; `datawal repair .` sets "
       "everything behind the first of them aside; or restore a backup"},
      {"damage without a path",
       {.code = Errc::corruption, .action = "read record", .segment = 2, .offset = 33},
       "cannot read record (segment 2, offset 33): the stored bytes are damaged; nothing was changed: run `datawal "
       "verify "
       "DIR`, then `datawal repair DIR --salvage OUT`, which loses the damaged places alone; `datawal repair DIR` sets "
       "everything behind the first of them aside; or restore a backup"},
      {"a directory that a shell would take apart",
       {.code = Errc::corruption, .action = "open store", .path = "/data/my log's", .detail = "segments are missing"},
       "cannot open store '/data/my log'\\''s': segments are missing; nothing was changed: run `datawal verify "
       "'/data/my "
       "log'\\''s'`, then `datawal repair '/data/my log'\\''s' --salvage OUT`, which loses the damaged places alone; "
       "`datawal repair '/data/my log'\\''s'` sets everything behind the first of them aside; or restore a backup"},
      {"a name that would drive a terminal",
       {.code = Errc::not_found, .action = "open store", .path = "a\x1b[2J\nb"},
       "cannot open store $'a\\x1b[2J\\x0ab': it is not there; check the path"},
      {"a newer record",
       {.code = Errc::unsupported_version,
        .action = "open store",
        .path = "/d/00000001.dwal",
        .segment = 1,
        .offset = 0,
        .detail = "version 2"},
       "cannot open store /d/00000001.dwal (segment 1, offset 0): version 2; nothing was changed: use a newer datawal"},
      {"no room",
       {.code = Errc::no_space,
        .action = "append record",
        .path = "/d/00000001.dwal",
        .segment = 1,
        .os_errno = ENOSPC},
       "cannot append record /d/00000001.dwal (segment 1): No space left on device; free room on that filesystem, then "
       "go on"},
      {"no room, and how much is needed",
       {.code = Errc::no_space,
        .action = "keep torn tail",
        .path = "/d",
        .os_errno = ENOSPC,
        .detail = "4096 bytes are needed"},
       "cannot keep torn tail /d: 4096 bytes are needed (No space left on device); free room on that filesystem, then "
       "go on"},
      {"held by another process",
       {.code = Errc::locked, .action = "lock store", .path = "/d", .detail = "process 42 holds the directory's lock"},
       "cannot lock store /d: process 42 holds the directory's lock; wait for that process or end it"},
      {"held by this process",
       {.code = Errc::locked,
        .action = "lock store",
        .path = "/d",
        .os_errno = EDEADLK,
        .detail = "another handle of this process holds the lock"},
       "cannot lock store /d: another handle of this process holds the lock; use that handle, or close it first"},
      {"a name that is too long",
       {.code = Errc::io, .action = "open store", .path = "/d", .os_errno = ENAMETOOLONG},
       "cannot open store /d: File name too long; choose a shorter name"},
      {"a limit of the process",
       {.code = Errc::io, .action = "append record", .path = "/d", .os_errno = EFBIG},
       "cannot append record /d: File too large; raise the limit on the size of files, then try again"},
      {"a disk that fails",
       {.code = Errc::io, .action = "sync segment", .path = "/d/00000001.dwal", .segment = 1, .os_errno = EIO},
       "cannot sync segment /d/00000001.dwal (segment 1): Input/output error; check the disk and the system's log, "
       "then try "
       "again"},
      {"not allowed",
       {.code = Errc::io, .action = "open store", .path = "/d", .os_errno = EACCES},
       "cannot open store /d: Permission denied; check the owner and the permissions of the file and of its "
       "directories"},
      {"a record that moved",
       {.code = Errc::not_found, .action = "read record", .path = "/d/00000001.dwal", .segment = 1, .offset = 99},
       "cannot read record /d/00000001.dwal (segment 1, offset 99): it is not there; look the record up again, it may "
       "have "
       "moved"},
      {"something in the way",
       {.code = Errc::already_exists, .action = "salvage into", .path = "/out"},
       "cannot salvage into /out: it is there already; choose another name, or move what is there out of the way"},
      {"a wrong argument",
       {.code = Errc::invalid_argument,
        .action = "append record",
        .detail = "the payload is longer than 67108864 bytes"},
       "cannot append record: the payload is longer than 67108864 bytes; nothing was changed: correct that and try "
       "again"},
      {"an old snapshot",
       {.code = Errc::snapshot_expired, .action = "read segment", .path = "/d/00000001.dwal", .segment = 1},
       "cannot read segment /d/00000001.dwal (segment 1): the files of this snapshot were replaced; call refresh(), or "
       "open "
       "again"},
      {"a poisoned handle",
       {.code = Errc::poisoned,
        .action = "append record",
        .path = "/d",
        .os_errno = EIO,
        .detail = "sync segment failed earlier"},
       "cannot append record /d: sync segment failed earlier (Input/output error); close the handle and open the store "
       "again to "
       "recover"},
      {"a closed handle",
       {.code = Errc::closed},
       "cannot go on: the handle was closed, or belongs to another process; open the store in this process"},
  };
  for (const auto& row : rows) EXPECT_EQ(row.error.message(), row.want) << row.name;
}

TEST(Error, OfSafeatomicKeepsWhatTheOperatingSystemSaid) {
  using Below = safeatomic::Errc;
  static constexpr struct {
    Below below;
    Errc want;
    int os_errno;
  } rows[] = {
      {Below::io, Errc::io, EIO},
      {Below::no_space, Errc::no_space, ENOSPC},
      {Below::no_space, Errc::no_space, EDQUOT},
      {Below::not_found, Errc::not_found, ENOENT},
      {Below::already_exists, Errc::already_exists, EEXIST},
      {Below::permission, Errc::io, EACCES},
      {Below::unsupported, Errc::io, EOPNOTSUPP},
      {Below::other_filesystem, Errc::io, EXDEV},
      {Below::interrupted, Errc::io, EINTR},
      {Below::invalid_argument, Errc::io, EINVAL},
  };
  for (const auto& row : rows) {
    const Error error = error_of({.code = row.below, .action = "do it", .path = "/p", .os_errno = row.os_errno});
    EXPECT_EQ(error.code, row.want) << row.os_errno;
    EXPECT_EQ(error.action, "do it");
    EXPECT_EQ(error.path, "/p");
    EXPECT_EQ(error.os_errno, row.os_errno);
    EXPECT_EQ(error.detail, "");
  }
}

TEST(Error, OfSafeatomicSaysWhyEvenWithoutAnErrno) {
  for (int code = 0; code <= static_cast<int>(safeatomic::Errc::invalid_argument); ++code) {
    const Error error = error_of({.code = static_cast<safeatomic::Errc>(code), .action = "do it", .path = {}});
    EXPECT_EQ(error.message().find("unknown"), std::string::npos) << code;
  }
}

TEST(Error, OfSafeatomicCallsAFifoWhatItIs) {
  const Error error = error_of(
      {.code = safeatomic::Errc::not_regular, .action = "open", .path = "/d/.lock", .os_errno = ELOOP}, "lock store");
  EXPECT_EQ(error.code, Errc::invalid_argument);
  EXPECT_EQ(error.action, "lock store");
  EXPECT_EQ(error.detail, "it is not a regular file");
  EXPECT_EQ(error.os_errno, 0);
}

TEST(Error, LiftingTurnsAFailedCallBelowIntoOneOfOurs) {
  const safeatomic::Result<int> failed = std::unexpected(
      safeatomic::Error{.code = safeatomic::Errc::no_space, .action = "write", .path = "/p", .os_errno = ENOSPC});
  const Result<std::string> lifted = io_failure(failed, "append record");
  ASSERT_FALSE(lifted);
  EXPECT_EQ(lifted.error().code, Errc::no_space);
  EXPECT_EQ(lifted.error().action, "append record");
}

}  // namespace
}  // namespace datawal
