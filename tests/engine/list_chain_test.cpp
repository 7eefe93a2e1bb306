// ListChain: finding, inserting and removing nodes in groups that split and vanish; the limits of a node.
#include "engine/list_chain.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;

ListNode NodeOf(const std::string& text) {
  ListNode node = ListNode::WithRoom(0, ListEnd::kTail);
  node.Push(ListEnd::kTail, PackedText(text));
  return node;
}

std::string TextAt(const ListChain& chain, uint64_t index) {
  const ListChain::Spot spot = chain.Find(index);
  const ListNode node = chain.NodeAt(spot.place);
  PackedScratch scratch;
  return std::string(node.At(node.Seek(spot.index)).Text(scratch));
}

TEST_CASE("ListChain: every index is found, from either end") {
  const ListLimits limits(2);
  ListChain* chain = ListChain::New(NodeOf("0"));
  for (int i = 1; i <= 500; ++i) {
    chain->Push(ListEnd::kTail, PackedText(std::to_string(i)), limits);
    chain->Push(ListEnd::kHead, PackedText(std::to_string(-i)), limits);
  }
  CHECK(chain->size() == 1001);
  for (int i = 0; i <= 1000; ++i) CHECK(TextAt(*chain, static_cast<uint64_t>(i)) == std::to_string(i - 500));
  ListChain::Delete(chain);
}

TEST_CASE("ListChain: nodes come and go anywhere, one element each") {
  Random random{TestSeed()};
  const ListLimits limits(1);
  ListChain* chain = ListChain::New(NodeOf("first"));
  std::vector<std::string> model = {"first"};
  for (int step = 0; step < 10'000; ++step) {
    const size_t index = random.Below(model.size());
    const ListChain::Place place = chain->Find(index).place;
    if (random.Below(10) < (step / 1'000 % 2 == 0 ? 7u : 3u)) {
      const std::string text = "element " + std::to_string(step);
      chain->Edit(place, [&](ListNode& node) { node.Push(ListEnd::kTail, PackedText(text)); });
      chain->DivideIfTooLarge(place, limits);
      model.insert(model.begin() + static_cast<ptrdiff_t>(index) + 1, text);
    } else if (model.size() > 1) {
      const ListEnd end = random.Below(2) == 0 ? ListEnd::kHead : ListEnd::kTail;
      const ListChain::Place neighbour = chain->Remove(place, end);
      model.erase(model.begin() + static_cast<ptrdiff_t>(index));
      const bool has_neighbour = end == ListEnd::kHead ? index > 0 : index < model.size();
      CHECK(static_cast<bool>(neighbour) == has_neighbour);
      if (has_neighbour) {
        PackedScratch scratch;
        const ListNode node = chain->NodeAt(neighbour);
        CHECK(node.At(node.Begin()).Text(scratch) == model[end == ListEnd::kHead ? index - 1 : index]);
      }
    }
    CHECK(chain->size() == model.size());
    const size_t probe = random.Below(model.size());
    CHECK(TextAt(*chain, probe) == model[probe]);
  }
  size_t steps = 1;
  for (ListChain::Place place = chain->EndPlace(ListEnd::kTail); (place = chain->Step(place, ListEnd::kHead));
       ++steps) {
    CHECK(chain->NodeAt(place).count() == 1);
  }
  CHECK(steps == model.size());
  ListChain::Delete(chain);
}

TEST_CASE("ListChain: a node that was made too large is divided until its parts are not") {
  const ListLimits limits(4);
  ListNode node = ListNode::WithRoom(0, ListEnd::kTail);
  for (int i = 0; i < 100; ++i) node.Push(ListEnd::kTail, PackedText(int64_t{i}));
  ListChain* chain = ListChain::New(node);
  chain->Push(ListEnd::kTail, PackedText("last"), limits);
  CHECK_FALSE(chain->HasOneNode());
  chain->DivideIfTooLarge(chain->EndPlace(ListEnd::kHead), limits);
  CHECK(chain->size() == 101);
  for (uint64_t i = 0; i < 100; ++i) CHECK(TextAt(*chain, i) == std::to_string(i));
  CHECK(chain->NodeAt(chain->Find(99).place).count() <= 4);
  ListChain::Delete(chain);
}

TEST_CASE("ListLimits: bytes for negative numbers, elements for others") {
  CHECK(ListLimits(-1).bytes_max() == 4096);
  CHECK(ListLimits(-2).bytes_max() == 8192);
  CHECK(ListLimits(-5).bytes_max() == 65536);
  CHECK(ListLimits(-100).bytes_max() == 65536);
  CHECK_FALSE(ListLimits(-2).Exceeded(8192, 100'000));
  CHECK(ListLimits(-2).Exceeded(8193, 1));
  CHECK_FALSE(ListLimits(5).Exceeded(8192, 5));
  CHECK(ListLimits(5).Exceeded(10, 6));
  CHECK(ListLimits(5).Exceeded(8193, 1));
  CHECK(ListLimits(0).Exceeded(10, 2));
  CHECK(ListLimits(-2).FitsHalf(4096, 1'000));
  CHECK_FALSE(ListLimits(-2).FitsHalf(4097, 1));
  CHECK(ListLimits(5).FitsHalf(8000, 2));
  CHECK_FALSE(ListLimits(5).FitsHalf(10, 3));
}

}  // namespace
}  // namespace usher::engine
