// LZF: there and back; what is no compressed text is refused.
#include "engine/lzf.h"

#include <doctest/doctest.h>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("Lzf: repetition is compressed and restored") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "waiting-room:" + std::to_string(i % 7);
  std::string compressed;
  REQUIRE(LzfCompress(text, 4, compressed));
  CHECK(compressed.size() < text.size() / 4);
  std::string restored;
  REQUIRE(LzfDecompress(compressed, text.size(), restored));
  CHECK(restored == text);
}

TEST_CASE("Lzf: what does not get shorter stays as it is") {
  std::string out;
  CHECK_FALSE(LzfCompress("abcdefghijklmnopqrstuvwxyz", 4, out));
  CHECK_FALSE(LzfCompress("", 4, out));
}

TEST_CASE("Lzf: a wrong size is refused, an impossible one without memory for it") {
  std::string compressed;
  REQUIRE(LzfCompress(std::string(100, 'x'), 4, compressed));
  std::string out;
  CHECK_FALSE(LzfDecompress(compressed, 99, out));
  CHECK_FALSE(LzfDecompress(compressed, 101, out));
  CHECK_FALSE(LzfDecompress(compressed, size_t{1} << 31, out));
  CHECK(out.size() < 1000);
  CHECK_FALSE(LzfDecompress("", 10, out));
}

TEST_CASE("Lzf: garbage does no harm") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 2000; ++round) {
    std::string garbage(1 + random.Below(60), '\0');
    for (char& c : garbage) c = static_cast<char>(random.Next());
    std::string out;
    const size_t size = 1 + random.Below(300);
    if (LzfDecompress(garbage, size, out)) CHECK(out.size() == size);
  }
}

}  // namespace
}  // namespace usher::engine
