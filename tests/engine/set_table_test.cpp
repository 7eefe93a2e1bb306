// SetTable: against a std::set.
#include "engine/set_table.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;

TEST_CASE("SetTable: agrees with a std::set, long members included") {
  Random random{TestSeed()};
  SetTable table;
  std::set<std::string> model;
  for (int step = 0; step < 50'000; ++step) {
    std::string member = std::to_string(random.Below(5'000));
    if (member.back() == '7') member.resize(random.Below(2) == 0 ? 300 : 20'000, 'x');
    if (random.Below(100) < (step / 10'000 % 2 == 0 ? 70 : 30)) {
      CHECK(table.Add(member) == model.insert(member).second);
    } else {
      CHECK(table.Remove(member) == (model.erase(member) == 1));
    }
    CHECK(table.size() == model.size());
    CHECK(table.Contains(member) == (model.count(member) == 1));
  }
  std::set<std::string> contents;
  table.ForEachHandle([&](SetTable::Handle handle) { contents.emplace(table.At(handle)); });
  CHECK(contents == model);
}

TEST_CASE("SetTable: removing by handle removes that member") {
  SetTable table;
  for (int i = 0; i < 1'000; ++i) table.AddNew("member:" + std::to_string(i));
  Random random{TestSeed()};
  for (size_t left = 1'000; left > 0; --left) {
    const SetTable::Handle handle = table.RandomHandle(random);
    const std::string member(table.At(handle));
    CHECK(table.Contains(member));
    table.RemoveAt(handle);
    CHECK_FALSE(table.Contains(member));
    CHECK(table.size() == left - 1);
  }
  CHECK(table.MemoryBytes() < 20'000);
}

TEST_CASE("SetTable: a million members of 15 bytes cost less than 26 bytes each") {
  SetTable table;
  for (int i = 0; i < 1'000'000; ++i) {
    std::string member = "user:" + std::to_string(1'000'000'000 + i);
    table.AddNew(member);
  }
  CHECK(table.MemoryBytes() < 26'000'000);
}

}  // namespace
}  // namespace usher::engine
