// StreamNode: entries in and out, in both directions, and when a node is full.
#include "engine/stream_node.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace usher::engine {
namespace {

using Words = std::vector<std::string_view>;

std::string TextOf(const StreamEntry& entry) {
  std::string text(StreamIdText(entry.id()).view());
  entry.ForEachField([&](std::string_view field, std::string_view value) {
    ((text += ' ') += field) += '=';
    text += value;
  });
  return text;
}

TEST_CASE("StreamNode: entries with the first one's fields and with others") {
  StreamNode node = StreamNode::Make({5, 1}, Words{"a", "1", "b", "2"});
  node.Append({5, 1}, Words{"a", "1", "b", "2"});
  node.Append({5, 9}, Words{"a", "x", "b", "-7"});
  node.Append({7, 0}, Words{"b", "2", "a", "1"});
  node.Append({8, 3}, Words{"c", std::string_view("\0", 1)});
  const std::vector<std::string> expected = {"5-1 a=1 b=2", "5-9 a=x b=-7", "7-0 b=2 a=1", std::string("8-3 c=\0", 7)};
  std::vector<std::string> forward;
  StreamEntry entry;
  for (bool found = node.First(entry); found; found = node.Next(entry)) forward.push_back(TextOf(entry));
  CHECK(forward == expected);
  std::vector<std::string> backward;
  for (bool found = node.Last(entry); found; found = node.Previous(entry))
    backward.insert(backward.begin(), TextOf(entry));
  CHECK(backward == expected);
  CHECK(node.live() == 4);
  node.Destroy();
}

TEST_CASE("StreamNode: its size is that of Redis's layout") {
  StreamNode node = StreamNode::Make({1, 1}, Words{"f", "v"});
  // header 6, counters 2 + 2 + 2, field 3, end of the master entry 2, end mark 1
  CHECK(node.bytes() == 18);
  node.Append({1, 1}, Words{"f", "v"});
  // flags, two differences and the number of elements 2 each, value 3
  CHECK(node.bytes() == 18 + 11);
  node.Destroy();
}

TEST_CASE("StreamNode: full by bytes or by entries, the deleted ones too") {
  const Words fields{"f", "v"};
  StreamNode node = StreamNode::Make({1, 1}, fields);
  node.Append({1, 1}, fields);
  node.Append({1, 2}, fields);
  CHECK(node.IsFull(fields, {.node_bytes_max = 0, .node_entries_max = 2}));
  CHECK_FALSE(node.IsFull(fields, {.node_bytes_max = 0, .node_entries_max = 3}));
  CHECK(node.IsFull(fields, {.node_bytes_max = node.bytes() + 2, .node_entries_max = 0}));
  CHECK_FALSE(node.IsFull(fields, {.node_bytes_max = node.bytes() + 3, .node_entries_max = 0}));
  StreamEntry entry;
  REQUIRE(node.First(entry));
  node.Delete(entry);
  CHECK(node.live() == 1);
  CHECK(node.deleted() == 1);
  CHECK(node.IsFull(fields, {.node_bytes_max = 0, .node_entries_max = 2}));
  node.Destroy();
}

TEST_CASE("StreamNode: counters that outgrow their byte move the rest") {
  const Words fields{"field", "value"};
  StreamNode node = StreamNode::Make({1, 0}, fields);
  for (uint64_t i = 0; i < 5'000; ++i) node.Append({1, i}, fields);
  CHECK(node.live() == 5'000);
  CHECK(node.DeleteWhile([](StreamId, size_t so_far) { return so_far == 4'900; }) == 4'900);
  CHECK(node.live() == 100);
  CHECK(node.deleted() == 4'900);
  node.ShrinkToFit();
  StreamNode copy = node.Copy();
  node.Destroy();
  size_t live = 0;
  StreamEntry entry;
  for (bool found = copy.First(entry); found; found = copy.Next(entry)) live += entry.deleted() ? 0 : 1;
  CHECK(live == 100);
  REQUIRE(copy.Last(entry));
  CHECK(TextOf(entry) == "1-4999 field=value");
  copy.Destroy();
}

}  // namespace
}  // namespace usher::engine
