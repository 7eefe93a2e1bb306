// IntSet: against a std::set, and its widths.
#include "engine/int_set.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;

std::vector<int64_t> ContentsOf(const IntSet& set) {
  std::vector<int64_t> contents;
  for (uint32_t i = 0; i < set.size(); ++i) contents.push_back(set.At(i));
  return contents;
}

std::vector<int64_t> ContentsOf(const std::set<int64_t>& model) {
  return {model.begin(), model.end()};
}

int64_t RandomInteger(Random& random) {
  const auto value = static_cast<int64_t>(random.Next());
  return random.Below(200) == 0 ? value >> random.Below(64) : value >> 55;  // mostly -256 to 255
}

TEST_CASE("IntSet: agrees with a std::set") {
  Random random{TestSeed()};
  IntSet set;
  std::set<int64_t> model;
  for (int step = 0; step < 20'000; ++step) {
    const int64_t value = RandomInteger(random);
    if (random.Below(100) < (step / 2'000 % 2 == 0 ? 65 : 35)) {
      CHECK(set.Add(value) == model.insert(value).second);
    } else {
      CHECK(set.Remove(value) == (model.erase(value) == 1));
    }
    const int64_t asked = RandomInteger(random);
    CHECK(set.Contains(asked) == (model.count(asked) == 1));
    CHECK(set.empty() == model.empty());
    if (step % 100 == 0) CHECK(ContentsOf(set) == ContentsOf(model));
  }
  IntSet copy = set.Copy();
  set.Destroy();
  CHECK(set.MemoryBytes() == 0);
  CHECK(ContentsOf(copy) == ContentsOf(model));
  copy.Destroy();
}

TEST_CASE("IntSet: the width is what the widest integer demands, and never goes back") {
  IntSet set;
  const auto width_with = [&set](int64_t value) {
    set.Add(value);
    return set.width();
  };
  CHECK(width_with(32'767) == 2);
  CHECK(width_with(-32'768) == 2);
  CHECK(width_with(32'768) == 4);
  CHECK(width_with(-2'147'483'648) == 4);
  CHECK(width_with(2'147'483'648) == 8);
  CHECK(width_with(INT64_MIN) == 8);
  CHECK(ContentsOf(set) == std::vector<int64_t>{INT64_MIN, -2'147'483'648, -32'768, 32'767, 32'768, 2'147'483'648});
  set.Remove(INT64_MIN);
  set.Remove(2'147'483'648);
  CHECK(set.width() == 8);
  set.Destroy();
}

TEST_CASE("IntSet: several ranks are removed at once") {
  IntSet set;
  for (int i = 0; i < 10; ++i) set.Add(i);
  set.RemoveAt(std::vector<uint32_t>{0, 3, 4, 9});
  CHECK(ContentsOf(set) == std::vector<int64_t>{1, 2, 5, 6, 7, 8});
  set.RemoveAt(std::vector<uint32_t>{0, 1, 2, 3, 4, 5});
  CHECK(set.empty());
}

TEST_CASE("IntSet: memory follows the size") {
  IntSet set;
  for (int i = 0; i < 10'000; ++i) set.Add(i);
  CHECK(set.MemoryBytes() < 10'000 * 2 * 3 / 2);
  for (int i = 0; i < 9'900; ++i) set.Remove(i);
  CHECK(set.MemoryBytes() < 1'000);
  set.Destroy();
}

}  // namespace
}  // namespace usher::engine
