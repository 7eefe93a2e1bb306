// The frame of files. That what is saved loads is tested in rdb_load_test.cpp.
#include "engine/rdb_save.h"

#include <doctest/doctest.h>

#include "engine/access_clock.h"
#include "engine/crc64.h"

namespace usher::engine {
namespace {

using namespace std::string_literals;

struct TextSink : RdbSink {
  bool Write(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  std::string text;
};

TEST_CASE("RdbSaver: signature, fields, databases, end and checksum") {
  TextSink sink;
  RdbSaver saver(sink, {});
  saver.Begin({{"a", "b"}});
  saver.BeginDatabase(2, 5, 1);
  REQUIRE(saver.Finish());
  const std::string body = "REDIS0010\xfa\x01"s + "a" + "\x01" + "b" + "\xfe\x02\xfb\x05\x01\xff";
  RdbWriter checksum;
  checksum.Little64(Crc64(0, body));
  CHECK(sink.text == body + checksum.Take());
}

TEST_CASE("RdbSaver: a checksum of 0 says that there is none") {
  TextSink sink;
  RdbSaveOptions options;
  options.checksum = false;
  RdbSaver saver(sink, options);
  saver.Begin({});
  REQUIRE(saver.Finish());
  CHECK(sink.text == "REDIS0010\xff"s + std::string(8, '\0'));
}

std::string KeyWith(const RdbSaveOptions& options, int64_t expiry_ms = kNoExpiry) {
  OwnedEntry entry(EntryBuilder::String("v").Build("k", expiry_ms));
  entry.entry().set_access(options.policy == EvictionPolicy::kAllkeysLfu ? LfuWord(9, options.now_ms)
                                                                         : LruAccess(options.now_ms - 3000));
  RdbWriter writer;
  EncodeRdbKey(writer, "k", entry.entry(), options);
  return writer.Take();
}

TEST_CASE("RDB keys: expiry, and the use that the policy looks at") {
  RdbSaveOptions options;
  options.now_ms = 1'000'000;
  const std::string key = "\x00\x01"s + "k" + "\x01" + "v";
  CHECK(KeyWith(options) == key);
  CHECK(KeyWith(options, 0x0102030405) == "\xfc\x05\x04\x03\x02\x01\x00\x00\x00"s + key);
  CHECK(KeyWith(options, 999'999).empty());
  options.policy = EvictionPolicy::kVolatileLru;
  CHECK(KeyWith(options) == "\xf8\x03" + key);
  options.policy = EvictionPolicy::kAllkeysLfu;
  CHECK(KeyWith(options) == "\xf9\x09" + key);
}

}  // namespace
}  // namespace usher::engine
