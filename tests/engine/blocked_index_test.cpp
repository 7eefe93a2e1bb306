// Who waits for which key: order, databases, claims, stale registrations.
#include "engine/blocked_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using Waiter = std::shared_ptr<BlockedWaiter>;

Waiter NewWaiter() {
  return std::make_shared<BlockedWaiter>();
}

TEST_CASE("BlockedIndex: a key's waiters are found oldest first, per database") {
  BlockedIndex index;
  const Waiter first = NewWaiter();
  const Waiter second = NewWaiter();
  index.Add(0, "queue", first);
  index.Add(0, "queue", second);
  index.Add(1, "queue", second);
  index.Add(0, "other", first);
  CHECK(index.keys() == 3);
  REQUIRE(index.Find(0, "queue") != nullptr);
  CHECK(*index.Find(0, "queue") == BlockedIndex::Waiters{first, second});
  CHECK(*index.Find(1, "queue") == BlockedIndex::Waiters{second});
  CHECK(index.Find(2, "queue") == nullptr);
  CHECK(index.Find(0, "queue2") == nullptr);
}

TEST_CASE("BlockedIndex: a database number and a key that begins with a digit are not mixed up") {
  BlockedIndex index;
  index.Add(1, "2:key", NewWaiter());
  CHECK(index.Find(12, ":key") == nullptr);
  CHECK(index.Find(1, "2:key") != nullptr);
}

TEST_CASE("BlockedIndex: Remove forgets the waiter, the claimed ones, and the key when nobody is left") {
  BlockedIndex index;
  const Waiter leaving = NewWaiter();
  const Waiter claimed = NewWaiter();
  const Waiter staying = NewWaiter();
  for (const Waiter& waiter : {leaving, claimed, staying, leaving}) index.Add(0, "key", waiter);
  CHECK(claimed->Claim());
  index.Remove(0, "key", *leaving);
  CHECK(*index.Find(0, "key") == BlockedIndex::Waiters{staying});
  index.Remove(0, "key", *staying);
  CHECK(index.empty());
  index.Remove(0, "key", *staying);
  CHECK(index.keys() == 0);
}

TEST_CASE("BlockedIndex: DropIfEmpty drops only an empty list") {
  BlockedIndex index;
  index.Add(0, "key", NewWaiter());
  index.DropIfEmpty(0, "key");
  REQUIRE(index.Find(0, "key") != nullptr);
  index.Find(0, "key")->pop_front();
  index.DropIfEmpty(0, "key");
  CHECK(index.empty());
  index.DropIfEmpty(0, "key");
}

using Model = std::map<std::pair<int, std::string>, std::vector<Waiter>>;

/// The keys with a waiter that fits.
template <class Predicate>
uint64_t CountIf(const Model& model, Predicate fits) {
  uint64_t count = 0;
  for (const auto& entry : model) count += std::any_of(entry.second.begin(), entry.second.end(), fits) ? 1 : 0;
  return count;
}

TEST_CASE("BlockedIndex: agrees with a map of vectors under random edits") {
  Random random{tests::TestSeed()};
  BlockedIndex index;
  Model model;
  std::vector<Waiter> waiters;
  for (int i = 0; i < 20; ++i) {
    waiters.push_back(NewWaiter());
    if (i % 4 == 0) waiters.back()->set_ends_without_key();
  }
  for (int step = 0; step < 5'000; ++step) {
    const int db = static_cast<int>(random.Below(2));
    const std::string key = std::to_string(random.Below(10));
    const Waiter& waiter = waiters[random.Below(waiters.size())];
    std::vector<Waiter>& expected = model[{db, key}];
    const uint64_t what = random.Below(5);
    if (what < 2) {
      index.Add(db, key, waiter);
      expected.push_back(waiter);
    } else if (what == 2 && !expected.empty()) {
      const size_t at = random.Below(expected.size());
      index.RemoveAt(*index.Find(db, key), at);
      index.DropIfEmpty(db, key);
      expected.erase(expected.begin() + static_cast<ptrdiff_t>(at));
    } else {
      index.Remove(db, key, *waiter);
      std::erase(expected, waiter);
    }
    const BlockedIndex::Waiters* found = index.Find(db, key);
    REQUIRE((found == nullptr) == expected.empty());
    if (found != nullptr) REQUIRE(std::vector<Waiter>(found->begin(), found->end()) == expected);
    REQUIRE(index.counted_keys() == CountIf(model, [](const Waiter&) { return true; }));
    REQUIRE(index.counted_keys_needed() == CountIf(model, [](const Waiter& one) { return one->ends_without_key(); }));
  }
}

TEST_CASE("BlockedWaiter: exactly one of several threads claims it") {
  for (int round = 0; round < 50; ++round) {
    BlockedWaiter waiter;
    std::atomic<int> winners{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        if (waiter.Claim()) ++winners;
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(winners == 1);
    REQUIRE(waiter.claimed());
  }
}

TEST_CASE("BlockedWaiter: a claim during a look leaves its wish to the looker") {
  BlockedWaiter waiter;
  REQUIRE(waiter.BeginLook());
  CHECK(waiter.Claim(1) == ClaimResult::kPassedOn);
  CHECK_FALSE(waiter.claimed());
  CHECK(waiter.EndLook() == uint8_t{1});
  CHECK(waiter.claimed());
  CHECK(waiter.Claim(0) == ClaimResult::kTooLate);
  CHECK_FALSE(waiter.BeginLook());
}

TEST_CASE("BlockedWaiter: a look without a claim changes nothing, and serving wins over a wish") {
  BlockedWaiter waiter;
  REQUIRE(waiter.BeginLook());
  CHECK_FALSE(waiter.EndLook().has_value());
  REQUIRE(waiter.BeginLook());
  CHECK(waiter.Claim(0) == ClaimResult::kPassedOn);
  waiter.ClaimLooked();
  CHECK(waiter.Claim(0) == ClaimResult::kTooLate);
}

TEST_CASE("BlockedIndex: a key's waiters all need it, or not") {
  BlockedIndex index;
  index.Add(0, "key", NewWaiter(), true);
  CHECK(index.Find(0, "key")->need_key);
  index.Add(0, "key", NewWaiter(), false);
  index.Add(0, "key", NewWaiter(), true);
  CHECK_FALSE(index.Find(0, "key")->need_key);
}

}  // namespace
}  // namespace usher::engine
