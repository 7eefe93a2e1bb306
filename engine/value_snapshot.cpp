// See value_snapshot.h.
#include "engine/value_snapshot.h"

#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/member_watch.h"
#include "engine/node_image.h"
#include "engine/rdb_encode.h"
#include "engine/set_table.h"
#include "engine/set_value.h"
#include "engine/stream_value.h"
#include "engine/zset.h"

namespace usher::engine {
namespace {

constexpr int kStepBucketsMax = 64;

// Calls fn with the member as Scan() does, if it is there.
template <class Fn>
void Find(const Zset& zset, uint64_t hash, std::string_view member, Fn&& fn) {
  if (const auto score = zset.Score(ZsetKey(member, hash))) fn(member, *score);
}
template <class Fn>
void Find(const Hash& hash, uint64_t, std::string_view field, Fn&& fn) {
  PackedScratch scratch;
  if (const auto value = hash.Get(field, scratch)) fn(field, *value);
}
template <class Fn>
void Find(const Set& set, uint64_t, std::string_view member, Fn&& fn) {
  if (set.Contains(member)) fn(member);
}

/// A value that is a hash-ordered table.
template <class T>
class TableSnapshot final : public ValueSnapshot, public MemberWatch {
 public:
  /// `value` is a handle: a copy of it names the same table.
  TableSnapshot(const T& value, bool compress, const ShardSnapshot* owner)
      : ValueSnapshot(compress, owner), value_(value), left_(value.size()) {
    ASSERT(value.watch() == nullptr);
    value_.SetWatch(this);
  }
  ~TableSnapshot() override {
    if (live_) value_.SetWatch(nullptr);
  }

  bool Step(size_t bytes) override {
    if (!live_) return false;
    const size_t enough = writer().view().size() + bytes;
    for (int buckets = 0; buckets < kStepBucketsMax && writer().view().size() < enough; ++buckets) {
      cursor_ = value_.Scan(cursor_, [this](std::string_view member, auto... rest) {
        if (saved_.size() == 0 || !saved_.Contains(member)) Write(member, rest...);
      });
      if (cursor_ == 0) {
        value_.SetWatch(nullptr);
        End();
        return false;
      }
    }
    return true;
  }

  size_t MemoryBytes() const override { return sizeof(*this) + saved_.MemoryBytes() + writer().view().size(); }

  void OnDestroyed() override { End(); }

 private:
  void Keep(uint64_t hash, std::string_view member) override {
    if (!saved_.Add(member)) return;
    Find(value_, hash, member, [this](std::string_view name, auto... rest) { this->Write(name, rest...); });
  }

  template <class... Rest>
  void Write(std::string_view member, Rest... rest) {
    EncodeRdbElement(writer(), member, rest...);
    --left_;
  }

  void End() {
    ASSERT(left_ == 0);
    live_ = false;
  }

  const T value_;
  uint64_t left_;  // members to be written
  bool live_ = true;
  SetTable saved_;
};

template <class T>
std::unique_ptr<ValueSnapshot> BeginTable(KeyEntry entry, const RdbSaveOptions& options, const ShardSnapshot* owner) {
  const T& value = entry.As<T>();
  auto snapshot = std::make_unique<TableSnapshot<T>>(value, options.compress, owner);
  EncodeRdbHead(snapshot->writer(), entry.key(), entry, options);
  snapshot->writer().Length(value.size());
  return snapshot;
}

/// A value that is a row of nodes: `rest` is what comes behind them.
template <class T, class Node>
class NodesSnapshot final : public ValueSnapshot {
 public:
  /// `value` is a handle: a copy of it names the same nodes.
  NodesSnapshot(const T& value, bool compress, const ShardSnapshot* owner)
      : ValueSnapshot(compress, owner), rest_(nullptr, compress), image_(*this), value_(value) {
    ASSERT(value.image() == nullptr);
    value_.StartImage(image_);
  }
  ~NodesSnapshot() override { LetGo(); }

  size_t nodes() const { return image_.size(); }
  /// What is to be written behind the nodes.
  RdbWriter& rest() { return rest_; }

  bool Step(size_t bytes) override {
    const size_t enough = writer().view().size() + bytes;
    while (!image_.done() && writer().view().size() < enough) {
      image_.TakeNext([this](const Node& node) { EncodeNode(writer(), node); });
    }
    if (!image_.done()) return true;
    LetGo();
    writer().Bytes(rest_.Take());
    rest_.Clear();
    return false;
  }

  size_t MemoryBytes() const override {
    return sizeof(*this) + image_.MemoryBytes() + rest_.view().size() + writer().view().size();
  }

  static NodesSnapshot* Of(const T& value) {
    return value.image() == nullptr ? nullptr : &static_cast<Image*>(value.image())->snapshot;
  }

 private:
  /// Knows where it belongs.
  struct Image : NodeImage<Node> {
    explicit Image(NodesSnapshot& its_snapshot) : snapshot(its_snapshot) {}
    NodesSnapshot& snapshot;
  };
  static void EncodeNode(RdbWriter& writer, const ListNode& node) { EncodeRdbListNode(writer, node); }
  static void EncodeNode(RdbWriter& writer, const StreamNode& node) { EncodeRdbStreamNode(writer, node); }

  void LetGo() {
    if (!image_.is_destroyed() && std::exchange(held_, false)) value_.EndImage();
  }

  RdbWriter rest_;
  Image image_;
  const T value_;
  bool held_ = true;
};

std::unique_ptr<ValueSnapshot> BeginList(KeyEntry entry, const RdbSaveOptions& options, const ShardSnapshot* owner) {
  auto snapshot = std::make_unique<NodesSnapshot<List, ListNode>>(entry.As<List>(), options.compress, owner);
  EncodeRdbHead(snapshot->writer(), entry.key(), entry, options);
  snapshot->writer().Length(snapshot->nodes());
  return snapshot;
}

std::unique_ptr<ValueSnapshot> BeginStream(KeyEntry entry, const RdbSaveOptions& options, const ShardSnapshot* owner) {
  const Stream& stream = entry.As<Stream>();
  auto snapshot = std::make_unique<NodesSnapshot<Stream, StreamNode>>(stream, options.compress, owner);
  EncodeRdbHead(snapshot->writer(), entry.key(), entry, options);
  snapshot->writer().Length(snapshot->nodes());
  EncodeRdbStreamRest(snapshot->rest(), stream);
  return snapshot;
}

template <class T>
ValueSnapshot* OfTable(KeyEntry entry) {
  return static_cast<TableSnapshot<T>*>(entry.As<T>().watch());
}

}  // namespace

std::unique_ptr<ValueSnapshot> ValueSnapshot::Begin(KeyEntry entry, const RdbSaveOptions& options, size_t large_bytes,
                                                    const ShardSnapshot* owner) {
  if (!entry_layout::HasWord(entry.kind()) || entry.ValueMemoryBytes() < large_bytes) return nullptr;
  switch (entry.kind()) {
    case EntryKind::kHash:
      if (entry.As<Hash>().encoding() != Hash::Encoding::kHashtable) return nullptr;
      return BeginTable<Hash>(entry, options, owner);
    case EntryKind::kSet:
      if (entry.As<Set>().encoding() != Set::Encoding::kHashtable) return nullptr;
      return BeginTable<Set>(entry, options, owner);
    case EntryKind::kZset:
      if (entry.As<Zset>().encoding() != Zset::Encoding::kSkipList) return nullptr;
      return BeginTable<Zset>(entry, options, owner);
    case EntryKind::kList:
      return entry.As<List>().encoding() == List::Encoding::kQuicklist ? BeginList(entry, options, owner) : nullptr;
    case EntryKind::kStream:
      return BeginStream(entry, options, owner);
    default:
      return nullptr;
  }
}

ValueSnapshot* ValueSnapshot::Of(KeyEntry entry) {
  switch (entry.kind()) {
    case EntryKind::kHash:
      return OfTable<Hash>(entry);
    case EntryKind::kSet:
      return OfTable<Set>(entry);
    case EntryKind::kZset:
      return OfTable<Zset>(entry);
    case EntryKind::kList:
      return NodesSnapshot<List, ListNode>::Of(entry.As<List>());
    case EntryKind::kStream:
      return NodesSnapshot<Stream, StreamNode>::Of(entry.As<Stream>());
    default:
      return nullptr;
  }
}

}  // namespace usher::engine
