// See stream_group.h.
#include "engine/stream_group.h"

#include <utility>

namespace usher::engine {
namespace {

// The links of a node of an ordered tree.
constexpr size_t kTreeLinkBytes = 4 * sizeof(void*);

size_t HeapBytes(std::string_view name) {
  return name.size() < sizeof(std::string) / 2 ? 0 : name.size() + 1;
}

}  // namespace

StreamGroup::StreamGroup(std::string_view name, StreamId id, int64_t read, size_t* bytes)
    : last_id(id), entries_read(read), name_(name), bytes_(bytes), pending_(bytes) {
  *bytes_ += sizeof(StreamGroup) + kTreeLinkBytes + sizeof(std::string_view) + HeapBytes(name);
}

StreamGroup::~StreamGroup() {
  for (const auto& [name, consumer] : consumers_) *bytes_ -= ConsumerBytes(name);
  *bytes_ -= sizeof(StreamGroup) + kTreeLinkBytes + sizeof(std::string_view) + HeapBytes(name_);
}

size_t StreamGroup::ConsumerBytes(std::string_view name) {
  return sizeof(Consumers::value_type) + kTreeLinkBytes + HeapBytes(name);
}

StreamConsumer* StreamGroup::FindConsumer(std::string_view name) {
  const auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : &found->second;
}

StreamConsumer* StreamGroup::CreateConsumer(std::string_view name, int64_t now_ms) {
  if (consumers_.contains(name)) return nullptr;
  // The key has to view the name that lives in the node, so the node is made first and its key set then.
  Consumers one;
  one.try_emplace(name, name, now_ms, bytes_);
  auto node = one.extract(one.begin());
  node.key() = node.mapped().name();
  *bytes_ += ConsumerBytes(name);
  return &consumers_.insert(std::move(node)).position->second;
}

size_t StreamGroup::DeleteConsumer(StreamConsumer& consumer) {
  const IdMap<PendingId>& pending = consumer.pending();
  const size_t count = pending.size();
  for (auto at = pending.Begin(); at != pending.End(); at = pending.Next(at)) pending_.Erase(at->id);
  *bytes_ -= ConsumerBytes(consumer.name());
  consumers_.erase(consumers_.find(consumer.name()));
  return count;
}

const PendingEntry& StreamGroup::Deliver(StreamId id, StreamConsumer& consumer, int64_t now_ms) {
  return Assign({id, now_ms, 1, &consumer});
}

const PendingEntry& StreamGroup::Assign(const PendingEntry& entry) {
  PendingEntry* const present = pending_.Find(entry.id);
  if (present == nullptr) {
    entry.consumer->pending_.Insert({entry.id});
    return pending_.Insert(entry);
  }
  if (present->consumer != entry.consumer) {
    present->consumer->pending_.Erase(entry.id);
    entry.consumer->pending_.Insert({entry.id});
  }
  return *present = entry;
}

bool StreamGroup::Forget(StreamId id) {
  const auto at = pending_.LowerBound(id);
  if (at == pending_.End() || at->id != id) return false;
  at->consumer->pending_.Erase(id);
  pending_.Erase(at);
  return true;
}

void StreamGroup::CopyFrom(const StreamGroup& other) {
  for (const auto& [name, consumer] : other.consumers_) {
    StreamConsumer& copy = *CreateConsumer(name, consumer.seen_ms);
    copy.active_ms = consumer.active_ms;
  }
  const IdMap<PendingEntry>& pending = other.pending_;
  for (auto at = pending.Begin(); at != pending.End(); at = pending.Next(at)) {
    Assign({at->id, at->delivered_ms, at->deliveries, FindConsumer(at->consumer->name())});
  }
}

}  // namespace usher::engine
