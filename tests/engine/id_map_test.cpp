// IdMap against a std::map, with its memory counted.
#include "engine/id_map.h"

#include <doctest/doctest.h>

#include <map>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

struct Numbered {
  StreamId id;
  uint64_t number;
};

using Model = std::map<StreamId, uint64_t>;

void CheckSame(const IdMap<Numbered>& map, const Model& model) {
  REQUIRE(map.size() == model.size());
  auto at = map.Begin();
  for (const auto& [id, number] : model) {
    REQUIRE(at != map.End());
    CHECK(at->id == id);
    CHECK(at->number == number);
    at = map.Next(at);
  }
  CHECK(at == map.End());
  for (auto from_end = model.rbegin(); from_end != model.rend(); ++from_end) {
    at = map.Previous(at);
    CHECK(at->id == from_end->first);
  }
}

void CheckLookups(const IdMap<Numbered>& map, const Model& model, StreamId id) {
  const auto lower = model.lower_bound(id);
  const auto at = map.LowerBound(id);
  CHECK((at == map.End()) == (lower == model.end()));
  if (lower != model.end()) CHECK(at->id == lower->first);
  const auto above = model.upper_bound(id);
  const auto floor = map.Floor(id);
  CHECK((floor == map.End()) == (above == model.begin()));
  if (above != model.begin()) CHECK(floor->id == std::prev(above)->first);
  CHECK((map.Find(id) != nullptr) == model.contains(id));
}

TEST_CASE("IdMap: agrees with a map under random edits") {
  Random random{tests::TestSeed()};
  size_t bytes = 0;
  {
    IdMap<Numbered> map(&bytes);
    Model model;
    for (uint64_t step = 0; step < 20'000; ++step) {
      const bool growing = step / 4'000 % 2 == 0;
      const StreamId id{random.Below(40), random.Below(40)};
      CheckLookups(map, model, id);
      if (random.Below(100) < (growing ? 70u : 25u)) {
        if (model.emplace(id, step).second) CHECK(map.Insert({id, step}).number == step);
      } else {
        CHECK(map.Erase(id) == (model.erase(id) == 1));
      }
      if (step % 500 == 0) CheckSame(map, model);
    }
    CheckSame(map, model);
  }
  CHECK(bytes == 0);
}

TEST_CASE("IdMap: a queue, filled at one end and emptied at the other") {
  size_t bytes = 0;
  IdMap<Numbered> map(&bytes);
  for (uint64_t i = 0; i < 10'000; ++i) map.Insert({{i, 0}, i});
  CHECK(bytes < 10'000 * (sizeof(Numbered) + 4));
  for (uint64_t i = 0; i < 10'000; ++i) {
    CHECK(map.Begin()->number == i);
    map.Erase(map.Begin());
  }
  CHECK(map.empty());
  CHECK(bytes == 0);
}

}  // namespace
}  // namespace usher::engine
