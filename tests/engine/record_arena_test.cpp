// RecordArena against a model, and its promises about memory.
#include "engine/record_arena.h"

#include <doctest/doctest.h>

#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;

struct Filled {
  size_t bytes = 0;
  char fill = 0;
};

RecordArena::Handle AllocateFilled(RecordArena& arena, Filled filled) {
  const RecordArena::Handle handle = arena.Allocate(filled.bytes);
  std::memset(arena.At(handle), filled.fill, filled.bytes);
  return handle;
}

bool IsIntact(const RecordArena& arena, RecordArena::Handle handle, Filled filled) {
  return std::string_view(arena.At(handle), filled.bytes) == std::string(filled.bytes, filled.fill);
}

size_t PickBytes(Random& random) {
  switch (random.Below(20)) {
    case 0:
      return random.Below(20'000);
    case 1:
    case 2:
      return random.Below(1'000);
    default:
      return random.Below(64);
  }
}

TEST_CASE("RecordArena: records keep their bytes under random edits, and all memory comes back") {
  Random random{TestSeed()};
  RecordArena arena;
  std::map<RecordArena::Handle, Filled> model;
  for (const size_t target : {10u, 300u, 5'000u, 50u, 3'000u, 0u}) {
    for (int step = 0; step < 20'000 && (target != 0 || !model.empty()); ++step) {
      const bool grow = target != 0 && (model.size() < target ? random.Below(10) < 7 : random.Below(10) < 3);
      if (grow || (model.empty() && target != 0)) {
        const Filled filled{PickBytes(random), static_cast<char>(random.Next())};
        const RecordArena::Handle handle = AllocateFilled(arena, filled);
        CHECK(handle != 0);
        CHECK(reinterpret_cast<uintptr_t>(arena.At(handle)) % 8 == 0);
        CHECK(model.emplace(handle, filled).second);
      } else {
        auto victim = model.lower_bound(static_cast<RecordArena::Handle>(random.Next()));
        if (victim == model.end()) victim = model.begin();
        CHECK(IsIntact(arena, victim->first, victim->second));
        arena.Free(victim->first, victim->second.bytes);
        model.erase(victim);
      }
    }
    for (const auto& [handle, filled] : model) CHECK(IsIntact(arena, handle, filled));
  }
  CHECK(arena.MemoryBytes() < 100'000);
}

/// Appends at one end and frees at the other; returns the heap bytes after the first and the last of `rounds`
/// turnovers.
template <class PickSize>
std::pair<size_t, size_t> RunQueue(size_t rounds, size_t length, PickSize pick_size) {
  RecordArena arena;
  std::deque<std::pair<RecordArena::Handle, Filled>> queue;
  size_t first_round_bytes = 0;
  for (size_t step = 0; step < (rounds + 1) * length; ++step) {
    const Filled filled{pick_size(step), static_cast<char>(step)};
    queue.emplace_back(AllocateFilled(arena, filled), filled);
    if (queue.size() <= length) continue;
    CHECK(IsIntact(arena, queue.front().first, queue.front().second));
    arena.Free(queue.front().first, queue.front().second.bytes);
    queue.pop_front();
    if (step == 2 * length) first_round_bytes = arena.MemoryBytes();
  }
  return {first_round_bytes, arena.MemoryBytes()};
}

TEST_CASE("RecordArena: a queue of steady length does not grow memory") {
  Random random{TestSeed()};
  const auto [first, last] = RunQueue(30, 10'000, [&](size_t) { return 20 + random.Below(16); });
  CHECK(static_cast<double>(last) <= static_cast<double>(first) * 1.1);
}

TEST_CASE("RecordArena: a queue whose records slowly get longer stays below twice their size") {
  Random random{TestSeed()};
  const size_t length = 10'000;
  const auto [first, last] = RunQueue(40, length, [&](size_t step) { return 20 + step / 20'000 + random.Below(16); });
  CHECK(last < length * (40 + 16) * 2);
}

TEST_CASE("RecordArena: a small collection wastes little") {
  RecordArena arena;
  size_t payload = 0;
  for (int i = 0; i < 130; ++i) {
    arena.Allocate(32);
    payload += 32;
  }
  CHECK(arena.MemoryBytes() < payload * 3 / 2);
}

TEST_CASE("RecordArena: a large collection costs few bytes beside its records") {
  RecordArena arena;
  for (int i = 0; i < 1'000'000; ++i) arena.Allocate(24);
  CHECK(arena.MemoryBytes() < 24'000'000 * 1.01);
}

TEST_CASE("RecordArena: freed space of one size serves smaller requests before a chunk is opened") {
  RecordArena arena;
  std::vector<RecordArena::Handle> handles;
  for (int i = 0; i < 2'000; ++i) handles.push_back(arena.Allocate(64));
  const size_t full = arena.MemoryBytes();
  for (size_t i = 0; i < handles.size(); i += 2) arena.Free(handles[i], 64);
  for (int i = 0; i < 3'900; ++i) arena.Allocate(16);
  CHECK(arena.MemoryBytes() <= full + 256);
}

TEST_CASE("RecordArena: sizes that round alike share a record") {
  CHECK(RecordArena::SameRecordSize(9, 16));
  CHECK_FALSE(RecordArena::SameRecordSize(16, 17));
  CHECK(RecordArena::SameRecordSize(513, 520));
  CHECK_FALSE(RecordArena::SameRecordSize(10'000, 10'001));
}

TEST_CASE("RecordArena: moving passes the records on and leaves an empty arena") {
  RecordArena arena;
  const Filled filled{40, 'x'};
  const RecordArena::Handle handle = AllocateFilled(arena, filled);
  RecordArena moved = std::move(arena);
  CHECK(IsIntact(moved, handle, filled));
  CHECK(arena.MemoryBytes() == 0);  // NOLINT(bugprone-use-after-move)
  const RecordArena::Handle large = moved.Allocate(100'000);
  std::memset(moved.At(large), 'y', 100'000);
  moved.Clear();
  CHECK(moved.MemoryBytes() == 0);
}

}  // namespace
}  // namespace usher::engine
