// Who may have a copy of which key.
#include "engine/tracking_index.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using Reader = std::shared_ptr<CachingReader>;

TEST_CASE("TrackingIndex: a reader of a key is noted once, and taken out with the key") {
  TrackingIndex index;
  const Reader first = std::make_shared<CachingReader>();
  const Reader second = std::make_shared<CachingReader>();
  for (const Reader& reader : {first, second, first}) index.Add("k", reader);
  index.Add("l", first);
  CHECK(index.keys() == 2);
  CHECK(index.items() == 3);
  CHECK(index.Take("k").size() == 2);
  CHECK(index.Take("k").empty());
  CHECK(index.items() == 1);
  index.Clear();
  CHECK(index.empty());
  CHECK(index.items() == 0);
}

TEST_CASE("TrackingIndex: a key other than the spared one is given up first") {
  TrackingIndex index;
  const Reader reader = std::make_shared<CachingReader>();
  CHECK(index.TakeAny("k").second.empty());
  index.Add("k", reader);
  index.Add("l", reader);
  CHECK(index.TakeAny("k").first == "l");
  CHECK(index.TakeAny("k").first == "k");
  CHECK(index.empty());
}

TEST_CASE("TrackingIndex: agrees with a map of sets under random edits") {
  Random random(tests::TestSeed());
  TrackingIndex index;
  std::map<std::string, std::set<Reader>> model;
  std::vector<Reader> readers;
  for (int i = 0; i < 20; ++i) readers.push_back(std::make_shared<CachingReader>());
  for (int round = 0; round < 3000; ++round) {
    const std::string key = "k" + std::to_string(random.Below(9));
    if (random.Below(4) == 0) {
      const CachingReaders taken = index.Take(key);
      REQUIRE(std::set<Reader>(taken.begin(), taken.end()) == model[key]);
      model.erase(key);
    } else {
      const Reader& reader = readers[random.Below(readers.size())];
      index.Add(key, reader);
      model[key].insert(reader);
    }
    uint64_t items = 0;
    for (const auto& [name, set] : model) items += set.size();
    REQUIRE(index.items() == items);
  }
}

}  // namespace
}  // namespace usher::engine
