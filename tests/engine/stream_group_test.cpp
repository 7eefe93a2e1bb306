// StreamGroup: pending entries belong to one consumer at a time, whatever happens to them.
#include "engine/stream_group.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

void CheckConsistent(const StreamGroup& group, const std::map<StreamId, std::string>& owners) {
  REQUIRE(group.pending().size() == owners.size());
  std::map<std::string_view, size_t> counts;
  for (const auto& [id, owner] : owners) {
    const PendingEntry* const entry = group.pending().Find(id);
    REQUIRE(entry != nullptr);
    CHECK(entry->consumer->name() == owner);
    CHECK(entry->consumer->pending().Find(id) != nullptr);
    ++counts[owner];
  }
  for (const auto& [name, consumer] : group.consumers()) CHECK(consumer.pending().size() == counts[name]);
}

TEST_CASE("StreamGroup: agrees with a map of owners under random edits") {
  Random random{tests::TestSeed()};
  size_t bytes = 0;
  {
    StreamGroup group("g", {}, 0, &bytes);
    std::map<StreamId, std::string> owners;
    for (int step = 0; step < 5'000; ++step) {
      const std::string name = "consumer-with-a-long-name-" + std::to_string(random.Below(4));
      const StreamId id{random.Below(60), random.Below(3)};
      StreamConsumer* consumer = group.FindConsumer(name);
      if (consumer == nullptr) consumer = group.CreateConsumer(name, step);
      switch (random.Below(10)) {
        case 0:
          group.DeleteConsumer(*consumer);
          std::erase_if(owners, [&](const auto& owner) { return owner.second == name; });
          break;
        case 1:
        case 2:
        case 3:
          CHECK(group.Forget(id) == (owners.erase(id) == 1));
          break;
        default:
          CHECK(group.Deliver(id, *consumer, step).deliveries == 1);
          owners[id] = name;
      }
    }
    CheckConsistent(group, owners);
    StreamGroup copy("g", {}, 0, &bytes);
    copy.CopyFrom(group);
    CheckConsistent(copy, owners);
  }
  CHECK(bytes == 0);
}

TEST_CASE("StreamGroup: a consumer's name is taken once") {
  size_t bytes = 0;
  StreamGroup group("g", {}, 0, &bytes);
  CHECK(group.CreateConsumer("c", 1) != nullptr);
  CHECK(group.CreateConsumer("c", 1) == nullptr);
  CHECK(group.FindConsumer("c")->active_ms == -1);
}

}  // namespace
}  // namespace usher::engine
