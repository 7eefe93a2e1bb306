// Tests of KeySlot against slots that a redis-server with cluster-enabled answered to CLUSTER KEYSLOT.
#include "engine/key_slot.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("KeySlot: agrees with CLUSTER KEYSLOT, hash tags included") {
  struct Case {
    std::string_view key;
    uint16_t slot;
  };
  constexpr Case kCases[] = {
      {"", 0},
      {"a", 15495},
      {"ab", 13567},
      {"abc", 7638},
      {"abcd", 10294},
      {"abcde", 16097},
      {"foo", 12182},
      {"123456789", 12739},
      {"{user1000}.following", 3443},
      {"foo{}{bar}", 8363},
      {"foo{{bar}}zap", 4015},
      {"foo{bar}{zap}", 5061},
      {"}{x}", 16287},
      {"{", 4092},
      {"a{", 14311},
      {"a}b{c", 13587},
      {"session:0123456789abcdef", 12762},
  };
  for (const Case& expected : kCases) {
    CAPTURE(expected.key);
    CHECK(KeySlot(expected.key) == expected.slot);
    CHECK(MakeKey(expected.key).slot == expected.slot);
  }
}

uint16_t Crc16BitByBit(std::string_view bytes) {
  uint32_t crc = 0;
  for (const char byte : bytes) {
    crc ^= static_cast<uint32_t>(static_cast<unsigned char>(byte)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return static_cast<uint16_t>(crc);
}

TEST_CASE("Crc16: agrees with the definition for any bytes") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random.Below(70), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    REQUIRE(Crc16(bytes) == Crc16BitByBit(bytes));
  }
}

TEST_CASE("ShardOf: is the slot modulo the shard count") {
  CHECK(ShardOf(12182, 8) == 12182 % 8);
  CHECK(ShardOf(16383, 1) == 0);
}

}  // namespace
}  // namespace usher::engine
