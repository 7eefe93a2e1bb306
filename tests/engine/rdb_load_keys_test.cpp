// Where the keys at the beginning of some bytes end.
#include "engine/rdb_load_keys.h"

#include <doctest/doctest.h>

#include <string>

namespace usher::engine {
namespace {

using namespace std::string_literals;

const std::string kKey = "\x00\x01"s + "k" + "\x01" + "v";

TEST_CASE("FindKeys: whole keys, with what is said of them in front") {
  const KeyRun run = FindKeys(kKey + "\xf8\x05\xfc" + std::string(8, '\0') + "\xf9\x01" + kKey, 1000);
  CHECK(run.bytes == 2 * kKey.size() + 13);
}

TEST_CASE("FindKeys: what is said of a key that is cut off is left with it") {
  const std::string begun = "\xf8\x05" + kKey;
  for (size_t bytes = 0; bytes < begun.size(); ++bytes) {
    const KeyRun run = FindKeys(kKey + begun.substr(0, bytes), 1000);
    CHECK(run.bytes == kKey.size());
    CHECK(run.is_cut);
  }
}

TEST_CASE("FindKeys: stops at what is no key, and when there is enough") {
  KeyRun run = FindKeys(kKey + "\xfe\x01" + kKey, 1000);
  CHECK(run.bytes == kKey.size());
  CHECK_FALSE(run.is_cut);
  run = FindKeys("\xff" + kKey, 1000);
  CHECK(run.bytes == 0);
  CHECK_FALSE(run.is_cut);
  run = FindKeys("\x07" + kKey, 1000);
  CHECK(run.bytes == 0);
  CHECK_FALSE(run.is_cut);
  CHECK(FindKeys(kKey + kKey + kKey, kKey.size() + 1).bytes == 2 * kKey.size());
}

}  // namespace
}  // namespace usher::engine
