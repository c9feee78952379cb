// Who is let in, and what is said to who is not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ship/ship_fixture.hpp"
#include "ship/trust.hpp"

namespace datawal::ship {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ShipWithAPassword : public ShipAlone {
 protected:
  ShipWithAPassword() { more_ = "authorization { user: u, password: right }\n"; }
};

TEST_F(ShipWithAPassword, SaysThatItIsWrong) {
  const Outcome<std::unique_ptr<Stream>> refused = Stream::connect(mine("u:wrong@"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, exit_usage);
  EXPECT_THAT(refused.error().text, testing::AnyOf(HasSubstr("uthorization"), HasSubstr("uthentication")));
  EXPECT_TRUE(Stream::connect(mine("u:right@")));
}

// No more than docs/SHIPPING.md names.
class ShipWithPermissions : public ShipAlone {
 protected:
  ShipWithPermissions() {
    const std::string read = R"("$JS.API.STREAM.INFO.S", "$JS.API.STREAM.MSG.GET.S")";
    const std::string inbox = R"(subscribe: "_INBOX.>")";
    more_ =
        "authorization { users: [\n  { user: shipper, password: p, permissions: { publish: [\"datawal.S\", "
        "\"$JS.API.STREAM.CREATE.S\", " +
        read + "], " + inbox + " } }\n  { user: blind, password: p, permissions: { publish: [\"datawal.S\"], " + inbox +
        " } }\n  { user: reader, password: p, permissions: { publish: [" + read + "], " + inbox + " } }\n] }\n";
  }
};

TEST_F(ShipWithPermissions, NeedsNoMoreThanThoseThatArePromised) {
  append(at("log"), 20);
  const std::unique_ptr<Stream> stream = must(Stream::connect(mine("shipper:p@")));
  EXPECT_EQ(must(run(*stream, shipping(at("log")))).records, 20U);
  const std::unique_ptr<Stream> reader = must(Stream::connect(mine("reader:p@")));
  EXPECT_EQ(must(verify(*reader, at("log"))).compared, 20U);
  append(at("log"), 1);
  ShipOptions with = shipping(at("log"));
  with.patience = std::chrono::seconds(1);
  const Outcome<Shipped> refused = run(*reader, with);
  ASSERT_TRUE(fails_with(refused, exit_usage)) << "it may not publish";
  EXPECT_THAT(refused.error().text, HasSubstr("do not permit"));
  const std::unique_ptr<Stream> blind = must(Stream::connect(mine("blind:p@")));
  const Outcome<Shipped> unseen = run(*blind, shipping(at("log")));
  ASSERT_TRUE(fails_with(unseen, exit_usage)) << "it may not look";
  EXPECT_THAT(unseen.error().text, HasSubstr("do not permit"));
}

// A certificate that the server and, if it is asked for, the shipper show; signed by itself.
class ShipOverTls : public ShipAlone {
 protected:
  void SetUp() override {
    const std::string in = directory_.path().string();
    const std::string make =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
        " -keyout " +
        in + "/key -out " + in + "/cert > " + in + "/said 2>&1";
    if (std::system(make.c_str()) != 0) GTEST_SKIP() << "there is no openssl here";
    more_ = "tls { cert_file: \"" + in + "/cert\", key_file: \"" + in + "/key\", ca_file: \"" + in +
            "/cert\", verify: true }\n";
    ShipAlone::SetUp();
  }
};

TEST_F(ShipOverTls, ShowsAndWantsCertificates) {
  StreamOptions options = mine();
  options.patience = std::chrono::seconds(2);
  const Outcome<std::unique_ptr<Stream>> plain = Stream::connect(options);
  ASSERT_TRUE(fails_with(plain, exit_usage)) << "nothing in the clear";
  EXPECT_THAT(plain.error().text, HasSubstr("no server lets us in"));
  options.tls_ca = (directory_.path() / "cert").string();
  EXPECT_TRUE(fails_with(Stream::connect(options), exit_usage)) << "it shows none";
  options.tls_cert = options.tls_ca;
  options.tls_key = (directory_.path() / "key").string();
  append(at("log"), 20);
  const std::unique_ptr<Stream> stream = must(Stream::connect(options));
  EXPECT_EQ(must(run(*stream, shipping(at("log")))).records, 20U);
  EXPECT_EQ(must(verify(*stream, at("log"))).compared, 20U);
  options.tls_ca = (directory_.path() / "nothing").string();
  EXPECT_TRUE(fails_with(Stream::connect(options), exit_usage)) << "a file that is not there";
}

TEST_F(ShipOverTls, SaysWhichSideSpeaksItAndWhoseCertificateItIs) {
  const Outcome<std::unique_ptr<Stream>> untrusted = Stream::connect(mine());
  ASSERT_TRUE(fails_with(untrusted, exit_usage));
  EXPECT_THAT(untrusted.error().text, AllOf(HasSubstr("TLS: a certificate"), HasSubstr("--tls-ca")));
  const Server plain(at("plain"));
  StreamOptions options = mine();
  options.servers = {plain.url()};
  options.tls_ca = at("cert").string();
  const Outcome<std::unique_ptr<Stream>> refused = Stream::connect(options);
  ASSERT_TRUE(fails_with(refused, exit_usage)) << "nothing in the clear";
  EXPECT_THAT(refused.error().text, HasSubstr("do not speak TLS"));
  datawal::test::write_file(at("empty"), "");
  options.tls_ca = at("empty").string();
  EXPECT_THAT(Stream::connect(options).error().text, HasSubstr("--tls-ca"));
}

// A user who is known by a key.
class ShipWithANkey : public ShipAlone {
 protected:
  ShipWithANkey() {
    more_ = "authorization { users: [ { nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4 } ] }\n";
  }
};

TEST_F(ShipWithANkey, IsLetInByItsSeedAlone) {
  append(at("log"), 20);
  StreamOptions options = mine();
  EXPECT_TRUE(fails_with(Stream::connect(options), exit_usage)) << "nobody";
  options.nkey = at("seed").string();
  EXPECT_THAT(Stream::connect(options).error().text, HasSubstr("No such file"));
  datawal::test::write_file(at("seed"), "nothing\n");
  EXPECT_THAT(Stream::connect(options).error().text, HasSubstr("no seed of a user"));
  datawal::test::write_file(at("seed"), test::Nkey('U').seed() + "\n");
  EXPECT_THAT(Stream::connect(options).error().text, HasSubstr("do not accept"));
  datawal::test::write_file(at("seed"), "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n");
  const std::unique_ptr<Stream> stream = must(Stream::connect(options));
  EXPECT_EQ(must(run(*stream, shipping(at("log")))).records, 20U);
}

// A user whom an account vouches for, which an operator vouches for: JWTs that the test signs itself.
class ShipWithCredentials : public ShipAlone {
 protected:
  ShipWithCredentials() { more_ = trust_.configuration(); }

  const test::Trust trust_;
};

TEST_F(ShipWithCredentials, IsLetInByThemAlone) {
  append(at("log"), 20);
  StreamOptions options = mine();
  EXPECT_TRUE(fails_with(Stream::connect(options), exit_usage)) << "nobody";
  options.creds = at("creds").string();
  EXPECT_THAT(Stream::connect(options).error().text, HasSubstr("--creds"));
  datawal::test::write_file(at("creds"), test::Trust().credentials());
  EXPECT_THAT(Stream::connect(options).error().text, HasSubstr("do not accept")) << "of another operator";
  datawal::test::write_file(at("creds"), trust_.credentials());
  const std::unique_ptr<Stream> stream = must(Stream::connect(options));
  EXPECT_EQ(must(run(*stream, shipping(at("log")))).records, 20U);
  EXPECT_EQ(must(verify(*stream, at("log"))).compared, 20U);
}

class ShipWithoutJetStream : public testing::Test {};

TEST_F(ShipWithoutJetStream, SaysThatNoServerAnswers) {
  const Outcome<std::unique_ptr<Stream>> refused = Stream::connect(
      {.servers = {"nats://127.0.0.1:" + std::to_string(test::free_port())}, .patience = std::chrono::seconds(1)});
  EXPECT_TRUE(fails_with(refused, exit_usage));
}

}  // namespace
}  // namespace datawal::ship
