// ZsetTable, see zset_table.h.
#include "engine/zset_table.h"

#include <bit>

#include "engine/base/assert.h"

namespace usher::engine {

ZsetTable::ZsetTable()
    : index_(IndexPolicy{&arena_}), list_(Members{&arena_}, kHashSeed ^ std::bit_cast<uintptr_t>(this)) {}

size_t ZsetTable::MemoryBytes() const {
  return sizeof(*this) + arena_.MemoryBytes() + index_.MemoryBytes() + list_.MemoryBytes();
}

std::optional<double> ZsetTable::Score(std::string_view member, uint64_t hash) const {
  const uint32_t* slot = FindSlot(member, hash);
  if (slot == nullptr) return std::nullopt;
  return ScoreOf(arena_, *slot);
}

Result<AddResult> ZsetTable::Add(std::string_view member, uint64_t hash, double score, const AddRules& rules) {
  const uint32_t* slot = FindSlot(member, hash);
  std::optional<double> current;
  if (slot != nullptr) current = ScoreOf(arena_, *slot);
  const Result<AddResult> result = DecideAdd(rules, current, score);
  if (!result) return result;
  if ((*result).added() || (*result).changed()) watch_.BeforeChange(hash, member);
  if ((*result).added()) Insert(member, hash, (*result).score);
  if ((*result).changed()) {
    list_.Update(*current, member, (*result).score);
    std::memcpy(arena_.At(*slot), &(*result).score, sizeof(double));
  }
  return result;
}

std::optional<ZsetTable::Unplaced> ZsetTable::AddUnplaced(std::string_view member, uint64_t hash, double score) {
  if (FindSlot(member, hash) != nullptr) return std::nullopt;
  return Unplaced{score, NewRecord(member, hash, score)};
}

void ZsetTable::PlaceAll(std::vector<Unplaced>& entries) {
  std::ranges::sort(entries, [this](const Unplaced& a, const Unplaced& b) {
    return a.score < b.score || (a.score == b.score && MemberOf(arena_, a.handle) < MemberOf(arena_, b.handle));
  });
  for (const Unplaced& entry : entries) list_.Append(entry.score, entry.handle);
}

uint32_t ZsetTable::NewRecord(std::string_view member, uint64_t hash, double score) {
  const uint32_t handle = arena_.Allocate(RecordBytes(member));
  char* record = arena_.At(handle);
  std::memcpy(record, &score, sizeof(score));
  char* text = PutVarint(record + sizeof(score), member.size());
  if (!member.empty()) std::memcpy(text, member.data(), member.size());
  index_.Insert(hash, handle);
  return handle;
}

std::optional<double> ZsetTable::Remove(std::string_view member, uint64_t hash) {
  uint32_t* slot = FindSlot(member, hash);
  if (slot == nullptr) return std::nullopt;
  watch_.BeforeChange(hash, member);
  const uint32_t handle = *slot;
  const double score = ScoreOf(arena_, handle);
  list_.Erase(score, member);
  index_.Erase(hash, slot);
  arena_.Free(handle, RecordBytes(member));
  return score;
}

RankRange ZsetTable::RanksOf(const ScoreRange& range) const {
  if (range.Empty()) return {};
  const size_t first = list_.LowerBoundByScore(range.min, range.min_exclusive).rank;
  const size_t end = list_.LowerBoundByScore(range.max, !range.max_exclusive).rank;
  return {first, end - first};
}

RankRange ZsetTable::RanksOf(const LexRange& range) const {
  if (range.Empty()) return {};
  using Kind = LexBound::Kind;
  const size_t first = range.min.kind == Kind::kLowest
                           ? 0
                           : list_.LowerBoundByLex(range.min.member, range.min.kind == Kind::kExclusive).rank;
  const size_t end = range.max.kind == Kind::kHighest
                         ? size()
                         : list_.LowerBoundByLex(range.max.member, range.max.kind == Kind::kInclusive).rank;
  return {first, end - std::min(first, end)};
}

void ZsetTable::CheckInvariants() const {
  list_.CheckInvariants();
  ASSERT(index_.size() == list_.size());
  for (SkipListBase::Cursor cursor = list_.Front(); cursor.valid(); cursor.Next()) {
    const uint32_t handle = cursor.handle();
    const std::string_view member = MemberOf(arena_, handle);
    const uint32_t* slot = FindSlot(member, HashBytes(member));
    ASSERT(slot != nullptr && *slot == handle);
    ASSERT(std::bit_cast<uint64_t>(ScoreOf(arena_, handle)) == std::bit_cast<uint64_t>(cursor.score()));
  }
}

}  // namespace usher::engine
