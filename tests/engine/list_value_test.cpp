// List: both forms against a deque, conversion by Redis's rules, searching.
#include "engine/list_value.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;
using Texts = std::deque<std::string>;

Texts TextsOf(const List& list) {
  Texts texts;
  list.ForEach([&](std::string_view text) { texts.emplace_back(text); });
  return texts;
}

void Push(List& list, ListEnd end, const std::string& text, const ListLimits& limits) {
  list.PrepareToGrow(text.size(), 1, limits);
  list.Push(end, text, limits);
}

std::string RandomText(Random& random) {
  if (random.Below(3) == 0) return std::to_string(random.Below(40));
  std::string text(random.Below(random.Below(500) == 0 ? 10'000 : 12), 'x');
  for (char& c : text) c = static_cast<char>('a' + random.Below(3));
  return text;
}

std::vector<uint64_t> MatchesIn(const Texts& model, const std::string& text, bool forward, uint64_t compared_max) {
  std::vector<uint64_t> found;
  for (uint64_t i = 0; i < std::min<uint64_t>(model.size(), compared_max); ++i) {
    const uint64_t index = forward ? i : model.size() - 1 - i;
    if (model[index] == text) found.push_back(index);
  }
  return found;
}

uint64_t RemoveFrom(Texts& model, const std::string& text, bool forward, uint64_t count) {
  if (!forward) std::reverse(model.begin(), model.end());
  uint64_t removed = 0;
  for (auto at = model.begin(); at != model.end() && removed < count;) {
    at = *at == text ? (++removed, model.erase(at)) : at + 1;
  }
  if (!forward) std::reverse(model.begin(), model.end());
  return removed;
}

/// One list and its model under random edits.
class Edits {
 public:
  Edits(ListLimits limits, size_t size_max, uint64_t seed) : limits_(limits), size_max_(size_max), random_(seed) {}
  ~Edits() { list_.Destroy(); }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      Edit();
      if (random_.Below(3) == 0) list_.ShrinkIfSmall(limits_);
      CHECK(list_.size() == model_.size());
      CHECK(list_.empty() == model_.empty());
      if (step % 200 == 0) Compare();
    }
    Compare();
    List copy = list_.Copy();
    CHECK(copy.encoding() == list_.encoding());
    CHECK(TextsOf(copy) == model_);
    CHECK(copy.MemoryBytes() <= list_.MemoryBytes());
    copy.Destroy();
  }

 private:
  void Edit() {
    const ListEnd end = random_.Below(2) == 0 ? ListEnd::kHead : ListEnd::kTail;
    growing_ = model_.size() < size_max_ && (growing_ || model_.size() < size_max_ / 4);
    if (random_.Below(100) < (growing_ ? 60u : 30u)) return PushOne(end);
    if (model_.empty()) return;
    switch (random_.Below(6)) {
      case 0:
        return PopSome(end);
      case 1:
        return SetOne();
      case 2:
        return InsertOne(end);
      case 3:
        return RemoveSome(end);
      case 4:
        return DropSome(end);
      default:
        return SearchOne(end);
    }
  }

  void PushOne(ListEnd end) {
    const std::string text = RandomText(random_);
    Push(list_, end, text, limits_);
    end == ListEnd::kHead ? model_.push_front(text) : model_.push_back(text);
  }
  void PopSome(ListEnd end) {
    const uint64_t count = random_.Below(std::min<uint64_t>(model_.size(), 8)) + 1;
    list_.Pop(end, count, [&](std::string_view text) {
      CHECK(text == (end == ListEnd::kHead ? model_.front() : model_.back()));
      end == ListEnd::kHead ? model_.pop_front() : model_.pop_back();
    });
  }
  void SetOne() {
    const uint64_t index = random_.Below(model_.size());
    const std::string text = RandomText(random_);
    list_.PrepareToGrow(text.size(), 1, limits_);
    list_.Set(index, text, limits_);
    model_[index] = text;
  }
  void InsertOne(ListEnd side) {
    const std::string pivot = random_.Below(4) == 0 ? RandomText(random_) : model_[random_.Below(model_.size())];
    const std::string text = RandomText(random_);
    list_.PrepareToGrow(text.size(), 1, limits_);
    const auto at = std::find(model_.begin(), model_.end(), pivot);
    CHECK(list_.InsertBeside(pivot, side, text, limits_) == (at != model_.end()));
    if (at != model_.end()) model_.insert(side == ListEnd::kHead ? at : at + 1, text);
  }
  void RemoveSome(ListEnd from) {
    const std::string text = RandomText(random_);
    const uint64_t count = random_.Below(3) == 0 ? model_.size() : random_.Below(3) + 1;
    CHECK(list_.Remove(text, from, count) == RemoveFrom(model_, text, from == ListEnd::kHead, count));
  }
  void DropSome(ListEnd end) {
    const uint64_t count =
        random_.Below(50) == 0 ? model_.size() / 2 : random_.Below(std::min<uint64_t>(model_.size(), 5));
    list_.Drop(end, count);
    const auto drop = static_cast<ptrdiff_t>(count);
    if (end == ListEnd::kHead) {
      model_.erase(model_.begin(), model_.begin() + drop);
    } else {
      model_.erase(model_.end() - drop, model_.end());
    }
  }
  void SearchOne(ListEnd from) {
    const std::string text = RandomText(random_);
    const uint64_t compared_max = random_.Below(2) == 0 ? model_.size() : random_.Below(model_.size());
    std::vector<uint64_t> found;
    list_.Search(text, from, compared_max, [&](uint64_t index) {
      found.push_back(index);
      return true;
    });
    CHECK(found == MatchesIn(model_, text, from == ListEnd::kHead, compared_max));
  }
  void Compare() {
    CHECK(TextsOf(list_) == model_);
    if (model_.empty()) return;
    const uint64_t first = random_.Below(model_.size());
    const uint64_t count = random_.Below(model_.size() - first);
    uint64_t index = first;
    list_.ForRange(first, count, [&](std::string_view text) { CHECK(text == model_[index++]); });
    CHECK(index == first + count);
    PackedScratch scratch;
    CHECK(list_.Get(first, scratch) == model_[first]);
  }

  const ListLimits limits_;
  const size_t size_max_;
  Random random_;
  bool growing_ = true;
  List list_;
  Texts model_;
};

TEST_CASE("List: agrees with a deque while packed") {
  Edits(ListLimits(-5), 100, TestSeed()).Run(20'000);
}
TEST_CASE("List: agrees with a deque in nodes of three") {
  Edits(ListLimits(3), 1'000, TestSeed()).Run(40'000);
}
TEST_CASE("List: agrees with a deque in nodes of one") {
  Edits(ListLimits(1), 300, TestSeed()).Run(20'000);
}
TEST_CASE("List: agrees with a deque in nodes of 4 KB") {
  Edits(ListLimits(-1), 5'000, TestSeed()).Run(40'000);
}

TEST_CASE("List: is a quicklist when it would not fit a node, and again a listpack at half of that") {
  const ListLimits limits(-2);
  List list;
  const std::string text(98, 'x');  // 101 bytes in a listpack
  for (int i = 0; i < 81; ++i) Push(list, ListEnd::kTail, text, limits);
  CHECK(list.encoding() == List::Encoding::kListpack);  // the last one met 7 + 80 * 101, and 98 more fit
  Push(list, ListEnd::kTail, text, limits);
  CHECK(list.encoding() == List::Encoding::kQuicklist);
  list.Drop(ListEnd::kTail, 82 - 41);
  list.ShrinkIfSmall(limits);
  CHECK(list.encoding() == List::Encoding::kQuicklist);  // 7 + 41 * 101 = 4148
  list.Drop(ListEnd::kTail, 1);
  list.ShrinkIfSmall(limits);
  CHECK(list.encoding() == List::Encoding::kListpack);
  CHECK(list.size() == 40);
  list.Destroy();
}

TEST_CASE("List: a limit of elements counts them, half of it brings the listpack back") {
  const ListLimits limits(4);
  List list;
  for (int i = 0; i < 4; ++i) Push(list, ListEnd::kHead, "x", limits);
  CHECK(list.encoding() == List::Encoding::kListpack);
  Push(list, ListEnd::kHead, "x", limits);
  CHECK(list.encoding() == List::Encoding::kQuicklist);
  list.Drop(ListEnd::kHead, 1);
  list.ShrinkIfSmall(limits);
  CHECK(list.encoding() == List::Encoding::kQuicklist);
  list.Drop(ListEnd::kHead, 2);
  list.ShrinkIfSmall(limits);
  CHECK(list.encoding() == List::Encoding::kListpack);
  list.Destroy();
}

TEST_CASE("List: one giant element makes a quicklist") {
  const ListLimits limits;
  List list;
  Push(list, ListEnd::kTail, std::string(100'000, 'x'), limits);
  CHECK(list.encoding() == List::Encoding::kQuicklist);
  CHECK(list.size() == 1);
  list.Drop(ListEnd::kTail, 1);
  CHECK(list.empty());
  CHECK(list.MemoryBytes() == 0);
}

TEST_CASE("List: a million elements take little more than their texts") {
  const ListLimits limits;
  List list;
  size_t text_bytes = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string text = "element:" + std::to_string(i);
    text_bytes += text.size() + 2;  // length before and behind
    Push(list, ListEnd::kTail, text, limits);
  }
  CHECK(list.MemoryBytes() < text_bytes + text_bytes / 50);
  list.Destroy();
}

}  // namespace
}  // namespace usher::engine
