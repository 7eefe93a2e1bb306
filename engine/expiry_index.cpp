// See expiry_index.h.
#include "engine/expiry_index.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

constexpr uint32_t kChunkRecordsMin = 7;  // with its header a chunk of 2^n - 1 records is a power of two
constexpr uint32_t kChunkRecordsMax = 255;
constexpr int64_t kTimeMax = (int64_t{1} << 48) - 1;  // later is "never", looked at again then

}  // namespace

struct ExpiryWheel::Chunk {
  Chunk* next;
  uint32_t count;
  uint32_t capacity;
  ExpiryRecord* records() { return reinterpret_cast<ExpiryRecord*>(this + 1); }
};

ExpiryWheel::~ExpiryWheel() {
  for (auto& level : slots_) {
    for (Chunk* chunk : level) {
      while (chunk != nullptr) {
        Chunk* next = chunk->next;
        Free(chunk);
        chunk = next;
      }
    }
  }
}

void ExpiryWheel::Add(ExpiryRecord record) {
  const uint64_t when = static_cast<uint64_t>(std::clamp(record.when_ms, now_ms_, kTimeMax));
  const uint64_t differs = (when ^ static_cast<uint64_t>(now_ms_)) | (kSlots - 1);
  const int level = (std::bit_width(differs) - 1) / kSlotBits;
  const int slot = static_cast<int>((when >> (level * kSlotBits)) & (kSlots - 1));
  Chunk*& top = slots_[static_cast<size_t>(level)][static_cast<size_t>(slot)];
  if (top == nullptr || top->count == top->capacity) {
    const uint32_t capacity = top == nullptr ? kChunkRecordsMin : std::min(2 * top->capacity + 1, kChunkRecordsMax);
    Chunk* chunk = static_cast<Chunk*>(Allocate(sizeof(Chunk) + capacity * sizeof(ExpiryRecord)));
    *chunk = {top, 0, capacity};
    top = chunk;
    chunk_bytes_ += UsableBytes(chunk);
  }
  top->records()[top->count++] = record;
  occupied_[static_cast<size_t>(level)] |= uint64_t{1} << slot;
  ++size_;
}

ExpiryRecord ExpiryWheel::Take(int level, int slot) {
  Chunk*& top = slots_[static_cast<size_t>(level)][static_cast<size_t>(slot)];
  const ExpiryRecord record = top->records()[--top->count];
  if (top->count == 0) {
    Chunk* empty = top;
    top = empty->next;
    chunk_bytes_ -= UsableBytes(empty);
    Free(empty);
    if (top == nullptr) occupied_[static_cast<size_t>(level)] &= ~(uint64_t{1} << slot);
  }
  --size_;
  return record;
}

std::optional<ExpiryWheel::Step> ExpiryWheel::NextStep() const {
  std::optional<Step> first;
  const uint64_t now = static_cast<uint64_t>(now_ms_);
  for (int level = 0; level < kLevels; ++level) {
    if (occupied_[static_cast<size_t>(level)] == 0) continue;
    // No slot before the present one is occupied: such records would have been taken out or be on a higher level.
    const int slot = std::countr_zero(occupied_[static_cast<size_t>(level)]);
    const int shift = level * kSlotBits;
    const uint64_t turn_start = now >> (shift + kSlotBits) << (shift + kSlotBits);
    const int64_t start = static_cast<int64_t>(turn_start + (static_cast<uint64_t>(slot) << shift));
    // At the same time the higher level comes first: it may hold records of the lower one.
    if (!first || start <= first->start_ms) first = Step{level, slot, start};
  }
  return first;
}

std::optional<ExpiryRecord> ExpiryWheel::TakeDue(int64_t now_ms, size_t& budget) {
  for (; budget > 0; --budget) {
    const std::optional<Step> step = NextStep();
    if (!step || step->start_ms > now_ms) {
      now_ms_ = std::max(now_ms_, std::min(now_ms, kTimeMax));
      return std::nullopt;
    }
    now_ms_ = std::max(now_ms_, step->start_ms);
    const ExpiryRecord record = Take(step->level, step->slot);
    if (step->level == 0) {
      --budget;
      return record;
    }
    Add(record);
  }
  return std::nullopt;
}

ExpiryRecord ExpiryWheel::TakeAny() {
  ASSERT(size_ > 0);
  int level = 0;
  while (occupied_[static_cast<size_t>(level)] == 0) ++level;
  return Take(level, std::countr_zero(occupied_[static_cast<size_t>(level)]));
}

std::optional<int64_t> ExpiryWheel::NextStepMs() const {
  const std::optional<Step> step = NextStep();
  return step ? std::optional<int64_t>(step->start_ms) : std::nullopt;
}

size_t ExpiryIndex::MemoryBytes() const {
  return (current_ ? current_->MemoryBytes() : 0) + (previous_ ? previous_->MemoryBytes() : 0);
}

void ExpiryIndex::Add(uint64_t hash, int64_t when_ms) {
  if (!current_) current_ = std::make_unique<ExpiryWheel>(now_ms_);
  current_->Add({hash, when_ms});
}

std::optional<ExpiryRecord> ExpiryIndex::TakeDue(int64_t now_ms, size_t& budget) {
  now_ms_ = std::clamp(now_ms, now_ms_, kTimeMax);
  if (previous_) {
    if (const std::optional<ExpiryRecord> record = previous_->TakeDue(now_ms, budget)) return record;
  }
  return current_ ? current_->TakeDue(now_ms, budget) : std::nullopt;
}

std::optional<int64_t> ExpiryIndex::NextStepMs() const {
  const std::optional<int64_t> current = current_ ? current_->NextStepMs() : std::nullopt;
  const std::optional<int64_t> previous = previous_ ? previous_->NextStepMs() : std::nullopt;
  if (!current || !previous) return current ? current : previous;
  return std::min(*current, *previous);
}

void ExpiryIndex::BeginSweep() {
  ASSERT(!IsSweeping());
  previous_ = std::exchange(current_, nullptr);
  generation_ = !generation_;
}

std::optional<ExpiryRecord> ExpiryIndex::TakeSwept() {
  if (!previous_) return std::nullopt;
  if (previous_->size() > 0) return previous_->TakeAny();
  previous_.reset();
  return std::nullopt;
}

}  // namespace usher::engine
