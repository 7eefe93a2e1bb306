// See int_set.h.
#include "engine/int_set.h"

#include <limits>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

template <class Narrow>
bool Fits(int64_t value) {
  return value >= std::numeric_limits<Narrow>::min() && value <= std::numeric_limits<Narrow>::max();
}

uint32_t WidthOf(int64_t value) {
  if (Fits<int16_t>(value)) return sizeof(int16_t);
  return Fits<int32_t>(value) ? sizeof(int32_t) : sizeof(int64_t);
}

template <class Narrow>
int64_t Load(const char* integers, uint32_t index) {
  Narrow value;
  std::memcpy(&value, integers + index * sizeof(Narrow), sizeof(Narrow));
  return value;
}

}  // namespace

int64_t IntSet::At(uint32_t index) const {
  ASSERT_DEBUG(index < size());
  switch (block_->width) {
    case sizeof(int16_t):
      return Load<int16_t>(Integers(), index);
    case sizeof(int32_t):
      return Load<int32_t>(Integers(), index);
    default:
      return Load<int64_t>(Integers(), index);
  }
}

void IntSet::Store(uint32_t index, int64_t value) {
  // The low bytes of a number come first on every machine that this runs on.
  std::memcpy(Integers() + size_t{index} * block_->width, &value, block_->width);
}

uint32_t IntSet::LowerBound(int64_t value) const {
  uint32_t first = 0;
  uint32_t left = size();
  while (left > 0) {
    const uint32_t half = left / 2;
    const bool below = At(first + half) < value;
    first += below ? half + 1 : 0;
    left = below ? left - half - 1 : half;
  }
  return first;
}

bool IntSet::Contains(int64_t value) const {
  const uint32_t at = LowerBound(value);
  return at < size() && At(at) == value;
}

void IntSet::Reserve(uint32_t count) {
  const size_t bytes = BlockBytes(count, block_->width);
  const size_t usable = UsableBytes(block_);
  if (bytes <= usable) return;
  block_ = static_cast<Block*>(Reallocate(block_, bytes + bytes / 4));
}

void IntSet::Widen(uint32_t width) {
  const uint32_t count = size();
  IntSet narrow = *this;
  block_ = static_cast<Block*>(Allocate(BlockBytes(count + 1, width)));
  *block_ = {count, width};
  for (uint32_t i = 0; i < count; ++i) Store(i, narrow.At(i));
  narrow.Destroy();
}

bool IntSet::Add(int64_t value) {
  if (block_ == nullptr) {
    block_ = static_cast<Block*>(Allocate(BlockBytes(1, WidthOf(value))));
    *block_ = {0, WidthOf(value)};
  }
  const uint32_t at = LowerBound(value);
  if (at < size() && At(at) == value) return false;
  if (WidthOf(value) > block_->width) Widen(WidthOf(value));
  ASSERT(size() < std::numeric_limits<uint32_t>::max());
  Reserve(size() + 1);
  char* place = Integers() + size_t{at} * block_->width;
  std::memmove(place + block_->width, place, size_t{size() - at} * block_->width);
  ++block_->count;
  Store(at, value);
  return true;
}

bool IntSet::Remove(int64_t value) {
  const uint32_t at = LowerBound(value);
  if (at == size() || At(at) != value) return false;
  RemoveAt({&at, 1});
  return true;
}

void IntSet::RemoveAt(std::span<const uint32_t> ranks) {
  if (ranks.empty()) return;
  const size_t width = block_->width;
  uint32_t kept = ranks.front();
  for (size_t i = 0; i < ranks.size(); ++i) {
    const uint32_t from = ranks[i] + 1;
    const uint32_t end = i + 1 < ranks.size() ? ranks[i + 1] : size();
    std::memmove(Integers() + kept * width, Integers() + from * width, (end - from) * width);
    kept += end - from;
  }
  SetCount(kept);
}

// Gives memory back when less than half of the block is used.
void IntSet::SetCount(uint32_t count) {
  if (count == 0) return Destroy();
  block_->count = count;
  const size_t bytes = BlockBytes(count, block_->width);
  if (bytes < UsableBytes(block_) / 2) block_ = static_cast<Block*>(Reallocate(block_, bytes));
}

size_t IntSet::MemoryBytes() const {
  return UsableBytes(block_);
}

IntSet IntSet::Copy() const {
  if (block_ == nullptr) return {};
  IntSet copy;
  const size_t bytes = BlockBytes(size(), block_->width);
  copy.block_ = static_cast<Block*>(Allocate(bytes));
  std::memcpy(copy.block_, block_, bytes);
  return copy;
}

void IntSet::Destroy() {
  Free(block_);
  block_ = nullptr;
}

}  // namespace usher::engine
