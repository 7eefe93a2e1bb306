// See stream_value.h.
#include "engine/stream_value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

constexpr size_t kEntryBytesMax = size_t{1} << 30;
constexpr size_t kIdBytes = 16;

/// How many leading bytes two different IDs have in common, written most significant byte first.
size_t CommonBytes(StreamId a, StreamId b) {
  if (a.ms != b.ms) return static_cast<size_t>(std::countl_zero(a.ms ^ b.ms)) / 8;
  return 8 + static_cast<size_t>(std::countl_zero(a.seq ^ b.seq)) / 8;
}

}  // namespace

// ---- Reader

Stream::Reader::Reader(const Stream& stream, StreamId from, StreamId to, Direction direction)
    : nodes_(&stream.state_->nodes), from_(from), to_(to), direction_(direction) {
  node_ = nodes_->Floor(direction == Direction::kForward ? from : to);
  if (node_ == nodes_->End() && direction == Direction::kForward) node_ = nodes_->Begin();
}

bool Stream::Reader::NextNode() {
  node_ = direction_ == Direction::kForward ? nodes_->Next(node_) : nodes_->Previous(node_);
  in_node_ = false;
  return node_ != nodes_->End();
}

bool Stream::Reader::Step() {
  const bool forward = direction_ == Direction::kForward;
  if (in_node_) return forward ? node_->Next(entry_) : node_->Previous(entry_);
  in_node_ = true;
  return forward ? node_->First(entry_) : node_->Last(entry_);
}

bool Stream::Reader::Next() {
  const bool forward = direction_ == Direction::kForward;
  while (node_ != nodes_->End()) {
    if (!Step()) {
      NextNode();
      continue;
    }
    const StreamId id = entry_.id();
    if (forward ? id > to_ : id < from_) {
      node_ = nodes_->End();
      break;
    }
    if (!entry_.deleted() && id >= from_ && id <= to_) return true;
  }
  return false;
}

// ---- Entries

void Stream::Create() {
  ASSERT(empty());
  state_ = new (Allocate(sizeof(State))) State;
}

void Stream::Destroy() {
  if (empty()) return;
  const IdMap<StreamNode>& nodes = state_->nodes;
  for (auto at = nodes.Begin(); at != nodes.End(); at = nodes.Next(at)) FreeNode(*at);
  if (state_->image != nullptr) state_->image->OnDestroyed();
  state_->~State();
  Free(state_);
  state_ = nullptr;
}

StreamId Stream::LastEntryId() const {
  Reader reader(*this, StreamId(), kStreamIdMax, Reader::Direction::kBackward);
  return reader.Next() ? reader.entry().id() : StreamId();
}

size_t Stream::CountRoughly(StreamId from, StreamId to, size_t enough) const {
  const IdMap<StreamNode>& nodes = state_->nodes;
  size_t count = 0;
  auto at = nodes.Floor(to);
  for (; at != nodes.End() && count < enough; at = nodes.Previous(at)) {
    count += static_cast<size_t>(at->live());
    if (at->id <= from) break;
  }
  return count;
}

std::optional<StreamId> Stream::ChooseId(const StreamNewId& wanted, int64_t now_ms) const {
  const StreamId last = empty() ? StreamId() : last_id();
  if (wanted.ms_given && wanted.seq_given) return wanted.id;
  if (!wanted.ms_given) {
    const StreamId now{static_cast<uint64_t>(now_ms), 0};
    return now.ms > last.ms ? now : last.Next();
  }
  if (wanted.id.ms != last.ms) return StreamId{wanted.id.ms, 0};
  return last.seq == kStreamIdMax.seq ? std::nullopt : last.Next();
}

Result<StreamId> Stream::Add(const StreamNewId& wanted, StreamFields fields, int64_t now_ms,
                             const StreamLimits& limits) {
  const StreamId last = empty() ? StreamId() : last_id();
  if (last == kStreamIdMax) return Error::kStreamExhausted;
  const std::optional<StreamId> id = ChooseId(wanted, now_ms);
  if (!id || *id <= last) return Error::kStreamIdTooSmall;
  size_t entry_bytes = 0;
  for (const std::string_view text : fields) entry_bytes += text.size();
  if (entry_bytes > kEntryBytesMax) return Error::kStreamEntryTooLarge;
  if (empty()) Create();
  StreamNode& node = NodeForAppend(*id, fields, limits);
  Change(node, [&] { node.Append(*id, fields); });
  ++state_->entries_added;
  state_->last_id = *id;
  if (++state_->length == 1) state_->first_id = *id;
  return *id;
}

StreamNode& Stream::NodeForAppend(StreamId id, StreamFields fields, const StreamLimits& limits) {
  IdMap<StreamNode>& nodes = state_->nodes;
  if (!nodes.empty()) {
    StreamNode& last = *nodes.Last();
    if (!last.IsFull(fields, limits)) return last;
    Change(last, [&] { last.ShrinkToFit(); });
  }
  StreamNode& node = nodes.Insert(StreamNode::Make(id, fields));
  state_->bytes += node.MemoryBytes();
  return node;
}

void Stream::RemoveNode(IdMap<StreamNode>::Cursor at) {
  state_->bytes -= at->MemoryBytes();
  FreeNode(*at);
  state_->nodes.Erase(at);
}

/// Gives the stream a copy of the node if the image keeps it.
void Stream::MakeOwn(StreamNode& node) {
  if (!state_->image->Keep(std::exchange(node.image_number, 0))) return;
  state_->bytes -= node.MemoryBytes();
  node = node.Copy();
  state_->bytes += node.MemoryBytes();
}

/// Frees the node unless the image keeps it.
void Stream::FreeNode(StreamNode& node) const {
  if (state_->image == nullptr || !state_->image->Keep(node.image_number)) node.Destroy();
}

void Stream::StartImage(NodeImage<StreamNode>& image) const {
  IdMap<StreamNode>& nodes = state_->nodes;
  for (auto at = nodes.Begin(); at != nodes.End(); at = nodes.Next(at)) at->image_number = image.Add(*at);
  state_->image = &image;
}

size_t Stream::Trim(const StreamTrim& trim) {
  size_t removed = 0;
  const bool by_length = trim.by == StreamTrim::By::kLength;
  const IdMap<StreamNode>& nodes = state_->nodes;
  while (trim.by != StreamTrim::By::kNothing && !nodes.empty()) {
    if (by_length && state_->length <= trim.length_max) break;
    StreamNode& node = *nodes.Begin();
    const size_t live = static_cast<size_t>(node.live());
    if (trim.removed_max != 0 && removed + live > trim.removed_max) break;
    StreamEntry last;
    const bool whole =
        by_length ? state_->length - live >= trim.length_max : node.Last(last) && last.id() < trim.min_id;
    if (whole) {
      RemoveNode(nodes.Begin());
      state_->length -= live;
      removed += live;
      continue;
    }
    if (trim.whole_nodes) break;
    const size_t deleted = Change(node, [&] {
      return node.DeleteWhile([&](StreamId id, size_t so_far) {
        return by_length ? state_->length - so_far <= trim.length_max : id >= trim.min_id;
      });
    });
    state_->length -= deleted;
    removed += deleted;
    break;
  }
  if (removed > 0) FindFirstId();
  return removed;
}

bool Stream::DeleteOne(StreamId id) {
  IdMap<StreamNode>& nodes = state_->nodes;
  const auto at = nodes.Floor(id);
  if (at == nodes.End()) return false;
  if (state_->image != nullptr) MakeOwn(*at);  // before an entry is looked up in it
  StreamEntry entry;
  bool found = at->First(entry);
  while (found && entry.id() < id) found = at->Next(entry);
  if (!found || entry.id() != id || entry.deleted()) return false;
  if (at->live() == 1) {
    RemoveNode(at);
  } else {
    Change(*at, [&] { at->Delete(entry); });
  }
  --state_->length;
  return true;
}

size_t Stream::Delete(std::span<const StreamId> ids) {
  size_t deleted = 0;
  bool first_gone = false;
  for (const StreamId id : ids) {
    if (!DeleteOne(id)) continue;
    first_gone |= id == state_->first_id;
    state_->max_deleted_id = std::max(state_->max_deleted_id, id);
    ++deleted;
  }
  if (first_gone) FindFirstId();
  return deleted;
}

void Stream::FindFirstId() {
  Reader reader(*this, StreamId(), kStreamIdMax);
  state_->first_id = reader.Next() ? reader.entry().id() : StreamId();
}

void Stream::SetLastId(StreamId id, std::optional<uint64_t> entries_added, StreamId max_deleted_id) {
  state_->last_id = id;
  if (entries_added) state_->entries_added = *entries_added;
  if (!max_deleted_id.IsZero()) state_->max_deleted_id = max_deleted_id;
}

// ---- Groups

StreamGroup* Stream::FindGroup(std::string_view name) const {
  const auto found = state_->groups.find(name);
  return found == state_->groups.end() ? nullptr : &found->second;
}

StreamGroup* Stream::CreateGroup(std::string_view name, StreamId last_id, int64_t entries_read) {
  if (state_->groups.contains(name)) return nullptr;
  // As StreamGroup::CreateConsumer: the key views the name in the node.
  Groups one;
  one.try_emplace(name, name, last_id, entries_read, &state_->bytes);
  auto node = one.extract(one.begin());
  node.key() = node.mapped().name();
  return &state_->groups.insert(std::move(node)).position->second;
}

void Stream::DestroyGroup(StreamGroup& group) {
  state_->groups.erase(state_->groups.find(group.name()));
}

bool Stream::AdvanceGroup(StreamGroup& group, StreamId id) const {
  if (id <= group.last_id) return false;
  if (group.entries_read != StreamGroup::kUnknownEntriesRead && !HasTombstonesFrom(id)) {
    ++group.entries_read;
  } else if (state_->entries_added > 0) {
    group.entries_read = CountedUpTo(id);
  }
  group.last_id = id;
  return true;
}

std::optional<int64_t> Stream::LagOf(const StreamGroup& group) const {
  if (state_->entries_added == 0) return 0;
  const int64_t added = static_cast<int64_t>(state_->entries_added);
  if (group.entries_read != StreamGroup::kUnknownEntriesRead && !HasTombstonesFrom(group.last_id)) {
    return added - group.entries_read;
  }
  const int64_t counted = CountedUpTo(group.last_id);
  if (counted == StreamGroup::kUnknownEntriesRead) return std::nullopt;
  return added - counted;
}

// Whether an entry at or behind `id` may have been deleted from the middle. What was deleted before the first entry
// that is left is no hole.
bool Stream::HasTombstonesFrom(StreamId id) const {
  if (state_->length == 0 || state_->max_deleted_id < state_->first_id) return false;
  return id <= state_->max_deleted_id;
}

int64_t Stream::CountedUpTo(StreamId id) const {
  const int64_t added = static_cast<int64_t>(state_->entries_added);
  if (added == 0) return 0;
  if (state_->length == 0 && id <= state_->last_id) return added;
  if (id == state_->last_id) return added;
  if (id > state_->last_id) return StreamGroup::kUnknownEntriesRead;
  if (state_->max_deleted_id.IsZero() || state_->max_deleted_id < state_->first_id) {
    const int64_t before_first = added - static_cast<int64_t>(state_->length);
    if (id < state_->first_id) return before_first;
    if (id == state_->first_id) return before_first + 1;
  }
  return StreamGroup::kUnknownEntriesRead;
}

// ---- The whole

void Stream::AppendNode(StreamNode node) {
  state_->nodes.Insert(node);
  state_->bytes += node.MemoryBytes();
  state_->length += static_cast<size_t>(node.live());
}

void Stream::RestoreNumbers(const Numbers& numbers) {
  state_->last_id = numbers.last_id;
  state_->max_deleted_id = numbers.max_deleted_id;
  state_->entries_added = numbers.entries_added;
  FindFirstId();
}

// The tree has a leaf per key, a node per branching, and one more wherever bytes lie between a branching and what
// follows it. A stack holds the depths of the branchings above the key at hand.
size_t Stream::RadixNodeCount() const {
  const IdMap<StreamNode>& nodes = state_->nodes;
  if (nodes.empty()) return 1;
  size_t count = nodes.size();
  std::vector<size_t> branchings;
  // What hangs `depth` bytes deep below the innermost branching that is left.
  const auto close = [&](size_t depth) {
    const size_t above = branchings.empty() ? 0 : branchings.back() + 1;
    if (depth > above) ++count;
  };
  auto at = nodes.Begin();
  StreamId previous = at->id;
  for (at = nodes.Next(at); at != nodes.End(); at = nodes.Next(at)) {
    const size_t common = CommonBytes(previous, at->id);
    size_t depth = kIdBytes;
    while (!branchings.empty() && branchings.back() >= common) {
      if (branchings.back() == common) break;
      close(depth);
      depth = branchings.back();
      branchings.pop_back();
    }
    if (branchings.empty() || branchings.back() < common) {
      branchings.push_back(common);
      ++count;
    }
    close(depth);
    previous = at->id;
  }
  size_t depth = kIdBytes;
  for (; !branchings.empty(); branchings.pop_back()) {
    close(depth);
    depth = branchings.back();
  }
  close(depth);
  return count;
}

Stream Stream::Copy() const {
  Stream copy;
  copy.Create();
  State& state = *copy.state_;
  const IdMap<StreamNode>& nodes = state_->nodes;
  for (auto at = nodes.Begin(); at != nodes.End(); at = nodes.Next(at)) {
    state.bytes += state.nodes.Insert(at->Copy()).MemoryBytes();
  }
  state.length = state_->length;
  state.last_id = state_->last_id;
  state.first_id = state_->first_id;
  state.max_deleted_id = state_->max_deleted_id;
  state.entries_added = state_->entries_added;
  for (const auto& [name, group] : state_->groups) {
    copy.CreateGroup(name, group.last_id, group.entries_read)->CopyFrom(group);
  }
  return copy;
}

}  // namespace usher::engine
