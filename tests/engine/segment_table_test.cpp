// Tests of SegmentTable: against std::unordered_set under random edits, the scan guarantee, memory and fairness.
#include "engine/segment_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <vector>

#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

// The slot is its own key.
template <class SlotType>
struct MixPolicy {
  using Slot = SlotType;
  uint64_t HashOf(Slot slot) const { return Random(slot).Next(); }
};

template <class SlotType>
struct Fixture {
  using Table = SegmentTable<MixPolicy<SlotType>>;
  static uint64_t Hash(SlotType key) { return MixPolicy<SlotType>().HashOf(key); }
  static SlotType* Find(const Table& table, SlotType key) {
    return table.Find(Hash(key), [&](SlotType slot) { return slot == key; });
  }
  static void Insert(Table& table, SlotType key) {
    SlotType* slot = table.Insert(Hash(key), key);
    REQUIRE(slot != nullptr);
    REQUIRE(*slot == key);
  }
  static bool Erase(Table& table, SlotType key) {
    SlotType* slot = Find(table, key);
    if (slot != nullptr) table.Erase(Hash(key), slot);
    return slot != nullptr;
  }
};

TEST_CASE_TEMPLATE("SegmentTable: agrees with a set under random growing and shrinking", SlotType, uint32_t, uint64_t) {
  using F = Fixture<SlotType>;
  Random random{tests::TestSeed()};
  typename F::Table table;
  std::unordered_set<SlotType> model;
  for (const uint64_t key_bound : {10u, 100u, 3'000u, 60'000u, 2'000u, 40u}) {
    for (uint64_t step = 0; step < 4 * key_bound + 1000; ++step) {
      const SlotType key = static_cast<SlotType>(random.Below(key_bound * 2));
      const bool wants_growth = model.size() < key_bound;
      if (wants_growth == (random.Below(4) != 0)) {
        if (model.insert(key).second) F::Insert(table, key);
      } else {
        // Half of the erases take what exists, so that large tables shrink too.
        const SlotType victim = random.Below(2) == 0 && !model.empty() ? *model.begin() : key;
        REQUIRE(F::Erase(table, victim) == (model.erase(victim) == 1));
      }
      REQUIRE(table.size() == model.size());
    }
    for (SlotType key = 0; key < key_bound * 2; ++key) REQUIRE((F::Find(table, key) != nullptr) == model.contains(key));
    std::unordered_set<SlotType> seen;
    table.ForEach([&](SlotType slot) { REQUIRE(seen.insert(slot).second); });
    REQUIRE(seen == model);
  }
  while (!model.empty()) {
    const SlotType key = *model.begin();
    REQUIRE(F::Erase(table, key));
    model.erase(key);
  }
  CHECK(table.MemoryBytes() == 0);
  CHECK(table.SlotCapacity() == 0);
}

TEST_CASE_TEMPLATE("SegmentTable: a scan reports what is there throughout", SlotType, uint32_t, uint64_t) {
  using F = Fixture<SlotType>;
  Random random{tests::TestSeed() + 1};
  for (int round = 0; round < 30; ++round) {
    typename F::Table table;
    const SlotType stays = static_cast<SlotType>(random.Below(4'000) + 1);
    const SlotType comes_and_goes = static_cast<SlotType>(random.Below(12'000) + 1);
    const bool growing = random.Below(2) == 0;
    for (SlotType key = 0; key < stays; ++key) F::Insert(table, key);
    SlotType low = stays;
    SlotType high = low;
    if (!growing) {
      while (high < low + comes_and_goes) F::Insert(table, high++);
    }
    std::unordered_set<SlotType> seen;
    uint64_t cursor = 0;
    do {
      cursor = table.Scan(cursor, [&](SlotType slot) { seen.insert(slot); });
      REQUIRE(cursor < F::Table::kCursorBound);
      for (uint64_t i = random.Below(400); i > 0; --i) {
        if (growing && high < stays + comes_and_goes) F::Insert(table, high++);
        if (!growing && low < high) REQUIRE(F::Erase(table, low++));
      }
    } while (cursor != 0);
    for (SlotType key = 0; key < stays; ++key) REQUIRE(seen.contains(key));
  }
}

TEST_CASE("SegmentTable: an undisturbed scan reports each entry once") {
  using F = Fixture<uint64_t>;
  for (const uint64_t count : {1u, 5u, 40u, 800u, 20'000u}) {
    F::Table table;
    for (uint64_t key = 0; key < count; ++key) F::Insert(table, key);
    std::unordered_set<uint64_t> seen;
    uint64_t cursor = 0;
    do {
      cursor = table.Scan(cursor, [&](uint64_t slot) { REQUIRE(seen.insert(slot).second); });
    } while (cursor != 0);
    CHECK(seen.size() == count);
  }
}

TEST_CASE("SegmentTable: any cursor is tolerated and goes forward") {
  using F = Fixture<uint64_t>;
  Random random{tests::TestSeed() + 2};
  F::Table table;
  CHECK(table.Scan(random.Next(), [](uint64_t) {}) == 0);
  for (uint64_t key = 0; key < 10'000; ++key) {
    F::Insert(table, key);
    const uint64_t cursor = random.Next() >> random.Below(64);
    const uint64_t next = table.Scan(cursor, [](uint64_t) {});
    REQUIRE((next == 0 || next > cursor % F::Table::kCursorBound));
  }
}

TEST_CASE_TEMPLATE("SegmentTable: growth keeps the buckets full", SlotType, uint32_t, uint64_t) {
  using F = Fixture<SlotType>;
  typename F::Table table;
  double occupancy_sum = 0;
  double occupancy_max = 0;
  constexpr SlotType kCount = 400'000;
  SlotType measured = 0;
  for (SlotType key = 0; key < kCount; ++key) {
    F::Insert(table, key);
    if (key < 1000) continue;
    const double occupancy = static_cast<double>(table.size()) / static_cast<double>(table.SlotCapacity());
    occupancy_sum += occupancy;
    occupancy_max = std::max(occupancy_max, occupancy);
    ++measured;
  }
  CHECK(occupancy_sum / measured >= 0.60);
  CHECK(occupancy_max >= 0.80);
}

TEST_CASE("SegmentTable: a small table costs little memory") {
  using F = Fixture<uint64_t>;
  F::Table table;
  CHECK(table.MemoryBytes() == 0);
  for (uint64_t key = 0; key < 5; ++key) F::Insert(table, key);
  CHECK(table.MemoryBytes() <= 256);
  for (uint64_t key = 5; key < 100; ++key) F::Insert(table, key);
  CHECK(table.MemoryBytes() <= 2400);
}

TEST_CASE_TEMPLATE("SegmentTable: room that is made at once is filled without moving anything", SlotType, uint32_t,
                   uint64_t) {
  using F = Fixture<SlotType>;
  Random random{tests::TestSeed()};
  for (const uint64_t count : {1u, 500u, 5'000u, 60'000u, 100'000u}) {
    typename F::Table grown;
    typename F::Table reserved;
    const uint64_t before = random.Below(std::min<uint64_t>(count, 300)) + 1;
    for (uint64_t i = 0; i < count; ++i) {
      const SlotType key = static_cast<SlotType>(i);
      F::Insert(grown, key);
      F::Insert(reserved, key);
      if (i + 1 == before) reserved.Reserve(count);
    }
    for (uint64_t i = 0; i < count; ++i) REQUIRE(F::Find(reserved, static_cast<SlotType>(i)) != nullptr);
    CHECK(reserved.size() == count);
    CHECK(reserved.MemoryBytes() <= 2 * grown.MemoryBytes());
    for (uint64_t i = 0; i < count; ++i) REQUIRE(F::Erase(reserved, static_cast<SlotType>(i)));
    CHECK(reserved.MemoryBytes() == 0);
  }
}

TEST_CASE("SegmentTable: room is made once, and never for an empty table") {
  using F = Fixture<uint64_t>;
  F::Table table;
  table.Reserve(10'000);
  CHECK(table.MemoryBytes() == 0);
  F::Insert(table, 1);
  table.Reserve(100'000);
  const size_t capacity = table.SlotCapacity();
  CHECK(capacity >= 100'000);
  table.Reserve(1'000'000);
  CHECK(table.SlotCapacity() == capacity);
}

TEST_CASE("SegmentTable: a table that shrinks gives its memory back") {
  using F = Fixture<uint64_t>;
  F::Table table;
  for (uint64_t key = 0; key < 100'000; ++key) F::Insert(table, key);
  for (uint64_t key = 0; key < 99'000; ++key) REQUIRE(F::Erase(table, key));
  CHECK(table.MemoryBytes() <= 80'000);
  for (uint64_t key = 99'000; key < 99'990; ++key) REQUIRE(F::Erase(table, key));
  CHECK(table.MemoryBytes() <= 1024);
}

TEST_CASE("SegmentTable: random slots are drawn evenly") {
  using F = Fixture<uint32_t>;
  Random random{tests::TestSeed() + 3};
  for (const uint32_t count : {1u, 10u, 3'000u}) {
    F::Table table;
    CHECK(table.RandomSlot(random) == nullptr);
    for (uint32_t key = 0; key < count; ++key) F::Insert(table, key);
    std::vector<int> drawn(count);
    constexpr int kDrawsPerEntry = 100;
    for (uint32_t i = 0; i < count * kDrawsPerEntry; ++i) ++drawn[*table.RandomSlot(random)];
    const double limit = 7 * std::sqrt(kDrawsPerEntry);  // seven sigma
    for (const int times : drawn) REQUIRE(std::abs(times - kDrawsPerEntry) <= limit);
  }
}

TEST_CASE("SegmentTable: moving takes the entries along") {
  using F = Fixture<uint64_t>;
  F::Table table;
  for (uint64_t key = 0; key < 5'000; ++key) F::Insert(table, key);
  F::Table moved = std::move(table);
  CHECK(moved.size() == 5'000);
  CHECK(F::Find(moved, 4'321) != nullptr);
  F::Table assigned;
  F::Insert(assigned, 7);
  assigned = std::move(moved);
  CHECK(assigned.size() == 5'000);
  CHECK(F::Find(assigned, 1'234) != nullptr);
  assigned.Clear();
  CHECK(assigned.empty());
  CHECK(assigned.MemoryBytes() == 0);
}

}  // namespace
}  // namespace usher::engine
