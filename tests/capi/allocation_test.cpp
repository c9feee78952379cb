// No call of datawal.h that succeeds allocates more than what it hands over, where records are read from a mapping. Counts what operator new and malloc are asked for within a
// call; linked with --wrap=malloc.

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <vector>

#include "capi/capi_support.hpp"

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names
extern "C" {
void* __real_malloc(std::size_t size);
void* __wrap_malloc(std::size_t size);
}

namespace {

thread_local std::uint64_t bytes_taken = 0;

void* take(std::size_t size) noexcept {
  bytes_taken += size;
  return __real_malloc(size == 0 ? 1 : size);
}

void* take_or_throw(std::size_t size) {
  void* const memory = take(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* __wrap_malloc(std::size_t size) { return take(size); }
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

// NOLINTBEGIN(cert-dcl54-cpp,misc-new-delete-overloads): the array forms come down to these
void* operator new(std::size_t size) { return take_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept { return take(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
// NOLINTEND(cert-dcl54-cpp,misc-new-delete-overloads)

namespace datawal::test {
namespace {

class CapiAllocation : public CapiTest {
 protected:
  CapiAllocation() {
    for (int n = 0; n < 100; ++n) put(store_, std::to_string(n), "value");
    put(store_, "long", long_value_);
  }

  // The bytes that a call takes, once it has been made before.
  template <class Call>
  static std::uint64_t bytes_of(const Call& call) {
    EXPECT_EQ(call(), DATAWAL_OK) << last_error();
    const std::uint64_t before = bytes_taken;
    const datawal_code code = call();
    const std::uint64_t taken = bytes_taken - before;
    EXPECT_EQ(code, DATAWAL_OK) << last_error();
    return taken;
  }

  const std::string long_value_ = std::string(300'000, 'l');
  CStore store_ = open_store("kv");
  CLog log_ = open_log("log");
  datawal_error error_{};
};

TEST_F(CapiAllocation, OfABufferIsTheValueAndItsEnd) {
  datawal_buffer value{};
  int found = 0;
  for (const std::string_view key : {"1", "long"}) {
    const std::uint64_t wanted = (key == "1" ? 5 : long_value_.size()) + 1;
    EXPECT_EQ(bytes_of([&] {
                datawal_buffer_free(&value);
                return datawal_store_get(store_.get(), key.data(), key.size(), &value, &found, &error_);
              }),
              wanted);
  }
  datawal_buffer_free(&value);
}

TEST_F(CapiAllocation, IsNoneWhereNothingIsHandedOver) {
  char room[10];
  std::size_t len = 0;
  int found = 0;
  datawal_ref ref{};
  datawal_outcome outcome{};
  datawal_store* const kv = store_.get();
  datawal_error* const e = &error_;
  const struct {
    const char* name;
    std::function<datawal_code()> call;
  } rows[] = {
      {"get into", [&] { return datawal_store_get_into(kv, "1", 1, room, sizeof room, &len, &found, e); }},
      {"get a part", [&] { return datawal_store_get_into(kv, "long", 4, room, sizeof room, &len, &found, e); }},
      {"get nothing", [&] { return datawal_store_get_into(kv, "no", 2, room, sizeof room, &len, &found, e); }},
      {"contains", [&] { return datawal_store_contains(kv, "1", 1, &found, e); }},
      {"ref_of", [&] { return datawal_store_ref_of(kv, "1", 1, &ref, &found, e); }},
      {"put", [&] { return datawal_store_put(kv, "1", 1, "other", 5, DATAWAL_NO_SYNC, e); }},
      {"put, synced", [&] { return datawal_store_put(kv, "1", 1, "other", 5, DATAWAL_SYNC, e); }},
      {"put, told",
       [&] {
         return datawal_store_put_if(kv, "1", 1, DATAWAL_EXPECT_ANYTHING, nullptr, "value", 5, DATAWAL_NO_SYNC,
                                     &outcome, e);
       }},
      {"erase, told",
       [&] {
         return datawal_store_erase_if(kv, "2", 1, DATAWAL_EXPECT_ANYTHING, nullptr, DATAWAL_NO_SYNC, &outcome, e);
       }},
      {"erase", [&] { return datawal_store_erase(kv, "3", 1, DATAWAL_NO_SYNC, e); }},
      {"fsync", [&] { return datawal_store_fsync(kv, e); }},
      {"append", [&] { return datawal_log_append(log_.get(), "event", 5, DATAWAL_NO_SYNC, &ref, e); }},
      {"fsync of a log", [&] { return datawal_log_fsync(log_.get(), e); }},
  };
  for (const auto& row : rows) EXPECT_EQ(bytes_of(row.call), 0U) << row.name;
}

TEST_F(CapiAllocation, IsKeptByWhatIsUsedAgain) {
  datawal_values* values = nullptr;
  datawal_batch* batch = nullptr;
  ASSERT_EQ(datawal_values_new(&values, nullptr), DATAWAL_OK);
  ASSERT_EQ(datawal_batch_new(&batch, nullptr), DATAWAL_OK);
  const std::size_t lens[] = {1, 1};
  EXPECT_EQ(bytes_of([&] { return datawal_store_multi_get(store_.get(), "12", lens, 2, values, &error_); }), 0U);
  EXPECT_EQ(bytes_of([&] {
              datawal_batch_clear(batch);
              return datawal_batch_put(batch, "key", 3, "value", 5, &error_);
            }),
            0U);
  datawal_values_free(values);
  datawal_batch_free(batch);
}

TEST_F(CapiAllocation, OfAWalkIsNoneForARecord) {
#ifndef NDEBUG
  GTEST_SKIP() << "a library that looks for mistakes lends copies";
#endif
  for (int n = 0; n < 10; ++n) append(log_, "event", DATAWAL_NO_SYNC);
  datawal_cursor* cursor = nullptr;
  ASSERT_EQ(datawal_log_records(log_.get(), &cursor, nullptr), DATAWAL_OK);
  const datawal_record* record = nullptr;
  EXPECT_EQ(bytes_of([&] { return datawal_cursor_next(cursor, &record, &error_); }), 0U);
  EXPECT_NE(record, nullptr);
  datawal_cursor_free(cursor);
}

}  // namespace
}  // namespace datawal::test
