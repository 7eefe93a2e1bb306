// Zset: choosing and changing the encoding, see zset.h.
#include "engine/zset.h"

#include <new>
#include <unordered_set>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {

namespace {

constexpr size_t kPackedBytesMax = size_t{1} << 30;  // whatever the limits allow: offsets are 32 bits

ZsetTable* NewTable() {
  return new (Allocate(sizeof(ZsetTable))) ZsetTable;
}

void DeleteTable(ZsetTable* table) {
  table->~ZsetTable();
  Free(table);
}

}  // namespace

ZsetBuilder::ZsetBuilder() : table_(NewTable()) {}

ZsetBuilder::~ZsetBuilder() {
  if (table_ != nullptr) DeleteTable(table_);
}

bool ZsetBuilder::Add(std::string_view member, double score) {
  const std::optional<ZsetTable::Unplaced> entry = table_->AddUnplaced(member, Zset::HashOf(member), score);
  if (entry) entries_.push_back(*entry);
  return entry.has_value();
}

Zset ZsetBuilder::Finish() {
  table_->PlaceAll(entries_);
  Zset zset;
  zset.word_ = reinterpret_cast<uint64_t>(std::exchange(table_, nullptr)) | Zset::kTableBit;
  return zset;
}

Zset Zset::FromWord(uint64_t word) {
  Zset zset;
  zset.word_ = word;
  return zset;
}

void Zset::Destroy() {
  if (is_table()) {
    DeleteTable(&table());
  } else {
    packed().Destroy();
  }
  word_ = 0;
}

Zset Zset::Copy() const {
  Zset copy;
  if (!is_table()) {
    copy.Keep(packed().Copy());
    return copy;
  }
  ZsetTable* target = NewTable();
  ForEach(All(), Order::kAscending, [&](std::string_view member, double score) { target->Append(member, score); });
  copy.word_ = reinterpret_cast<uint64_t>(target) | kTableBit;
  return copy;
}

void Zset::BecomeTable() {
  ZsetPacked old = packed();
  ZsetTable* target = NewTable();
  old.ForEach(All(), Order::kAscending, [&](std::string_view member, double score) { target->Append(member, score); });
  old.Destroy();
  word_ = reinterpret_cast<uint64_t>(target) | kTableBit;
}

std::optional<double> Zset::Score(const ZsetKey& key) const {
  if (is_table()) return table().Score(key.member(), key.Hash());
  const std::optional<ZsetPacked::Found> found = packed().Find(key.member());
  if (!found) return std::nullopt;
  return found->entry.score;
}

std::optional<Zset::Ranked> Zset::Rank(const ZsetKey& key) const {
  if (is_table()) {
    const std::optional<double> score = table().Score(key.member(), key.Hash());
    if (!score) return std::nullopt;
    return Ranked{table().RankOf(key.member(), *score), *score};
  }
  const std::optional<ZsetPacked::Found> found = packed().Find(key.member());
  if (!found) return std::nullopt;
  return Ranked{found->rank, found->entry.score};
}

AddResult Zset::Add(const ZsetKey& key, double score, const ZsetLimits& limits) {
  return *Add(key, score, AddRules{}, limits);
}

Result<AddResult> Zset::Add(const ZsetKey& key, double score, const AddRules& rules, const ZsetLimits& limits) {
  if (is_table()) return table().Add(key.member(), key.Hash(), score, rules);
  return AddToPacked(key, score, rules, limits);
}

Result<AddResult> Zset::AddToPacked(const ZsetKey& key, double score, const AddRules& rules, const ZsetLimits& limits) {
  ZsetPacked set = packed();
  const std::optional<ZsetPacked::Found> found = set.Find(key.member());
  std::optional<double> current;
  if (found) current = found->entry.score;
  const Result<AddResult> result = DecideAdd(rules, current, score);
  if (!result) return result;
  const bool too_many = set.size() >= limits.packed_entries_max;
  const bool too_long =
      key.member().size() > limits.packed_value_bytes_max || key.member().size() + set.MemoryBytes() > kPackedBytesMax;
  if ((*result).added() && (too_many || too_long)) {
    BecomeTable();
    return table().Add(key.member(), key.Hash(), score, rules);
  }
  if ((*result).changed()) set.Erase(found->entry);
  if ((*result).added() || (*result).changed())
    set.Insert(key.member(), (*result).score + 0.0);  // as in Redis, -0 is 0 here
  Keep(set);
  return result;
}

std::optional<double> Zset::Remove(const ZsetKey& key) {
  if (is_table()) {
    const std::optional<double> score = table().Remove(key.member(), key.Hash());
    if (table().size() == 0) Destroy();
    return score;
  }
  ZsetPacked set = packed();
  const std::optional<ZsetPacked::Found> found = set.Find(key.member());
  if (!found) return std::nullopt;
  set.Erase(found->entry);
  Keep(set);
  return found->entry.score;
}

Zset::Entry Zset::Front() const {
  return At(0);
}

Zset::Entry Zset::Back() const {
  return At(size() - 1);
}

Zset::Entry Zset::At(size_t rank) const {
  ASSERT(rank < size());
  if (is_table()) {
    const ZsetTable::Entry entry = table().At(rank);
    return {entry.member, entry.score};
  }
  const ZsetPacked::Entry entry = packed().At(rank);
  return {entry.member, entry.score};
}

RankRange Zset::RanksOf(const ScoreRange& range) const {
  if (is_table()) return table().RanksOf(range);
  if (range.Empty()) return {};
  const size_t first = packed().CountWhile([&](double score, std::string_view) { return !range.AboveMin(score); });
  const size_t end = packed().CountWhile([&](double score, std::string_view) { return range.BelowMax(score); });
  return {first, end - first};
}

RankRange Zset::RanksOf(const LexRange& range) const {
  if (is_table()) return table().RanksOf(range);
  if (range.Empty()) return {};
  const size_t first = packed().CountWhile([&](double, std::string_view member) { return !range.AboveMin(member); });
  const size_t end = packed().CountWhile([&](double, std::string_view member) { return range.BelowMax(member); });
  return {first, end - std::min(first, end)};
}

void Zset::CheckInvariants() const {
  if (is_table()) {
    ASSERT(table().size() > 0);
    return table().CheckInvariants();
  }
  std::optional<Entry> last;
  packed().ForEach(All(), Order::kAscending, [&](std::string_view member, double score) {
    ASSERT(!last || last->score < score || (last->score == score && last->member < member));
    last = Entry{member, score};
  });
}

// Different ranks in random order; quick while `count` is a small part of `size`.
std::vector<size_t> Zset::DrawRanks(size_t count, size_t size, Random& random) {
  std::unordered_set<size_t> drawn;
  std::vector<size_t> ranks;
  ranks.reserve(count);
  while (ranks.size() < count) {
    const size_t rank = random.Below(size);
    if (drawn.insert(rank).second) ranks.push_back(rank);
  }
  return ranks;
}

void Zset::PrefetchAll(std::span<const uint64_t> hashes) const {
  if (!is_table()) return;
  for (const uint64_t hash : hashes) table().Prefetch(hash);
  for (const uint64_t hash : hashes) table().PrefetchRecord(hash);
}

}  // namespace usher::engine
