// Stream: against a naive model, its counters, its size.
#include "engine/stream_value.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using Direction = Stream::Reader::Direction;
using Words = std::vector<std::string_view>;
using Model = std::map<StreamId, std::string>;

StreamNewId Full(StreamId id) {
  return {id, true, true};
}

Model ContentsOf(const Stream& stream, StreamId from = {}, StreamId to = kStreamIdMax) {
  Model contents;
  Stream::Reader reader(stream, from, to);
  while (reader.Next()) {
    reader.entry().ForEachField(
        [&](std::string_view, std::string_view value) { contents[reader.entry().id()] = value; });
  }
  return contents;
}

Stream StreamOfSize(uint64_t size, const StreamLimits& limits = {}) {
  Stream stream;
  for (uint64_t i = 1; i <= size; ++i) CHECK(stream.Add(Full({i, 0}), Words{"f", "v"}, 0, limits));
  return stream;
}

TEST_CASE("Stream: agrees with a map under random edits") {
  Random random{tests::TestSeed()};
  const StreamLimits limits{.node_bytes_max = 300, .node_entries_max = 7};
  Stream stream;
  Model model;
  StreamId last;
  for (int step = 0; step < 6'000; ++step) {
    const uint64_t roll = random.Below(100);
    if (roll < 70 || stream.empty()) {
      last = StreamId{last.ms + random.Below(3), last.seq + 1 + random.Below(3)};
      const std::string value = random.Below(2) == 0 ? std::to_string(step) : std::string(random.Below(80), 'v');
      const Words fields = random.Below(4) == 0 ? Words{"other", value} : Words{"f", value};
      CHECK(*stream.Add(Full(last), fields, 0, limits) == last);
      model[last] = value;
    } else if (roll < 90 && !model.empty()) {
      const StreamId id = random.Below(4) == 0
                              ? StreamId{random.Below(last.ms + 1), random.Below(9)}
                              : std::next(model.begin(), static_cast<long>(random.Below(model.size())))->first;
      CHECK(stream.Delete(std::array{id}) == model.erase(id));
    } else {
      const size_t left = model.size() - std::min<size_t>(model.size(), random.Below(6));
      CHECK(stream.Trim({.by = StreamTrim::By::kLength, .length_max = left}) == model.size() - left);
      while (model.size() > left) model.erase(model.begin());
    }
    REQUIRE(stream.size() == model.size());
    CHECK(stream.first_id() == (model.empty() ? StreamId() : model.begin()->first));
    CHECK(stream.LastEntryId() == (model.empty() ? StreamId() : model.rbegin()->first));
    if (step % 200 == 0) CHECK(ContentsOf(stream) == model);
  }
  Stream copy = stream.Copy();
  stream.Destroy();
  CHECK(ContentsOf(copy) == model);
  copy.Destroy();
}

TEST_CASE("Stream: an interval from either end") {
  Stream stream = StreamOfSize(1'000);
  CHECK(ContentsOf(stream, {300, 0}, {305, 0}).size() == 6);
  CHECK(ContentsOf(stream, {300, 1}, {300, 9}).empty());
  Stream::Reader reader(stream, {10, 0}, {500, 5}, Direction::kBackward);
  uint64_t expected = 500;
  while (reader.Next()) CHECK(reader.entry().id() == StreamId{expected--, 0});
  CHECK(expected == 9);
  stream.Destroy();
}

TEST_CASE("Stream: chosen IDs") {
  Stream stream;
  CHECK(*stream.Add({}, Words{"f", "v"}, 5'000, {}) == StreamId{5'000, 0});
  CHECK(*stream.Add({}, Words{"f", "v"}, 4'000, {}) == StreamId{5'000, 1});
  CHECK(*stream.Add({{5'000, 0}, true, false}, Words{"f", "v"}, 0, {}) == StreamId{5'000, 2});
  CHECK(*stream.Add({{6'000, 0}, true, false}, Words{"f", "v"}, 0, {}) == StreamId{6'000, 0});
  CHECK(stream.Add({{5'000, 0}, true, false}, Words{"f", "v"}, 0, {}).error() == Error::kStreamIdTooSmall);
  CHECK(stream.Add(Full({6'000, 0}), Words{"f", "v"}, 0, {}).error() == Error::kStreamIdTooSmall);
  CHECK(stream.Add(Full(kStreamIdMax), Words{"f", "v"}, 0, {}));
  CHECK(stream.Add({}, Words{"f", "v"}, 0, {}).error() == Error::kStreamExhausted);
  CHECK(stream.size() == 5);
  stream.Destroy();
}

TEST_CASE("Stream: a trim by whole nodes stops before the node that it may not remove") {
  Stream stream = StreamOfSize(30, {.node_bytes_max = 0, .node_entries_max = 10});
  CHECK(stream.Trim({.by = StreamTrim::By::kLength, .whole_nodes = true, .length_max = 11}) == 10);
  CHECK(stream.Trim({.by = StreamTrim::By::kMinId, .whole_nodes = true, .min_id = {21, 0}, .removed_max = 9}) == 0);
  CHECK(stream.Trim({.by = StreamTrim::By::kMinId, .whole_nodes = true, .min_id = {21, 0}}) == 10);
  CHECK(stream.first_id() == StreamId{21, 0});
  CHECK(stream.Trim({.by = StreamTrim::By::kLength}) == 10);
  CHECK(stream.size() == 0);
  CHECK_FALSE(stream.empty());
  stream.Destroy();
}

TEST_CASE("Stream: what a group has left is known unless something was deleted ahead of it") {
  Stream stream = StreamOfSize(10);
  StreamGroup& group = *stream.CreateGroup("g", {}, StreamGroup::kUnknownEntriesRead);
  CHECK(stream.LagOf(group) == 10);
  CHECK(stream.AdvanceGroup(group, {1, 0}));
  CHECK(group.entries_read == 1);
  CHECK(stream.LagOf(group) == 9);
  stream.Delete(std::array{StreamId{5, 0}});
  CHECK_FALSE(stream.LagOf(group));
  for (uint64_t ms = 2; ms <= 10; ++ms) CHECK(stream.AdvanceGroup(group, {ms, 0}));
  CHECK(group.entries_read == 10);
  CHECK(stream.LagOf(group) == 0);
  CHECK_FALSE(stream.AdvanceGroup(group, {9, 0}));
  stream.Destroy();
}

TEST_CASE("Stream: nodes of the radix tree over its nodes' IDs") {
  Stream stream;
  stream.Create();
  CHECK(stream.RadixNodeCount() == 1);
  const StreamLimits one_each{.node_bytes_max = 0, .node_entries_max = 1};
  CHECK(stream.Add(Full({1, 0}), Words{"f", "v"}, 0, one_each));
  CHECK(stream.RadixNodeCount() == 2);  // what leads to the key, and the key
  CHECK(stream.Add(Full({1, 1}), Words{"f", "v"}, 0, one_each));
  CHECK(stream.RadixNodeCount() == 4);  // they differ in the last byte
  CHECK(stream.Add(Full({2, 0}), Words{"f", "v"}, 0, one_each));
  CHECK(stream.RadixNodeCount() == 8);
  stream.Destroy();
}

TEST_CASE("Stream: an entry takes little more than its bytes") {
  Stream stream;
  for (uint64_t i = 1; i <= 100'000; ++i) {
    const std::string value = "value:" + std::to_string(i);
    CHECK(stream.Add(Full({1'700'000'000'000 + i, 0}), Words{"user", value, "state", "READY"}, 0, {}));
  }
  const size_t per_entry = stream.MemoryBytes() / stream.size();
  CHECK(per_entry < 34);  // flags, differences and count 9, value 14, state 7
  stream.Destroy();
  CHECK(stream.MemoryBytes() == 0);
}

}  // namespace
}  // namespace usher::engine
