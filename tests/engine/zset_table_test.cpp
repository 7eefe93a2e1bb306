// The table form: index and list kept in step, views during removal. Edits against a model are in zset_test.cpp.
#include "engine/zset_table.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace usher::engine {
namespace {

TEST_CASE("ZsetTable: index and list stay in step through adds, updates and removals") {
  ZsetTable table;
  for (int i = 0; i < 5000; ++i) {
    const std::string member = std::to_string(i);
    const uint64_t hash = HashBytes(member);
    CHECK((*table.Add(member, hash, i % 70, {})).added());
    if (i % 3 == 0) CHECK((*table.Add(member, hash, i % 50 + 0.5, {})).changed());
    if (i % 5 == 0) CHECK(table.Remove(member, hash).has_value());
  }
  table.CheckInvariants();
  CHECK(table.size() == 4000);
  CHECK_FALSE(table.Remove("0", HashBytes("0")).has_value());
  CHECK(table.Score("1", HashBytes("1")) == 1);
}

TEST_CASE("ZsetTable: members are whole while a range is removed") {
  ZsetTable table;
  for (int i = 0; i < 1000; ++i) table.Append("member-" + std::to_string(i), i);
  int expected = 899;
  size_t foreseen = 0;
  const auto foresee = [&](uint64_t) { ++foreseen; };
  table.EraseRange({100, 800}, Order::kReversed, foresee, [&](std::string_view member, uint64_t hash, double score) {
    CHECK(member == "member-" + std::to_string(expected));
    CHECK(hash == HashBytes(member));
    CHECK(score == expected--);
  });
  CHECK(foreseen == 800);
  CHECK(expected == 99);
  table.CheckInvariants();
  CHECK(table.size() == 200);
}

TEST_CASE("ZsetTable: a queue that is appended to and popped keeps its memory bounded") {
  ZsetTable table;
  for (int i = 0; i < 100'000; ++i) {
    table.Append("member-" + std::to_string(i), i);
    if (i < 1000) continue;
    table.EraseRange(
        {0, 1}, Order::kAscending, [](uint64_t) {}, [](std::string_view, uint64_t, double) {});
  }
  table.CheckInvariants();
  CHECK(table.MemoryBytes() < 200'000);
}

}  // namespace
}  // namespace usher::engine
