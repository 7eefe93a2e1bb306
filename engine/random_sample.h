// Drawing several different things from a collection of 32-bit places (positions, handles, ranks).
// Complexity: O(count) expected while count is small against the size, else O(size). Thread safety: the caller's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/base/random.h"

namespace usher::engine {

/// Makes `places` a uniform sample of min(count, its size) of them.
inline void KeepSample(Random& random, size_t count, std::vector<uint32_t>& places) {
  for (size_t i = 0; i < count && i + 1 < places.size() && count < places.size(); ++i) {
    std::swap(places[i], places[i + random.Below(places.size() - i)]);
  }
  places.resize(std::min(count, places.size()));
}

/// `count` different places of `size`, uniformly drawn: draw() gives one, all() gives them all.
template <class Draw, class All>
std::vector<uint32_t> DrawDistinct(Random& random, size_t count, size_t size, Draw&& draw, All&& all) {
  constexpr size_t kSparse = 3;  // below a third of the collection, few draws meet a place twice
  if (count < size / kSparse) {
    std::unordered_set<uint32_t> drawn;
    drawn.reserve(count);
    while (drawn.size() < count) drawn.insert(draw());
    return {drawn.begin(), drawn.end()};
  }
  std::vector<uint32_t> places = all();
  KeepSample(random, count, places);
  return places;
}

}  // namespace usher::engine
