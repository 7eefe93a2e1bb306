// Tests of RawString against std::string under random edits.
#include "engine/string_value.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("RawString: agrees with std::string under random edits") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 200; ++round) {
    std::string model(random.Below(600), 'm');
    RawString raw = RawString::Make(model);
    for (int step = 0; step < 100; ++step) {
      const std::string bytes(random.Below(200), static_cast<char>('a' + random.Below(26)));
      const size_t offset = random.Below(1'500);
      switch (random.Below(4)) {
        case 0:
          raw.Append(bytes);
          model += bytes;
          break;
        case 1:
          raw.SetRange(offset, bytes);
          if (bytes.empty()) break;
          if (model.size() < offset + bytes.size()) model.resize(offset + bytes.size(), '\0');
          model.replace(offset, bytes.size(), bytes);
          break;
        case 2:
          raw.Resize(offset);
          model.resize(offset, '\0');
          break;
        default:
          raw.Assign(bytes);
          model = bytes;
      }
      REQUIRE(raw.view() == model);
      REQUIRE(raw.size() == model.size());
      REQUIRE(raw.MemoryBytes() >= model.size());
    }
    raw.Destroy();
  }
}

TEST_CASE("RawString: appending moves the bytes rarely") {
  RawString raw = RawString::Make("x");
  int moves = 0;
  const char* data = raw.data();
  for (int i = 0; i < 100'000; ++i) {
    raw.Append("y");
    moves += raw.data() != data ? 1 : 0;
    data = raw.data();
  }
  CHECK(moves <= 20);
  raw.Destroy();
}

TEST_CASE("RawString: a much shorter value gives the memory back") {
  RawString raw = RawString::Make(std::string(100'000, 'x'));
  raw.Assign("short");
  CHECK(raw.MemoryBytes() < 1'000);
  CHECK(raw.view() == "short");
  raw.Destroy();
}

}  // namespace
}  // namespace usher::engine
