// See rdb_stream.h.
#include "engine/rdb_stream.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "engine/rdb_format.h"
#include "engine/rdb_packed.h"

namespace usher::engine {
namespace {

constexpr int64_t kDeleted = 1;
constexpr int64_t kSameFields = 2;
constexpr uint8_t kOneByteIntegerEnd = 0x80;

/// Walks the block of one node and checks it.
class NodeCheck {
 public:
  NodeCheck(StreamId node_id, std::string_view block)
      : node_id_(node_id), block_(PackedReader::Format::kListpack, block) {}

  bool Run() {
    if (!Master()) return false;
    while (block_.Head() != 0xFF) {
      if (!Entry()) return false;
    }
    return entries_ > 0 && live_ == 0 && deleted_ == 0 && block_.Finished();
  }
  StreamId last() const { return last_; }

 private:
  bool Texts(int64_t count) {
    std::string_view text;
    for (; count > 0; --count) {
      if (!block_.Next(text)) return false;
    }
    return true;
  }
  bool Master() {
    int64_t end = 0;
    return block_.NextInteger(live_) && block_.NextInteger(deleted_) && block_.NextInteger(fields_) && live_ >= 0 &&
           deleted_ >= 0 && fields_ >= 0 && Texts(fields_) && block_.NextInteger(end) && end == 0;
  }
  // The flags are changed in place when an entry is deleted, so they must be one byte.
  bool Entry() {
    int64_t flags = 0;
    int64_t ms = 0;
    int64_t seq = 0;
    if (block_.Head() >= kOneByteIntegerEnd || !block_.NextInteger(flags)) return false;
    if (flags > (kDeleted | kSameFields) || !block_.NextInteger(ms) || !block_.NextInteger(seq)) return false;
    const StreamId id{node_id_.ms + static_cast<uint64_t>(ms), node_id_.seq + static_cast<uint64_t>(seq)};
    if (id < node_id_ || (entries_++ > 0 && id <= last_)) return false;
    last_ = id;
    --((flags & kDeleted) != 0 ? deleted_ : live_);
    int64_t elements = 3 + fields_;
    if ((flags & kSameFields) != 0) {
      if (!Texts(fields_)) return false;
    } else {
      int64_t fields = 0;
      if (!block_.NextInteger(fields) || fields < 0 || fields > kFieldsMax || !Texts(2 * fields)) return false;
      elements = 4 + 2 * fields;
    }
    int64_t counted = 0;
    return block_.NextInteger(counted) && counted == elements;
  }

  static constexpr int64_t kFieldsMax = std::numeric_limits<int32_t>::max();

  const StreamId node_id_;
  PackedReader block_;
  int64_t fields_ = 0;
  int64_t live_ = 0;     // what the master entry says, less what was met
  int64_t deleted_ = 0;  // the same
  size_t entries_ = 0;
  StreamId last_;
};

StreamId ReadId(RdbReader& reader) {
  StreamId id;
  id.ms = reader.Length();
  id.seq = reader.Length();
  return id;
}

StreamId ReadRawId(RdbReader& reader) {
  StreamId id;
  id.ms = reader.Big64();
  id.seq = reader.Big64();
  return id;
}

bool ReadNode(RdbReader& reader, Stream& stream, StreamId& last) {
  constexpr size_t kIdBytes = 16;
  const std::string_view key = reader.String();
  if (key.size() != kIdBytes) return reader.Fail("a stream's node has no valid ID");
  RdbReader key_reader(key);
  const StreamId id = ReadRawId(key_reader);
  const std::string_view block = reader.String();
  if (!reader.ok()) return false;
  NodeCheck check(id, block);
  if (!check.Run()) return reader.Fail("a stream's node is corrupt");
  if (id <= last) return reader.Fail("a stream's nodes are out of order");
  last = check.last();
  stream.AppendNode(StreamNode::FromBlock(id, block));
  return true;
}

/// A pending entry whose consumer is not known yet.
struct Unowned {
  StreamId id;
  int64_t delivered_ms;
  uint64_t deliveries;
  bool owned;
};

bool ReadPending(RdbReader& reader, std::vector<Unowned>& pending) {
  for (uint64_t left = reader.Length(); left > 0 && reader.ok(); --left) {
    Unowned entry{ReadRawId(reader), 0, 0, false};
    entry.delivered_ms = static_cast<int64_t>(reader.Little64());
    entry.deliveries = reader.Length();
    if (!pending.empty() && entry.id <= pending.back().id) reader.Fail("pending entries are out of order");
    pending.push_back(entry);
  }
  return reader.ok();
}

bool ReadConsumer(RdbReader& reader, uint8_t type, StreamGroup& group, std::vector<Unowned>& pending) {
  const std::string name(reader.String());
  const int64_t seen_ms = static_cast<int64_t>(reader.Little64());
  const int64_t active_ms = type == rdb::kStream3 ? static_cast<int64_t>(reader.Little64()) : seen_ms;
  uint64_t left = reader.Length();
  if (!reader.ok()) return false;
  StreamConsumer* const consumer = group.CreateConsumer(name, seen_ms);
  if (consumer == nullptr) return reader.Fail("a consumer is there twice");
  consumer->active_ms = active_ms;
  for (; left > 0; --left) {
    const StreamId id = ReadRawId(reader);
    if (!reader.ok()) return false;
    const auto found = std::lower_bound(pending.begin(), pending.end(), id,
                                        [](const Unowned& entry, StreamId sought) { return entry.id < sought; });
    if (found == pending.end() || found->id != id || found->owned) {
      return reader.Fail("a consumer's pending entry is not one of its group's");
    }
    found->owned = true;
    group.Assign({id, found->delivered_ms, found->deliveries, consumer});
  }
  return true;
}

bool ReadGroup(RdbReader& reader, uint8_t type, Stream& stream) {
  const std::string name(reader.String());
  const StreamId last_id = ReadId(reader);
  const int64_t read = type == rdb::kStream ? stream.CountedUpTo(last_id) : static_cast<int64_t>(reader.Length());
  if (!reader.ok()) return false;
  StreamGroup* const group = stream.CreateGroup(name, last_id, read);
  if (group == nullptr) return reader.Fail("a consumer group is there twice");
  std::vector<Unowned> pending;
  if (!ReadPending(reader, pending)) return false;
  for (uint64_t left = reader.Length(); left > 0 && reader.ok(); --left) ReadConsumer(reader, type, *group, pending);
  if (!reader.ok()) return false;
  return group->pending().size() == pending.size() || reader.Fail("a pending entry has no consumer");
}

}  // namespace

bool DecodeRdbStream(RdbReader& reader, uint8_t type, Stream& stream) {
  StreamId last;
  for (uint64_t left = reader.Length(); left > 0 && reader.ok(); --left) ReadNode(reader, stream, last);
  const uint64_t length = reader.Length();
  Stream::Numbers numbers{ReadId(reader), StreamId(), length};
  if (type != rdb::kStream) {
    ReadId(reader);  // that of the first entry, which we see
    numbers.max_deleted_id = ReadId(reader);
    numbers.entries_added = reader.Length();
  }
  if (!reader.ok()) return false;
  if (length != stream.size()) return reader.Fail("a stream's length is not the number of its entries");
  if (numbers.last_id < last) return reader.Fail("a stream's last ID is before its last entry");
  stream.RestoreNumbers(numbers);
  for (uint64_t left = reader.Length(); left > 0 && reader.ok(); --left) ReadGroup(reader, type, stream);
  return reader.ok();
}

}  // namespace usher::engine
