// ListNode: edits at the ends and inside, against a deque; what Redis's listpack would take.
#include "engine/list_node.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;
using Texts = std::deque<std::string>;

std::string TextAt(const ListNode& node, ListNode::Position at) {
  PackedScratch scratch;
  return std::string(node.At(at).Text(scratch));
}

Texts TextsOf(const ListNode& node) {
  Texts texts;
  for (ListNode::Position at = node.Begin(); at != node.End(); at = node.Next(at)) texts.push_back(TextAt(node, at));
  return texts;
}

Texts TextsBackwards(const ListNode& node) {
  Texts texts;
  for (ListNode::Position at = node.End(); at != node.Begin();) {
    at = node.Previous(at);
    texts.push_front(TextAt(node, at));
  }
  return texts;
}

size_t ListpackBytesOf(const Texts& texts) {
  size_t bytes = ListNode::kListpackHeaderBytes;
  for (const std::string& text : texts) bytes += PackedText(text).ListpackBytes();
  return bytes;
}

std::string RandomText(Random& random) {
  if (random.Below(3) == 0) return std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64));
  std::string text(random.Below(random.Below(50) == 0 ? 5'000 : 20), 'x');
  for (char& c : text) c = static_cast<char>('a' + random.Below(26));
  return text;
}

void EditOnce(ListNode& node, Texts& model, Random& random) {
  const std::string text = RandomText(random);
  const auto index = static_cast<uint32_t>(model.empty() ? 0 : random.Below(model.size()));
  const auto offset = static_cast<ptrdiff_t>(index);
  switch (random.Below(model.size() > 200 ? 8 : model.empty() ? 3 : 6)) {
    case 0:
      node.Push(ListEnd::kHead, PackedText(text));
      return model.push_front(text);
    case 1:
      node.Push(ListEnd::kTail, PackedText(text));
      return model.push_back(text);
    case 2:
      node.Insert(node.Seek(index), PackedText(text));
      model.insert(model.begin() + offset, text);
      return;
    case 3:
      node.Replace(node.Seek(index), PackedText(text));
      model[index] = text;
      return;
    case 4:
      node.Erase(node.Seek(index), node.Seek(index + 1), 1);
      model.erase(model.begin() + offset);
      return;
    default: {
      ListNode tail = node.SplitOff(index);
      CHECK(TextsOf(tail) == Texts(model.begin() + offset, model.end()));
      CHECK(tail.ListpackBytes() == ListpackBytesOf(TextsOf(tail)));
      tail.Destroy();
      model.resize(index);
    }
  }
}

TEST_CASE("ListNode: agrees with a deque under random edits") {
  Random random{TestSeed()};
  ListNode node = ListNode::WithRoom(0, ListEnd::kTail);
  Texts model;
  for (int step = 0; step < 20'000; ++step) {
    EditOnce(node, model, random);
    CHECK(node.count() == model.size());
    if (step % 50 == 0) {
      CHECK(TextsOf(node) == model);
      CHECK(TextsBackwards(node) == model);
      CHECK(node.ListpackBytes() == ListpackBytesOf(model));
      if (!model.empty())
        CHECK(TextAt(node, node.Seek(static_cast<uint32_t>(model.size() / 2))) == model[model.size() / 2]);
    }
    if (step % 500 == 0) {
      ListNode copy = node.Copy();
      CHECK(TextsOf(copy) == model);
      copy.Compact();
      CHECK(TextsOf(copy) == model);
      copy.Destroy();
    }
  }
  node.Destroy();
}

TEST_CASE("ListNode: a queue of constant length stays in its block") {
  ListNode node = ListNode::WithRoom(0, ListEnd::kTail);
  for (int i = 0; i < 10; ++i) node.Push(ListEnd::kTail, PackedText("element:" + std::to_string(i)));
  const size_t bytes = node.MemoryBytes();
  for (int i = 0; i < 10'000; ++i) {
    node.Push(ListEnd::kTail, PackedText("element:" + std::to_string(i % 10)));
    node.Erase(node.Begin(), node.Next(node.Begin()), 1);
    CHECK(node.MemoryBytes() <= 2 * bytes);
  }
  node.Destroy();
}

TEST_CASE("PackedText: knows what Redis's listpack would take") {
  const auto bytes = [](std::string_view text) { return PackedText(text).ListpackBytes(); };
  CHECK(bytes("") == 2);
  CHECK(bytes("0") == 2);
  CHECK(bytes("127") == 2);
  CHECK(bytes("128") == 3);
  CHECK(bytes("-1") == 3);
  CHECK(bytes("-4096") == 3);
  CHECK(bytes("4095") == 3);
  CHECK(bytes("4096") == 4);
  CHECK(bytes("32767") == 4);
  CHECK(bytes("32768") == 5);
  CHECK(bytes("8388607") == 5);
  CHECK(bytes("8388608") == 6);
  CHECK(bytes("2147483648") == 10);
  CHECK(bytes("token") == 7);
  CHECK(bytes("00112233445566778899aabbccddeeff") == 34);
  CHECK(bytes(std::string(63, 'x')) == 65);
  CHECK(bytes(std::string(64, 'x')) == 67);
  CHECK(bytes(std::string(125, 'x')) == 128);
  CHECK(bytes(std::string(126, 'x')) == 130);
  CHECK(bytes(std::string(4096, 'x')) == 4096 + 5 + 2);
}

}  // namespace
}  // namespace usher::engine
