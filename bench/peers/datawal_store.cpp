#include <array>
#include <vector>

#include <datawal/datawal.hpp>

#include "store.hpp"

namespace bench {

namespace {

using datawal::WritePath;

class Log final : public LogStore {
 public:
  Log(const std::filesystem::path& dir, WritePath path, Promise promise)
      : log_(*datawal::RecordLog::open(dir, {.write_path = path})), how_{.sync = promise == Promise::power} {}
  void append(std::string_view payload) override { require(log_.append(payload, how_).has_value(), "datawal append"); }
  void append_batch(std::string_view payload, std::size_t count) override {
    records_.assign(count, {.type = datawal::RecordType::Raw, .payload = payload});
    require(log_.append_batch(records_, how_).has_value(), "datawal append_batch");
  }

 private:
  datawal::RecordLog log_;
  datawal::WriteOptions how_;
  std::vector<datawal::RecordInput> records_;
};

class Reader final : public KeyReader {
 public:
  explicit Reader(const datawal::DataWal& db) : db_(db) {}
  std::int64_t get(std::string_view key) override {
    const auto value = db_.get(key);
    require(value.has_value(), "datawal get");
    return *value ? static_cast<std::int64_t>((*value)->size()) : -1;
  }

 private:
  const datawal::DataWal& db_;
};

class Keys final : public KeyStore {
 public:
  Keys(const std::filesystem::path& dir, WritePath path, Promise promise)
      : db_(*datawal::DataWal::open(dir, {.write_path = path})), how_{.sync = promise == Promise::power} {}
  void put(std::string_view key, std::string_view value) override {
    require(db_.put(key, value, how_).has_value(), "datawal put");
  }
  void fill(std::string_view keys, std::size_t key_len, std::string_view value) override {
    for (; !keys.empty(); keys.remove_prefix(key_len)) put(keys.substr(0, key_len), value);
  }
  std::unique_ptr<KeyReader> reader() override { return std::make_unique<Reader>(db_); }
  std::uint64_t scan() override {
    datawal::RecordCursor cursor = db_.log().records();
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    for (;;) {
      const auto record = cursor.next();
      require(record.has_value(), "datawal scan");
      if (!*record) break;
      sum += static_cast<unsigned char>((*record)->key[0]) + (*record)->payload.size();
      ++count;
    }
    require(sum != 0, "datawal scan");
    return count;
  }

 private:
  datawal::DataWal db_;
  datawal::WriteOptions how_;
};

template <WritePath path, Promise promise>
std::unique_ptr<LogStore> open_log(const std::filesystem::path& dir) {
  return std::make_unique<Log>(dir, path, promise);
}
template <WritePath path, Promise promise>
std::unique_ptr<KeyStore> open_keys(const std::filesystem::path& dir, std::size_t /*keys*/) {
  return std::make_unique<Keys>(dir, path, promise);
}

template <WritePath path, Promise promise>
Contender contender(const char* setting) {
  return {.name = "datawal",
          .setting = setting,
          .promise = promise,
          .open_log = open_log<path, promise>,
          .open_keys = open_keys<path, promise>,
          .is_variant = path == WritePath::append};
}

}  // namespace

std::span<const Contender> datawal_contenders() {
  static const std::array all{
      contender<WritePath::automatic, Promise::kill>("write path automatic"),
      contender<WritePath::append, Promise::kill>("write path append"),
      contender<WritePath::automatic, Promise::power>("automatic, synced"),
      contender<WritePath::append, Promise::power>("append, synced"),
  };
  return all;
}

}  // namespace bench
