// SkipListBase: see skip_list.h for the picture and the invariants.
#include "engine/skip_list.h"

#include <algorithm>
#include <cstring>

#include "engine/base/memory.h"

namespace usher::engine {

namespace {

constexpr uint32_t kBlockEntries = kSkipListBlockEntries;
constexpr uint32_t kUnderfullEntries = kBlockEntries / 4;
constexpr uint32_t kMergedEntriesMax = kBlockEntries * 3 / 4;  // a merged block has room before it splits again

void MoveEntries(SkipListBlock* to, uint32_t to_index, const SkipListBlock* from, uint32_t from_index, uint32_t count) {
  std::memmove(to->scores + to_index, from->scores + from_index, count * sizeof(double));
  std::memmove(to->handles + to_index, from->handles + from_index, count * sizeof(uint32_t));
}

// Makes room for one entry at `index` (counted from begin) by moving the shorter side that can move, and writes it.
void PutEntry(SkipListNode* node, uint32_t index, double score, uint32_t handle) {
  auto* block = static_cast<SkipListBlock*>(node);
  const uint32_t begin = block->begin;
  const uint32_t behind = block->count - index;
  const bool room_behind = begin + block->count < kBlockEntries;
  if (room_behind && (behind <= index || begin == 0)) {
    MoveEntries(block, begin + index + 1, block, begin + index, behind);
  } else {
    MoveEntries(block, begin - 1, block, begin, index);
    --block->begin;
  }
  ++block->count;
  block->Scores()[index] = score;
  block->Handles()[index] = handle;
}

// Closes the gap of `count` entries at `index`, moving the shorter side.
void DropEntries(SkipListNode* node, uint32_t index, uint32_t count) {
  auto* block = static_cast<SkipListBlock*>(node);
  const uint32_t behind = block->count - index - count;
  if (index < behind) {
    MoveEntries(block, block->begin + count, block, block->begin, index);
    block->begin = static_cast<uint16_t>(block->begin + count);
  } else {
    MoveEntries(block, block->begin + index, block, block->begin + index + count, behind);
  }
  block->count = static_cast<uint16_t>(block->count - count);
}

void MoveToFront(SkipListNode* node) {
  auto* block = static_cast<SkipListBlock*>(node);
  MoveEntries(block, 0, block, block->begin, block->count);
  block->begin = 0;
}

}  // namespace

SkipListBase::SkipListBase(uint64_t seed) : random_state_(seed) {
  head_.tower = towers_.New(&head_, kSkipListLevelsMax);
}

// 1 for three blocks of four; capped one above what is in use, so that the top is never sparse.
int SkipListBase::RandomHeight() {
  random_state_ += 0x9E3779B97F4A7C15u;
  uint64_t bits = (random_state_ ^ (random_state_ >> 32)) * 0xD6E8FEB86659FD93u;
  bits ^= bits >> 32;
  int height = 1;
  const int height_max = std::min(levels_ + 1, kSkipListLevelsMax);
  for (; height < height_max && (bits & 3) == 0; bits >>= 2) ++height;
  return height;
}

SkipListBase::Cursor SkipListBase::At(size_t rank) const {
  if (rank >= size_) return Cursor();
  const size_t from_end = size_ - 1 - rank;
  if (from_end < tail_->count) return Cursor(tail_, static_cast<uint32_t>(tail_->count - 1u - from_end));
  if (rank < head_.next->count) return Cursor(head_.next, static_cast<uint32_t>(rank));
  Path path;
  DescendToRank(rank, path);
  const Place place = PlaceAfter(path, static_cast<uint32_t>(rank - path.rank));
  return Cursor(place.block, place.index);
}

// The path to the last block that starts before `rank`: strictly before it, as every path.
void SkipListBase::DescendToRank(size_t rank, Path& path) const {
  SkipListTower* tower = head_.tower;
  size_t start = 0;
  for (int level = levels_ - 1; level >= 0; --level) {
    for (const SkipListLink* link = &tower->Links()[level]; link->next != nullptr && start + link->span < rank;
         link = &tower->Links()[level]) {
      start += link->span;
      tower = link->next;
    }
    path.towers[level] = tower;
    path.ranks[level] = static_cast<uint32_t>(start);
  }
  path.block = tower->block;
  path.rank = static_cast<uint32_t>(start);
}

void SkipListBase::Append(double score, uint32_t handle) {
  if (tail_ != nullptr && tail_->begin + tail_->count == kBlockEntries && tail_->count <= kBlockEntries / 2) {
    MoveToFront(tail_);
  }
  if (tail_ != nullptr && tail_->begin + tail_->count < kBlockEntries) {
    PutEntry(tail_, tail_->count, score, handle);
    ++size_;
    return;
  }
  Path path;
  DescendToRank(size_, path);
  SkipListNode* block = blocks_.New();
  PutEntry(block, 0, score, handle);
  LinkAfter(path, tail_ == nullptr ? &head_ : tail_, block, static_cast<uint32_t>(size_), 1);
}

void SkipListBase::InsertAt(Path& path, Place place, double score, uint32_t handle) {
  SkipListNode* block = place.block;
  if (block->count == kBlockEntries) {
    SplitAndInsert(path, block, path.rank, place.index, score, handle);
    return;
  }
  PutEntry(block, place.index, score, handle);
  if (place.index == 0) FirstChanged(path, block);
  Cover(path, block, path.rank);
  AddToSpans(path, 1);
  ++size_;
}

void SkipListBase::RemoveAt(Path& path, Place place) {
  SkipListNode* block = place.block;
  const size_t block_rank = block == path.block ? path.rank : path.rank + size_t{path.block->count};
  if (block->count == 1) {
    Unlink(path, block, 1);
    return;
  }
  RemoveEntries(path, block, place.index, 1);
  MergeIfUnderfull(block, block_rank);
}

void SkipListBase::EraseByRank(size_t rank, size_t count) {
  ASSERT(rank <= size_ && count <= size_ - rank);
  if (count == 0) return;
  Path path;
  DescendToRank(rank, path);
  Place place = PlaceAfter(path, static_cast<uint32_t>(rank - path.rank));
  while (count > 0) {
    SkipListNode* block = place.block;
    SkipListNode* next = block->next;
    const auto take = static_cast<uint32_t>(std::min<size_t>(count, block->count - place.index));
    if (take == block->count) {
      Unlink(path, block, take);
    } else {
      RemoveEntries(path, block, place.index, take);
    }
    count -= take;
    place = {next, 0};
  }
  if (rank == 0 || rank >= size_) return;  // popping: what is left at an end is wanted next, or grows again
  Path seam;
  DescendToRank(rank, seam);
  const SkipListNode* right = seam.block->next;
  if (right != nullptr && right->count < seam.block->count) {
    MergeIfUnderfull(seam.block->next, seam.rank + size_t{seam.block->count});
  } else {
    MergeIfUnderfull(seam.block, seam.rank);
  }
}

// Copies the block's first entry to the links that lead to it. The path must be strictly before the block.
void SkipListBase::FirstChanged(const Path& path, SkipListNode* block) {
  for (int level = 0; level < block->tower->height; ++level) {
    SkipListLink& link = path.towers[level]->Links()[level];
    link.first_score = block->FirstScore();
    link.first_handle = block->FirstHandle();
  }
}

// Makes the path end in `block`: its own tower stands for the levels it has.
void SkipListBase::Cover(Path& path, SkipListNode* block, uint32_t rank) {
  for (int level = 0; level < block->tower->height; ++level) {
    path.towers[level] = block->tower;
    path.ranks[level] = rank;
  }
}

void SkipListBase::AddToSpans(const Path& path, uint32_t change) {
  for (int level = 0; level < levels_; ++level) path.towers[level]->Links()[level].span += change;
}

// A full block is halved, except that an entry at its end (at the list's front: before it) starts a block of its own,
// so that what arrives in order leaves full blocks behind.
void SkipListBase::SplitAndInsert(Path& path, SkipListNode* block, uint32_t block_rank, uint32_t index, double score,
                                  uint32_t handle) {
  uint32_t at = kBlockEntries / 2;
  if (index == 0 || index == kBlockEntries) at = index;
  auto* left = static_cast<SkipListBlock*>(block);
  SkipListBlock* right = blocks_.New();
  right->count = static_cast<uint16_t>(kBlockEntries - at);
  MoveEntries(right, 0, left, at, kBlockEntries - at);
  left->count = static_cast<uint16_t>(at);
  if (at == 0) left->begin = kBlockEntries;  // grows downwards from here
  const bool goes_right = index > at || index == kBlockEntries;
  PutEntry(goes_right ? right : left, goes_right ? index - at : index, score, handle);
  if (index == 0) FirstChanged(path, left);
  Cover(path, left, block_rank);
  LinkAfter(path, left, right, block_rank + left->count, 1);
}

// Links `block`, which starts at `rank`, behind `left`, where the path ends; the list has `added` more entries.
void SkipListBase::LinkAfter(Path& path, SkipListNode* left, SkipListNode* block, uint32_t rank, uint32_t added) {
  block->next = left->next;
  block->previous = left;
  (block->next == nullptr ? tail_ : block->next->previous) = block;
  left->next = block;
  const int height = RandomHeight();
  block->tower = towers_.New(block, height);
  for (; levels_ < height; ++levels_) {
    path.towers[levels_] = head_.tower;
    path.ranks[levels_] = 0;
  }
  for (int level = 0; level < levels_; ++level) {
    SkipListLink& link = path.towers[level]->Links()[level];
    link.span += added;
    if (level >= height) continue;
    SkipListLink& onward = block->tower->Links()[level];
    const uint32_t before = rank - path.ranks[level];
    onward = link;
    onward.span = link.span - before;
    link.next = block->tower;
    link.span = before;
  }
  size_ += added;
  FirstChanged(path, block);
}

// Takes `block` out of all levels and frees it; `removed` of its entries are gone from the list. The path must be
// strictly before it.
void SkipListBase::Unlink(const Path& path, SkipListNode* block, uint32_t removed) {
  SkipListNode* left = block->previous;
  left->next = block->next;
  if (block->next != nullptr) {
    block->next->previous = left;
  } else {
    tail_ = left->IsHead() ? nullptr : left;
  }
  const int height = block->tower->height;
  for (int level = 0; level < levels_; ++level) {
    SkipListLink& link = path.towers[level]->Links()[level];
    const uint32_t span = link.span - removed;
    if (level < height) {
      link = block->tower->Links()[level];
      link.span += span;
    } else {
      link.span = span;
    }
  }
  while (levels_ > 0 && head_.tower->Links()[levels_ - 1].next == nullptr) --levels_;
  size_ -= removed;
  towers_.Free(block->tower);
  blocks_.Free(block);
}

// Removes some, not all, entries of a block. Leaves the path ending in it.
void SkipListBase::RemoveEntries(Path& path, SkipListNode* block, uint32_t index, uint32_t count) {
  const uint32_t block_rank = block == path.block ? path.rank : path.rank + path.block->count;
  DropEntries(block, index, count);
  if (index == 0) FirstChanged(path, block);
  Cover(path, block, block_rank);
  AddToSpans(path, 0u - count);
  size_ -= count;
  path.block = block;
  path.rank = block_rank;
}

void SkipListBase::MergeIfUnderfull(SkipListNode* block, size_t block_rank) {
  if (block->IsHead() || block->count >= kUnderfullEntries) return;
  SkipListNode* left = block->previous;
  if (block->next != nullptr && block->count + block->next->count <= kMergedEntriesMax) {
    MergeWithNext(block, block_rank);
  } else if (!left->IsHead() && left->count + block->count <= kMergedEntriesMax) {
    MergeWithNext(left, block_rank - left->count);
  }
}

void SkipListBase::MergeWithNext(SkipListNode* block, size_t block_rank) {
  SkipListNode* right = block->next;
  Path path;
  DescendToRank(block_rank + block->count, path);
  if (block->begin + block->count + right->count > static_cast<int>(kBlockEntries)) MoveToFront(block);
  MoveEntries(static_cast<SkipListBlock*>(block), block->begin + block->count, static_cast<SkipListBlock*>(right),
              right->begin, right->count);
  block->count = static_cast<uint16_t>(block->count + right->count);
  Unlink(path, right, 0);
}

void SkipListBase::CheckLevel(int level) const {
  size_t start = 0;
  const SkipListNode* block = head_.next;
  for (SkipListTower* tower = head_.tower; tower->Links()[level].next != nullptr;) {
    const SkipListLink& link = tower->Links()[level];
    size_t end = start;
    for (const SkipListNode* target = link.next->block; block != target; block = block->next) {
      ASSERT(block != nullptr);
      end += block->count;
    }
    ASSERT(end - start == link.span);
    ASSERT(link.next->height > level && link.next->block->tower == link.next);
    ASSERT(link.first_score == link.next->block->FirstScore() && link.first_handle == link.next->block->FirstHandle());
    start = end;
    tower = link.next;
  }
}

void SkipListBase::CheckStructure() const {
  size_t entries = 0;
  const SkipListNode* last = &head_;
  for (SkipListNode* block = head_.next; block != nullptr; last = block, block = block->next) {
    ASSERT(block->previous == last);
    ASSERT(block->count > 0 && block->begin + block->count <= static_cast<int>(kBlockEntries));
    entries += block->count;
    ASSERT(block->tower->block == block);
  }
  ASSERT(tail_ == (last == &head_ ? nullptr : last));
  ASSERT(entries == size_);
  for (int level = 0; level < kSkipListLevelsMax; ++level) {
    ASSERT((head_.tower->Links()[level].next != nullptr) == (level < levels_));
    CheckLevel(level);
  }
}

}  // namespace usher::engine
