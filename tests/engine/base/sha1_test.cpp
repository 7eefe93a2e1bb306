// Sha1: published vectors, and every length around a block's end.
#include "engine/base/sha1.h"

#include <doctest/doctest.h>

#include <set>

namespace usher::engine {
namespace {

TEST_CASE("Sha1: published vectors") {
  CHECK(HexOf(Sha1("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(HexOf(Sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(HexOf(Sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(HexOf(Sha1(std::string(1'000'000, 'a'))) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("Sha1: lengths around the end of a block all differ") {
  std::set<std::string> digests;
  for (size_t length = 50; length < 140; ++length) digests.insert(HexOf(Sha1(std::string(length, 'x'))));
  CHECK(digests.size() == 90);
}

}  // namespace
}  // namespace usher::engine
