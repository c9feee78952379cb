#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

// What the compiler makes of `if (store.contains("k"))` and the like. The argument is a parameter, since only in a template is a
// refusal a value.
template <class Store>
concept contains_is_a_condition = requires(Store& store) { store.contains("k") ? 1 : 0; };
template <class Store>
concept no_contains_is_a_condition = requires(Store& store) { !store.contains("k"); };
template <class Store>
concept get_is_a_condition = requires(Store& store) { store.get("k") ? 1 : 0; };
template <class Store>
concept ref_of_is_a_condition = requires(Store& store) { store.ref_of("k") ? 1 : 0; };
template <class Kept>
concept is_a_condition = requires(Kept& kept) { kept ? 1 : 0; };

TEST(Answer, OfContainsDoesNotCompileAsACondition) {
  EXPECT_FALSE(contains_is_a_condition<DataWal>);
  EXPECT_FALSE(contains_is_a_condition<const DataWalReader>);
  EXPECT_FALSE(no_contains_is_a_condition<DataWal>);
  EXPECT_FALSE(is_a_condition<Answer<bool>>) << "nor once it is kept";
}

TEST(Answer, OfGetDoesNotCompileAsAConditionUnlessItIsKept) {
  EXPECT_FALSE(get_is_a_condition<DataWal>);
  EXPECT_FALSE(get_is_a_condition<const DataWalReader>);
  EXPECT_FALSE(ref_of_is_a_condition<DataWal>);
  EXPECT_TRUE(is_a_condition<Answer<std::optional<std::string>>>);
}

TEST(Answer, IsTrueOnlyWhereTheCallWentWellAndSaidSo) {
  EXPECT_TRUE(Answer<bool>(true) == true);
  EXPECT_FALSE(Answer<bool>(false) == true);
  EXPECT_FALSE(Answer<bool>(std::unexpected(Error{.code = Errc::closed})) == true);
  EXPECT_FALSE(Answer<bool>(std::unexpected(Error{.code = Errc::closed})) == false);
}

TEST(Answer, IsAResultToWhateverTakesOne) {
  const auto passed_on = [](Answer<bool> answer) -> Result<int> {
    if (!answer.has_value()) return propagate(answer);
    const Result<bool> result = answer;
    return *result ? 1 : 0;
  };
  EXPECT_EQ(must(passed_on(true)), 1);
  EXPECT_TRUE(refused(passed_on(std::unexpected(Error{.code = Errc::closed})), Errc::closed));
}

}  // namespace
}  // namespace datawal::test
