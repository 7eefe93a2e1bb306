// Tests of ExpiryWheel and ExpiryIndex against a multimap by time.
#include "engine/expiry_index.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("ExpiryWheel: records come due exactly at their time, whatever the budget") {
  Random random{tests::TestSeed()};
  for (int round = 0; round < 20; ++round) {
    int64_t now_ms = round % 2 == 0 ? 0 : 1'700'000'000'000;
    ExpiryWheel wheel(now_ms);
    std::multimap<int64_t, uint64_t> model;
    for (int step = 0; step < 3'000; ++step) {
      for (uint64_t i = random.Below(4); i > 0; --i) {
        const int64_t when_ms = now_ms - 3 + static_cast<int64_t>(random.Next() >> (16 + random.Below(48)));
        wheel.Add({random.Next(), when_ms});
        model.emplace(when_ms, 0);
      }
      if (random.Below(3) == 0) now_ms += static_cast<int64_t>(random.Next() >> (30 + random.Below(34)));
      size_t budget = random.Below(10);
      while (const std::optional<ExpiryRecord> record = wheel.TakeDue(now_ms, budget)) {
        REQUIRE(record->when_ms <= now_ms);
        const auto found = model.find(record->when_ms);
        REQUIRE(found != model.end());
        model.erase(found);
      }
      REQUIRE(wheel.size() == model.size());
      if (budget > 0 && !model.empty()) {
        REQUIRE(model.begin()->first > now_ms);
        REQUIRE(wheel.NextStepMs().value() > now_ms);
        REQUIRE(wheel.NextStepMs().value() <= model.begin()->first);
      }
    }
  }
}

TEST_CASE("ExpiryWheel: a record costs about 16 bytes") {
  Random random{tests::TestSeed()};
  ExpiryWheel wheel(1'700'000'000'000);
  constexpr size_t kRecords = 200'000;
  for (size_t i = 0; i < kRecords; ++i) {
    wheel.Add({random.Next(), 1'700'000'000'000 + static_cast<int64_t>(random.Below(3'600'000))});
  }
  CHECK(wheel.MemoryBytes() < kRecords * 19);
  while (wheel.size() > 0) wheel.TakeAny();
  CHECK(wheel.MemoryBytes() == sizeof(wheel));
}

TEST_CASE("ExpiryWheel: far away, past and endless times are taken") {
  ExpiryWheel wheel(1'000);
  wheel.Add({1, -5});
  wheel.Add({2, INT64_MAX});
  size_t budget = 100;
  CHECK(wheel.TakeDue(1'000, budget).value().hash == 1);
  CHECK_FALSE(wheel.TakeDue(int64_t{1} << 47, budget));
  CHECK(wheel.size() == 1);
}

TEST_CASE("ExpiryIndex: a sweep hands out what was there and keeps what is added meanwhile") {
  ExpiryIndex index;
  for (uint64_t hash = 0; hash < 1'000; ++hash) index.Add(hash, 5'000);
  const bool generation = index.generation();
  index.BeginSweep();
  CHECK(index.generation() != generation);
  index.Add(7'777, 6'000);
  std::set<uint64_t> swept;
  while (const std::optional<ExpiryRecord> record = index.TakeSwept()) swept.insert(record->hash);
  CHECK(swept.size() == 1'000);
  CHECK_FALSE(index.IsSweeping());
  CHECK(index.size() == 1);
  size_t budget = 100;
  CHECK(index.TakeDue(6'000, budget).value().hash == 7'777);
  CHECK_FALSE(index.NextStepMs());
}

TEST_CASE("ExpiryIndex: what is being swept still comes due") {
  ExpiryIndex index;
  index.Add(1, 5'000);
  index.BeginSweep();
  index.Add(2, 4'000);
  CHECK(index.NextStepMs().value() <= 4'000);
  size_t budget = 100;
  std::set<uint64_t> due;
  while (const std::optional<ExpiryRecord> record = index.TakeDue(5'000, budget)) due.insert(record->hash);
  CHECK(due == std::set<uint64_t>{1, 2});
}

}  // namespace
}  // namespace usher::engine
