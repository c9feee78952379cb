// The program over more segments than it may have files open.

#include <sys/resource.h>

#include <datawal/data_wal.hpp>

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

class FewDescriptorsProgram : public ProgramTest {};

TEST_F(FewDescriptorsProgram, AreEnoughToLookAtFourHundredSegments) {
  {
    DataWal store = DataWal::open(in_dir("store"), {.max_segment_bytes = 40}).value();
    for (int n = 0; n < 400; ++n) store.put("key " + std::to_string(n), "value").value();
    store.close().value();
  }
  in_child([&] {
    const rlimit limit{.rlim_cur = 40, .rlim_max = 40};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (const std::vector<std::string>& arguments :
         std::initializer_list<std::vector<std::string>>{{"verify", "store"},
                                                         {"scan", "store"},
                                                         {"stat", "store"},
                                                         {"tail", "store"},
                                                         {"check", "store"},
                                                         {"export", "store", "lines"},
                                                         {"checkpoint", "store", "copy"},
                                                         {"get", "store", "--key", "key 3"}}) {
      const Ended ended = run(arguments);
      EXPECT_EQ(ended.status, 0) << arguments.front() << '\n' << ended.err;
    }
  });
}

}  // namespace
}  // namespace datawal::test
