// Varints come back, in as few bytes as they need.
#include "engine/varint.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <limits>

namespace usher::engine {
namespace {

TEST_CASE("Varint: every length comes back") {
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (const uint64_t value :
         {(uint64_t{1} << bits) - 1, uint64_t{1} << bits, std::numeric_limits<uint64_t>::max()}) {
      char buffer[10];
      const char* end = PutVarint(buffer, value);
      CHECK(static_cast<size_t>(end - buffer) == VarintBytes(value));
      uint64_t read = 0;
      CHECK(GetVarint(buffer, read) == end);
      CHECK(read == value);
    }
  }
}

TEST_CASE("Varint: short lengths take one byte") {
  CHECK(VarintBytes(0) == 1);
  CHECK(VarintBytes(127) == 1);
  CHECK(VarintBytes(128) == 2);
  CHECK(VarintBytes(16'383) == 2);
}

}  // namespace
}  // namespace usher::engine
