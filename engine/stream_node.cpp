// See stream_node.h.
#include "engine/stream_node.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/base/assert.h"
#include "engine/base/memory.h"

namespace usher::engine {
namespace {

constexpr size_t kNodeBytesMax = size_t{1} << 30;  // Redis's limit of a node, whatever the configuration says
constexpr uint32_t kElementsUncounted = std::numeric_limits<uint16_t>::max();

size_t TextBytes(StreamFields fields) {
  size_t bytes = 0;
  for (const std::string_view text : fields) bytes += text.size();
  return bytes;
}

uint32_t LoadTotal(const uint8_t* block) {
  uint32_t total;
  std::memcpy(&total, block, sizeof(total));
  return total;
}

}  // namespace

StreamNode StreamNode::Make(StreamId first_id, StreamFields fields) {
  StreamNode node;
  node.id = first_id;
  const size_t field_count = fields.size() / 2;
  const size_t room = listpack::kHeaderBytes + 1 + TextBytes(fields) + (field_count + 4) * listpack::kOverheadMax;
  node.block_ = static_cast<uint8_t*>(Allocate(room));
  std::memset(node.block_, 0, listpack::kHeaderBytes);
  uint8_t* end = listpack::WriteInteger(node.elements(), 0);
  end = listpack::WriteInteger(end, 0);
  end = listpack::WriteInteger(end, static_cast<int64_t>(field_count));
  for (size_t i = 0; i < fields.size(); i += 2) end = listpack::Write(end, fields[i]);
  end = listpack::WriteInteger(end, 0);
  node.Finish(end, field_count + 4);
  return node;
}

StreamNode StreamNode::FromBlock(StreamId first_id, std::string_view block) {
  StreamNode node;
  node.id = first_id;
  node.block_ = static_cast<uint8_t*>(Allocate(block.size()));
  std::memcpy(node.block_, block.data(), block.size());
  return node;
}

void StreamNode::Destroy() {
  Free(block_);
  block_ = nullptr;
}

StreamNode StreamNode::Copy() const {
  StreamNode copy = *this;
  copy.block_ = static_cast<uint8_t*>(Allocate(bytes()));
  std::memcpy(copy.block_, block_, bytes());
  return copy;
}

size_t StreamNode::MemoryBytes() const {
  return UsableBytes(block_);
}

size_t StreamNode::bytes() const {
  return LoadTotal(block_);
}

int64_t StreamNode::live() const {
  const uint8_t* at = elements();
  return listpack::TakeInteger(at);
}

int64_t StreamNode::deleted() const {
  return ReadHeader().deleted;
}

bool StreamNode::IsFull(StreamFields fields, const StreamLimits& limits) const {
  size_t bytes_max = limits.node_bytes_max;
  if (bytes_max == 0 || bytes_max > kNodeBytesMax) bytes_max = kNodeBytesMax;
  if (bytes() + TextBytes(fields) >= bytes_max) return true;
  if (limits.node_entries_max == 0) return false;
  const Header header = ReadHeader();
  return static_cast<uint64_t>(header.live + header.deleted) >= limits.node_entries_max;
}

// Room for `bytes` more, over the end mark, whose place is returned.
uint8_t* StreamNode::MakeRoom(size_t bytes) {
  const size_t used = LoadTotal(block_);
  const size_t needed = used + bytes;
  const size_t usable = UsableBytes(block_);
  if (needed > usable) {
    block_ = static_cast<uint8_t*>(Reallocate(block_, std::max(needed, usable + usable / 2)));
  }
  return block_ + used - 1;
}

// Sets the end mark and the header after `more_elements` were written up to `end`.
void StreamNode::Finish(const uint8_t* end, size_t more_elements) {
  uint8_t* const mark = block_ + (end - block_);
  *mark = listpack::kEnd;
  const uint32_t total = static_cast<uint32_t>(mark + 1 - block_);
  uint16_t counted;
  std::memcpy(&counted, block_ + sizeof(total), sizeof(counted));
  const size_t elements = counted == kElementsUncounted ? counted : counted + more_elements;
  counted = static_cast<uint16_t>(std::min<size_t>(elements, kElementsUncounted));
  std::memcpy(block_, &total, sizeof(total));
  std::memcpy(block_ + sizeof(total), &counted, sizeof(counted));
}

void StreamNode::Append(StreamId entry_id, StreamFields fields) {
  const bool same_fields = HasFields(ReadHeader(), fields);
  const size_t field_count = fields.size() / 2;
  uint8_t* end = MakeRoom(TextBytes(fields) + (fields.size() + 5) * listpack::kOverheadMax);
  end = listpack::WriteInteger(end, same_fields ? StreamEntry::kSameFields : 0);
  end = listpack::WriteInteger(end, static_cast<int64_t>(entry_id.ms - id.ms));
  end = listpack::WriteInteger(end, static_cast<int64_t>(entry_id.seq - id.seq));
  size_t elements = 3 + field_count;
  if (!same_fields) {
    end = listpack::WriteInteger(end, static_cast<int64_t>(field_count));
    elements += 1 + field_count;
  }
  for (size_t i = 0; i < fields.size(); i += 2) {
    if (!same_fields) end = listpack::Write(end, fields[i]);
    end = listpack::Write(end, fields[i + 1]);
  }
  end = listpack::WriteInteger(end, static_cast<int64_t>(elements));
  Finish(end, elements + 1);
  ReplaceInteger(this->elements(), live() + 1);
}

void StreamNode::ShrinkToFit() {
  const size_t used = bytes();
  if (UsableBytes(block_) - used < used / 8 + 16) return;
  uint8_t* const fitting = static_cast<uint8_t*>(Allocate(used));
  std::memcpy(fitting, block_, used);
  Free(block_);
  block_ = fitting;
}

void StreamNode::Delete(const StreamEntry& entry) {
  *const_cast<uint8_t*>(entry.at_) |= StreamEntry::kDeleted;  // a small integer: one byte of data
  CountDeleted(1);
}

void StreamNode::CountDeleted(size_t count) {
  if (count == 0) return;
  const Header header = ReadHeader();
  // From behind, so that a counter that grows moves nothing still to be written.
  ReplaceInteger(header.deleted_at, header.deleted + static_cast<int64_t>(count));
  ReplaceInteger(elements(), header.live - static_cast<int64_t>(count));
}

void StreamNode::ReplaceInteger(const uint8_t* at, int64_t value) {
  uint8_t element[listpack::kOverheadMax + 1];
  const size_t new_bytes = static_cast<size_t>(listpack::WriteInteger(element, value) - element);
  const size_t old_bytes = static_cast<size_t>(listpack::Skip(at) - at);
  const size_t offset = static_cast<size_t>(at - block_);
  const size_t total = bytes();
  if (new_bytes > old_bytes) MakeRoom(new_bytes - old_bytes);
  uint8_t* const place = block_ + offset;
  if (new_bytes != old_bytes) {
    std::memmove(place + new_bytes, place + old_bytes, total - offset - old_bytes);
    Finish(block_ + total - 1 + new_bytes - old_bytes, 0);
  }
  std::memcpy(place, element, new_bytes);
}

StreamNode::Header StreamNode::ReadHeader() const {
  Header header;
  const uint8_t* at = elements();
  header.live = listpack::TakeInteger(at);
  header.deleted_at = at;
  header.deleted = listpack::TakeInteger(at);
  header.field_count = static_cast<size_t>(listpack::TakeInteger(at));
  header.fields = at;
  return header;
}

bool StreamNode::HasFields(const Header& header, StreamFields fields) const {
  if (header.field_count != fields.size() / 2) return false;
  const uint8_t* at = header.fields;
  listpack::Value value;
  listpack::Scratch scratch;
  for (size_t i = 0; i < fields.size(); i += 2) {
    at = listpack::Read(at, value);
    if (value.Text(scratch) != fields[i]) return false;
  }
  return true;
}

const uint8_t* StreamNode::FirstEntryAt(const Header& header) const {
  const uint8_t* at = header.fields;
  for (size_t i = 0; i <= header.field_count; ++i) at = listpack::Skip(at);  // and the closing 0
  return at;
}

void StreamNode::ReadEntry(const Header& header, const uint8_t* at, StreamEntry& entry) const {
  entry.at_ = at;
  entry.flags_ = listpack::TakeInteger(at);
  entry.id_.ms = id.ms + static_cast<uint64_t>(listpack::TakeInteger(at));
  entry.id_.seq = id.seq + static_cast<uint64_t>(listpack::TakeInteger(at));
  entry.field_count_ = entry.same_fields() ? header.field_count : static_cast<size_t>(listpack::TakeInteger(at));
  entry.values_ = at;
  entry.master_fields_ = header.fields;
}

const uint8_t* StreamNode::BehindEntry(const StreamEntry& entry) const {
  const uint8_t* at = entry.values_;
  const size_t elements = entry.same_fields() ? entry.field_count_ : 2 * entry.field_count_;
  for (size_t i = 0; i <= elements; ++i) at = listpack::Skip(at);  // and the number of elements
  return at;
}

bool StreamNode::First(StreamEntry& entry) const {
  const Header header = ReadHeader();
  const uint8_t* const at = FirstEntryAt(header);
  if (*at == listpack::kEnd) return false;
  ReadEntry(header, at, entry);
  return true;
}

bool StreamNode::Next(StreamEntry& entry) const {
  const uint8_t* const at = BehindEntry(entry);
  if (*at == listpack::kEnd) return false;
  ReadEntry(ReadHeader(), at, entry);
  return true;
}

bool StreamNode::Last(StreamEntry& entry) const {
  entry.at_ = block_ + bytes() - 1;
  return Previous(entry);
}

bool StreamNode::Previous(StreamEntry& entry) const {
  const Header header = ReadHeader();
  if (entry.at_ == FirstEntryAt(header)) return false;
  const uint8_t* count_at = listpack::Previous(entry.at_);
  const uint8_t* at = count_at;
  for (int64_t left = listpack::TakeInteger(count_at); left > 0; --left) at = listpack::Previous(at);
  ReadEntry(header, at, entry);
  return true;
}

}  // namespace usher::engine
