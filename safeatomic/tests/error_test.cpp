#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/error.hpp>

namespace safeatomic {
namespace {

TEST(Error, SaysWhatWasTriedOnWhatAndWhyItFailed) {
  const Error error{Errc::io, "sync directory", "/x/y", EIO};
  EXPECT_EQ(error.message(), "cannot sync directory /x/y: Input/output error (EIO)");
}

TEST(Error, SaysItsReasonWhereTheSystemHasNone) {
  const Error error{Errc::not_regular, "replace", "/x", 0};
  EXPECT_EQ(error.message(), "cannot replace /x: it is not a regular file");
}

TEST(Error, SaysBothWhereTheNumberMisleads) {
  const Error error{Errc::not_regular, "open", "/x", ELOOP};
  EXPECT_EQ(error.message(), "cannot open /x: it is not a regular file: Too many levels of symbolic links (ELOOP)");
}

TEST(Error, DoesWithoutAPath) {
  const Error error{Errc::io, "draw a random number", {}, EIO};
  EXPECT_EQ(error.message(), "cannot draw a random number: Input/output error (EIO)");
}

TEST(Error, EachNumberHasItsCode) {
  static constexpr struct {
    const char* name;
    int os_errno;
    Errc want;
  } rows[] = {
      {"disk full", ENOSPC, Errc::no_space},
      {"quota used up", EDQUOT, Errc::no_space},
      {"absent", ENOENT, Errc::not_found},
      {"present", EEXIST, Errc::already_exists},
      {"not readable", EACCES, Errc::permission},
      {"not allowed", EPERM, Errc::permission},
      {"mounted read-only", EROFS, Errc::permission},
      {"a directory", EISDIR, Errc::not_regular},
      {"no such operation", EOPNOTSUPP, Errc::unsupported},
      {"no such call", ENOSYS, Errc::unsupported},
      {"another filesystem", EXDEV, Errc::other_filesystem},
      {"a signal", EINTR, Errc::interrupted},
      {"name too long", ENAMETOOLONG, Errc::invalid_argument},
      {"disk broken", EIO, Errc::io},
      {"something new", 4000, Errc::io},
  };
  for (const auto& row : rows) EXPECT_EQ(errc_of(row.os_errno), row.want) << row.name;
}

TEST(Error, UnknownNumbersAreStillNamed) {
  const Error error{Errc::io, "read", "/x", 4000};
  EXPECT_NE(error.message().find("4000"), std::string::npos) << error.message();
}

}  // namespace
}  // namespace safeatomic
