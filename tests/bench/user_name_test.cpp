// Tests of bench/user_name.
#include "bench/user_name.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/test_seed.h"

using usher::bench::UserName;

TEST_CASE("UserName: 15 bytes, distinct, and undone by EntryOf") {
  const uint64_t seed = usher::tests::TestSeed();
  std::set<std::string> names;
  for (uint64_t entry = 0; entry < 50'000; ++entry) {
    const UserName name(seed, entry);
    REQUIRE(name.Text().size() == 15);
    REQUIRE(UserName::EntryOf(seed, name.Text()) == entry);
    names.emplace(name.Text());
  }
  CHECK(names.size() == 50'000);
  CHECK(UserName::EntryOf(seed, UserName(seed, 0xFFFF'FFFF).Text()) == 0xFFFF'FFFF);
}

TEST_CASE("UserName: names do not ascend with the entry") {
  int ascending = 0;
  for (uint64_t entry = 0; entry < 1'000; ++entry) {
    ascending += UserName(1, entry).Text() < UserName(1, entry + 1).Text() ? 1 : 0;
  }
  CHECK(ascending > 200);
  CHECK(ascending < 800);
}

TEST_CASE("UserName: other names are nobody's") {
  for (const char* name :
       {"", "usr", "usr00000000001", "usr0000000000012", "usx000000000001", "usr00000000000x", "usr999999999999"}) {
    CHECK_FALSE(UserName::EntryOf(1, name).has_value());
  }
}
