// Who watches which key, and what counts as a change.
#include "engine/watch_index.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

TEST_CASE("WatchIndex: a change touches the watchers of that key in that database") {
  WatchIndex index;
  const auto watcher = std::make_shared<Watcher>();
  const auto other = std::make_shared<Watcher>();
  index.Add(0, "k", watcher, false);
  index.Add(1, "k", other, false);
  index.Add(0, "l", other, false);
  index.Touch(2, "k");
  index.Touch(0, "m");
  CHECK_FALSE(watcher->touched());
  index.Touch(0, "k");
  CHECK(watcher->touched());
  CHECK_FALSE(other->touched());
}

TEST_CASE("WatchIndex: a key known to have expired may go away once") {
  WatchIndex index;
  const auto watcher = std::make_shared<Watcher>();
  index.Add(0, "k", watcher, true);
  CHECK(index.KnowsExpired(0, "k", *watcher));
  index.TouchGone(0, "k");
  CHECK_FALSE(watcher->touched());
  CHECK_FALSE(index.KnowsExpired(0, "k", *watcher));
  index.TouchGone(0, "k");
  CHECK(watcher->touched());
}

TEST_CASE("WatchIndex: a key known to have expired is changed by what is written over it") {
  WatchIndex index;
  const auto watcher = std::make_shared<Watcher>();
  index.Add(0, "k", watcher, true);
  index.Touch(0, "k");
  CHECK(watcher->touched());
}

TEST_CASE("WatchIndex: agrees with a map of sets under random edits") {
  Random random(tests::TestSeed());
  WatchIndex index;
  std::map<std::string, std::set<Watcher*>> model;
  std::vector<std::shared_ptr<Watcher>> watchers;
  for (int i = 0; i < 8; ++i) watchers.push_back(std::make_shared<Watcher>());
  for (int round = 0; round < 2000; ++round) {
    const std::string key = "k" + std::to_string(random.Below(5));
    const auto& watcher = watchers[random.Below(watchers.size())];
    if (random.Below(2) == 0) {
      if (model[key].insert(watcher.get()).second) index.Add(3, key, watcher, false);
    } else {
      model[key].erase(watcher.get());
      index.Remove(3, key, *watcher);
    }
    if (model[key].empty()) model.erase(key);
    REQUIRE(index.keys() == model.size());
  }
  const std::string touched = "k0";
  index.Touch(3, touched);
  for (const auto& watcher : watchers) {
    CHECK(watcher->touched() == (model.contains(touched) && model[touched].contains(watcher.get())));
  }
}

}  // namespace
}  // namespace usher::engine
