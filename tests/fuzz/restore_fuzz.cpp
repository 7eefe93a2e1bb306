// Fuzz target of RESTORE and of files in Redis's RDB format: the input is the content of a DUMP payload, which gets a
// valid version and checksum. Nothing may crash or leak, and what is accepted must be a value that every way of reading
// it can walk, and that survives another DUMP and RESTORE.
//
// With USHER_FUZZ_SEEDS=DIR one content of each type and encoding is written there first:
//   USHER_FUZZ_SEEDS=corpus restore_fuzz -runs=0 && restore_fuzz corpus
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/rdb_dump.h"
#include "engine/rdb_encode.h"
#include "tests/support/rdb_values.h"
#include "tests/support/test_server.h"

namespace {

using namespace usher;
using tests::Reply;
using tests::TestServer;
using Args = std::vector<std::string>;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Reads the value in every way, and changes a copy of it.
void Walk(TestServer& server) {
  static const Args kReads[] = {{"GET", "k"},
                                {"LRANGE", "k", "0", "-1"},
                                {"LINDEX", "k", "-1"},
                                {"SMEMBERS", "k"},
                                {"HGETALL", "k"},
                                {"ZRANGE", "k", "0", "-1"},
                                {"ZREVRANGE", "k", "0", "-1"},
                                {"XRANGE", "k", "-", "+"},
                                {"XREVRANGE", "k", "+", "-"},
                                {"XINFO", "STREAM", "k", "FULL"},
                                {"OBJECT", "ENCODING", "k"},
                                {"MEMORY", "USAGE", "k"},
                                {"DEBUG", "DIGEST-VALUE", "k"}};
  for (const Args& read : kReads) server.Run(read);
  static const Args kWrites[] = {{"COPY", "k", "c", "REPLACE"},
                                 {"APPEND", "c", "x"},
                                 {"RPUSH", "c", "x"},
                                 {"LPOP", "c", "3"},
                                 {"SADD", "c", "x", "7"},
                                 {"SPOP", "c", "2"},
                                 {"HSET", "c", "f", "v"},
                                 {"ZADD", "c", "5", "m"},
                                 {"ZPOPMIN", "c", "2"},
                                 {"XADD", "c", "*", "f", "v"},
                                 {"XTRIM", "c", "MAXLEN", "2"},
                                 {"XREADGROUP", "GROUP", "g", "n", "STREAMS", "c", ">"},
                                 {"DEL", "c"}};
  for (const Args& write : kWrites) server.Run(write);
}

void WriteSeeds(const std::string& folder) {
  engine::Random random{1};
  for (int number = 0; number < 200; ++number) {
    std::string text;
    engine::OwnedEntry entry(tests::RandomRdbValue(random, {}, text).Build("k", engine::kNoExpiry));
    engine::RdbWriter writer(nullptr, /*compress=*/number % 2 == 0);
    writer.Byte(engine::RdbTypeOf(entry.entry()));
    engine::EncodeRdbValue(writer, entry.entry());
    if (writer.view().size() < 4000) std::ofstream(folder + "/seed-" + std::to_string(number)) << writer.view();
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* folder = std::getenv("USHER_FUZZ_SEEDS")) WriteSeeds(folder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static TestServer server{{.config = {{"enable-debug-command", "yes"}}}};
  std::string payload(reinterpret_cast<const char*>(data), size);
  engine::AppendDumpFooter(payload);
  server.Run("FLUSHALL SYNC");
  const Reply restored = server.Run(Args{"RESTORE", "k", "0", payload});
  if (restored == "OK") {
    Walk(server);
    const Reply digest = server.Run("DEBUG DIGEST-VALUE k");
    const Reply again = server.Run("DUMP k");
    Require(server.Run(Args{"RESTORE", "k", "0", again.text, "REPLACE"}) == "OK", "a value that was accepted is again");
    Require(server.Run("DEBUG DIGEST-VALUE k") == digest, "a value that was accepted stays what it is");
  } else {
    Require(restored == "ERR Bad data format", "what is refused is refused as bad data");
    Require(server.Run("DBSIZE") == tests::Integer(0), "what is refused leaves nothing behind");
  }
  return 0;
}
