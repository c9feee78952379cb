#pragma once
// An operator, accounts and a user as nsc makes them: keys, and JWTs that each signs for the next.

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace datawal::ship::test {

using Bytes = std::vector<unsigned char>;

inline std::string encoded(const Bytes& bytes, int bits_each, std::string_view alphabet) {
  std::string text;
  unsigned bits = 0;
  int count = 0;
  const unsigned mask = (1U << bits_each) - 1;
  for (const unsigned char byte : bytes) {
    bits = (bits << 8 | byte) & 0xFFFF;
    for (count += 8; count >= bits_each; count -= bits_each) text += alphabet[bits >> (count - bits_each) & mask];
  }
  if (count > 0) text += alphabet[bits << (bits_each - count) & mask];
  return text;
}
inline std::string base32(const Bytes& bytes) { return encoded(bytes, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"); }
inline std::string base64url(const Bytes& bytes) {
  return encoded(bytes, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
inline std::string base64url(std::string_view text) { return base64url(Bytes(text.begin(), text.end())); }

/// A pair of keys of one kind: 'O' operator, 'A' account, 'U' user.
class Nkey {
 public:
  explicit Nkey(char kind) : kind_(static_cast<unsigned char>((kind - 'A') << 3)), key_(nullptr, &EVP_PKEY_free) {
    EVP_PKEY* made = nullptr;
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr), &EVP_PKEY_CTX_free);
    if (EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_keygen(context.get(), &made) != 1)
      throw std::runtime_error("key");
    key_.reset(made);
  }

  [[nodiscard]] std::string open() const {
    Bytes bytes = {kind_};
    append_raw(bytes, &EVP_PKEY_get_raw_public_key);
    return checked(bytes);
  }
  [[nodiscard]] std::string seed() const {
    constexpr unsigned seed = 18U << 3;
    Bytes bytes = {static_cast<unsigned char>(seed | kind_ >> 5), static_cast<unsigned char>((kind_ & 31) << 3)};
    append_raw(bytes, &EVP_PKEY_get_raw_private_key);
    return checked(bytes);
  }
  [[nodiscard]] Bytes sign(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    Bytes signature(64);
    std::size_t size = signature.size();
    const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, data, text.size()) != 1)
      throw std::runtime_error("signature");
    return signature;
  }
  /// What this vouches for of `subject`.
  [[nodiscard]] std::string jwt(const std::string& subject, const std::string& name, const std::string& nats) const {
    const std::string text = base64url(R"({"typ":"JWT","alg":"ed25519-nkey"})") + '.' +
                             base64url(R"({"jti":")" + name + R"(","iat":1700000000,"iss":")" + open() +
                                       R"(","name":")" + name + R"(","sub":")" + subject + R"(","nats":)" + nats + '}');
    return text + '.' + base64url(sign(text));
  }

 private:
  void append_raw(Bytes& bytes, int (*get)(const EVP_PKEY*, unsigned char*, std::size_t*)) const {
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    if (get(key_.get(), raw.data(), &size) != 1) throw std::runtime_error("key");
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
  static std::string checked(Bytes bytes) {
    unsigned crc = 0;
    for (const unsigned char byte : bytes) {
      crc ^= static_cast<unsigned>(byte) << 8;
      for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1;
    }
    bytes.push_back(static_cast<unsigned char>(crc & 255));
    bytes.push_back(static_cast<unsigned char>(crc >> 8));
    return base32(bytes);
  }

  unsigned char kind_;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

class Trust {
 public:
  /// Lines of the configuration of a server.
  [[nodiscard]] std::string configuration() const {
    const std::string unlimited =
        R"("subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1)";
    const auto account = [&](const Nkey& key, const std::string& name, const std::string& more) {
      return "  " + key.open() + ": \"" +
             operator_.jwt(key.open(), name,
                           R"({"type":"account","version":2,"limits":{)" + unlimited + more +
                               R"(},"default_permissions":{"pub":{},"sub":{}}})") +
             "\"\n";
    };
    return "operator: \"" + operator_.jwt(operator_.open(), "op", R"({"type":"operator","version":2})") +
           "\"\nsystem_account: " + system_.open() + "\nresolver: MEMORY\nresolver_preload: {\n" +
           account(system_, "sys", "") +
           account(account_, "acc", R"(,"mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1)") + "}\n";
  }
  /// What the file of the user holds.
  [[nodiscard]] std::string credentials() const {
    return "-----BEGIN NATS USER JWT-----\n" +
           account_.jwt(user_.open(), "user",
                        R"({"type":"user","version":2,"pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1})") +
           "\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n" + user_.seed() +
           "\n------END USER NKEY SEED------\n";
  }

 private:
  Nkey operator_{'O'};
  Nkey system_{'A'};
  Nkey account_{'A'};
  Nkey user_{'U'};
};

}  // namespace datawal::ship::test
