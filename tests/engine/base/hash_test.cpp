// The seeded hash: a function of the bytes alone, and spread over all of its bits.
#include "engine/base/hash.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace usher::engine {
namespace {

TEST_CASE("HashBytes: equal bytes hash equally wherever they lie") {
  const std::string padded = "xkey";
  CHECK(HashBytes("key") == HashBytes(std::string_view(padded).substr(1)));
  CHECK(HashBytes("") == HashBytes(std::string_view{}));
}

TEST_CASE("HashBytes: no collision among 100,000 short keys, and low bits are spread") {
  std::set<uint64_t> seen;
  size_t low_bit = 0;
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t hash = HashBytes("user:" + std::to_string(i));
    seen.insert(hash);
    low_bit += hash & 1;
  }
  CHECK(seen.size() == 100'000);
  CHECK(low_bit > 48'000);
  CHECK(low_bit < 52'000);
}

TEST_CASE("HashBytes: an embedded zero byte counts") {
  CHECK(HashBytes({"a\0b", 3}) != HashBytes({"a\0c", 3}));
}

}  // namespace
}  // namespace usher::engine
