// Files: what was saved comes back; every record there is; what is refused.
#include "engine/rdb_load.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/random.h"
#include "engine/rdb_format.h"
#include "engine/rdb_save.h"
#include "tests/support/rdb_values.h"
#include "tests/support/test_scale.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using namespace std::string_literals;
using tests::DescribeValue;

struct TextSink : RdbSink {
  bool Write(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  std::string text;
};
struct TextSource : RdbSource {
  explicit TextSource(std::string_view all) : rest(all) {}
  size_t Read(char* to, size_t size) override {
    const size_t count = rest.copy(to, size);
    rest.remove_prefix(count);
    return count;
  }
  std::string_view rest;
};

/// Remembers what it is given, as text. Any thread may give it keys.
struct Target : RdbTarget {
  struct Helper : RdbKeyTarget {
    explicit Helper(Target& of) : target(of) {}
    std::string OnKey(const RdbKey& key, DecodedValue& value) override { return target.OnKey(key, value); }
    std::string OnPause() override { return target.OnPause(); }
    Target& target;
  };
  std::unique_ptr<RdbKeyTarget> NewHelper() override { return std::make_unique<Helper>(*this); }

  std::string OnDatabase(int64_t db) override { return db < 16 ? "" : "no such database"; }
  std::string OnKey(const RdbKey& key, DecodedValue& value) override {
    OwnedEntry entry(value.Take().Build(key.name, key.expiry_ms));
    const std::string text = std::to_string(key.expiry_ms) + ' ' + std::to_string(key.idle_seconds) + ' ' +
                             std::to_string(key.frequency) + ' ' + DescribeValue(entry.entry());
    const MutexLock lock(mutex);
    return keys.emplace(std::to_string(key.db) + std::string(key.name), text).second ? "" : "twice";
  }
  std::string OnPause() override {
    const MutexLock lock(mutex);
    ++pauses;
    return pause_error;
  }
  void OnDatabaseSize(int db, uint64_t count) override { sizes[db] = count; }
  void OnAux(std::string_view name, std::string_view value) override { aux[std::string(name)] = value; }
  std::string OnFunction(std::string_view code) override {
    functions.emplace_back(code);
    return {};
  }
  Mutex mutex;
  std::map<std::string, std::string> keys;
  std::map<int, uint64_t> sizes;
  int pauses = 0;
  std::string pause_error;
  std::map<std::string, std::string> aux;
  std::vector<std::string> functions;
};

std::string Load(std::string_view file, Target& target, RdbLoadOptions options = {}) {
  TextSource source(file);
  RdbReader reader(source, options.checksum);
  return LoadRdb(reader, {}, target, options);
}

/// A file of version 4, which has no checksum.
std::string Plain(const std::string& records) {
  return "REDIS0004" + records + "\xff";
}
/// However many threads read it.
std::string ErrorOf(const std::string& file) {
  Target target;
  Target shared;
  const std::string error = Load(file, target);
  CHECK(Load(file, shared, {.helpers = 2}) == error);
  if (error.empty()) CHECK(shared.keys == target.keys);
  return error;
}

struct Saved {
  std::string file;
  Target expected;
};

/// Keys of every type in a few databases, which take a few hundred KB.
void SaveRandomKeys(Random& random, Saved& saved, RdbSaveOptions options = {}) {
  TextSink sink;
  RdbSaver saver(sink, options);
  saver.Begin({{"redis-ver", "7.2.0"}});
  saver.Function("the code");
  for (int db = 0; db < 3; ++db) {
    saver.BeginDatabase(db, 100, 0);
    for (int number = 0; number < 100; ++number) {
      std::string text;
      const std::string name = "key" + std::to_string(number);
      const int64_t expiry_ms = random.Below(2) == 0 ? kNoExpiry : 1 + static_cast<int64_t>(random.Below(1u << 30));
      OwnedEntry entry(tests::RandomRdbValue(random, {}, text).Build(name, expiry_ms));
      REQUIRE(EncodeRdbKey(saver.writer(), name, entry.entry(), {}));
      saved.expected.keys[std::to_string(db) + name] =
          std::to_string(expiry_ms) + " -1 -1 " + DescribeValue(entry.entry());
      saver.writer().MayFlush();
    }
  }
  REQUIRE(saver.Finish());
  saved.file = std::move(sink.text);
}

TEST_CASE("LoadRdb: what was saved comes back, by however many threads") {
  Random random{tests::TestSeed()};
  Saved saved;
  SaveRandomKeys(random, saved);
  for (const size_t helpers : {0u, 1u, 3u}) {
    Target loaded;
    CHECK(Load(saved.file, loaded, {.helpers = helpers}) == "");
    CHECK(loaded.keys == saved.expected.keys);
    CHECK(loaded.aux["redis-ver"] == "7.2.0");
    CHECK(loaded.functions == std::vector<std::string>{"the code"});
    CHECK(loaded.sizes == std::map<int, uint64_t>{{0, 100}, {1, 100}, {2, 100}});
    CHECK(loaded.pauses > 0);
  }
}

/// A key with a string of so many bytes.
std::string LongKey(char name, size_t bytes) {
  RdbWriter writer(nullptr, /*compress=*/false);
  writer.Byte(rdb::kString);
  writer.String(std::string(1, name));
  writer.String(std::string(bytes, name));
  return writer.Take();
}

TEST_CASE("LoadRdb: values of any length, whether they fit in the window or not") {
  const std::string file =
      Plain(LongKey('a', 10) + LongKey('b', 300'000) + "\xf8\x05" + LongKey('c', 1'000'000) + LongKey('d', 10) +
            "\xf8\x06" + LongKey('e', 5'000'000) + LongKey('f', 10) + "\xfe\x01" + LongKey('a', 3'000'000));
  Target alone;
  CHECK(Load(file, alone) == "");
  REQUIRE(alone.keys.size() == 7);
  CHECK(alone.keys["0c"].find(" 5 -1 ") != std::string::npos);
  CHECK(alone.keys["0e"].find(" 6 -1 ") != std::string::npos);
  CHECK(alone.keys["0f"].find(" -1 -1 ") != std::string::npos);
  Target shared;
  CHECK(Load(file, shared, {.helpers = 2}) == "");
  CHECK(shared.keys == alone.keys);
}

TEST_CASE("LoadRdb: what a helper finds wrong is told, with its place") {
  const std::string broken = "\x02\x01"s + "s" + "\x02\x01" + "a" + "\x01" + "a";  // a set with the same member twice
  std::string keys;
  for (const char name : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'}) keys += LongKey(name, 200'000);
  const std::string offset = std::to_string(9 + keys.size() + broken.size());
  for (const std::string& rest : {LongKey('z', 200'000), std::string("\x30")}) {
    Target target;
    CHECK(Load(Plain(keys + broken + rest), target, {.helpers = 2}) ==
          "an element is there twice (at offset " + offset + ")");
  }
}

TEST_CASE("LoadRdb: a target that refuses what it has collected refuses the file") {
  for (const size_t helpers : {0u, 2u}) {
    Target target;
    target.pause_error = "no room";
    CHECK(Load(Plain(LongKey('a', 10)), target, {.helpers = helpers}).starts_with("no room (at offset"));
  }
}

TEST_CASE("LoadRdb: each kind of record") {
  Target target;
  const std::string key = "\x00\x01"s + "k" + "\x01" + "v";
  const std::string other = "\x00\x01"s + "o" + "\x01" + "v";
  CHECK(Load(Plain("\xfe\x01\xfb\x02\x01\xfd\x0a\x00\x00\x00"s + key + "\xf8\x05" + other), target) == "");
  CHECK(target.keys["1k"] == "10000 -1 -1 string\n1:v");
  CHECK(target.keys["1o"] == std::to_string(kNoExpiry) + " 5 -1 string\n1:v");
  Target more;
  CHECK(Load(Plain("\xf4\x01\x02\x03\xf9\x07\xfc\x01\x00\x00\x00\x00\x00\x00\x00"s + key), more) == "");
  CHECK(more.keys["0k"] == "1 -1 7 string\n1:v");
}

TEST_CASE("LoadRdb: an empty container makes no key") {
  Target target;
  CHECK(Load(Plain("\x01\x01"s + "k" + "\x00"s), target) == "");
  CHECK(target.keys.empty());
}

TEST_CASE("LoadRdb: what is refused, and where") {
  CHECK(ErrorOf("") == "unexpected end of data (at offset 0)");
  CHECK(ErrorOf("RADIS0010\xff").starts_with("Wrong signature trying to load DB from file"));
  CHECK(ErrorOf("REDIS0013\xff").starts_with("Can't handle RDB format version 13"));
  CHECK(ErrorOf("REDIS00x3\xff").starts_with("Can't handle RDB format version"));
  CHECK(ErrorOf("REDIS0000\xff").starts_with("Can't handle RDB format version 0"));
  CHECK(ErrorOf(Plain("\xfe\x10")).starts_with("no such database"));
  CHECK(ErrorOf(Plain("\xf7\x01")).find("module") != std::string::npos);
  CHECK(ErrorOf(Plain("\xf6\x01")).find("release candidate") != std::string::npos);
  const std::string key = "\x00\x01"s + "k" + "\x01" + "v";
  CHECK(ErrorOf(Plain(key + key)).starts_with("twice"));
  CHECK(ErrorOf("REDIS0004" + key) == "unexpected end of data (at offset 14)");
  CHECK(ErrorOf(Plain("\x30\x01"s + "k")).starts_with("unknown type of value"));
}

TEST_CASE("LoadRdb: a checksum is compared unless it is 0 or nobody wants to") {
  const std::string key = "\x00\x01"s + "k" + "\x01" + "v";
  const std::string body = "REDIS0010" + key + "\xff";
  Target target;
  CHECK(Load(body + std::string(8, 'x'), target).starts_with("Wrong RDB checksum"));
  CHECK(ErrorOf(body + std::string(8, '\0')) == "");
  CHECK(ErrorOf(body + "1234").starts_with("unexpected end of data"));
  Target unchecked;
  CHECK(Load(body + std::string(8, 'x'), unchecked, {.checksum = false}) == "");
}

TEST_CASE("LoadRdb: damaged files do no harm") {
  Random random{tests::TestSeed()};
  TextSink sink;
  RdbSaveOptions options;
  options.checksum = false;
  RdbSaver saver(sink, options);
  saver.Begin({{"a", "b"}});
  saver.BeginDatabase(0, 20, 0);
  for (int number = 0; number < 20; ++number) {
    std::string text;
    OwnedEntry entry(tests::RandomRdbValue(random, {}, text).Build("key" + std::to_string(number), kNoExpiry));
    EncodeRdbKey(saver.writer(), entry.entry().key(), entry.entry(), {});
  }
  REQUIRE(saver.Finish());
  for (int round = 0; round < tests::Scaled(500); ++round) {
    std::string file = sink.text;
    for (uint64_t left = random.Below(5); left > 0; --left) {
      file[random.Below(file.size())] = static_cast<char>(random.Next());
    }
    if (random.Below(2) == 0) file.resize(random.Below(file.size()));
    Target alone;
    Target shared;
    CHECK(Load(file, alone).empty() == Load(file, shared, {.helpers = 1}).empty());
  }
}

}  // namespace
}  // namespace usher::engine
