// See rdb_encode.h.
#include "engine/rdb_encode.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "engine/base/assert.h"
#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/rdb_dump.h"
#include "engine/rdb_format.h"
#include "engine/rdb_packed.h"
#include "engine/set_value.h"
#include "engine/stream_value.h"
#include "engine/zset.h"
#include "protocol/number_text.h"

namespace usher::engine {
namespace {

/// A list's node has up to so many bytes of listpack, as by redis-server's default, unless it is one long element.
constexpr size_t kListNodeBytesMax = 8192;
constexpr size_t kPlainNodeBytesMin = size_t{1} << 20;

using ScoreScratch = std::array<char, 40>;

std::string_view ScoreText(double score, ScoreScratch& text) {
  return {text.data(), static_cast<size_t>(std::snprintf(text.data(), text.size(), "%.17g", score))};
}

// ---- Lists

/// Cuts a list into the nodes it is written as. Calls fn(plain, block) for each.
template <class Fn>
void ForEachListNode(const List& list, Fn&& fn) {
  ListpackWriter node;
  const auto finish = [&] {
    if (node.size() > 0) fn(rdb::kNodePacked, node.Finish());
    node.Clear();
  };
  list.ForEach([&](std::string_view element) {
    if (element.size() >= kPlainNodeBytesMin) {
      finish();
      fn(rdb::kNodePlain, element);
      return;
    }
    if (node.bytes() + element.size() > kListNodeBytesMax) finish();
    node.Append(element);
  });
  finish();
}

// The number of nodes comes first, so they are made twice: that is cheaper than keeping them.
void EncodeList(RdbWriter& writer, const List& list) {
  uint64_t nodes = 0;
  ForEachListNode(list, [&](uint64_t, std::string_view) { ++nodes; });
  writer.Length(nodes);
  ForEachListNode(list, [&](uint64_t container, std::string_view block) {
    writer.Length(container);
    writer.String(block);
    writer.MayFlush();
  });
}

// ---- Sets, hashes, sorted sets

size_t IntegerWidth(int64_t value) {
  if (value == static_cast<int16_t>(value)) return 2;
  return value == static_cast<int32_t>(value) ? 4 : 8;
}

void EncodeIntset(RdbWriter& writer, const Set& set) {
  std::vector<int64_t> integers;
  integers.reserve(set.size());
  size_t width = 2;
  set.ForEach([&](std::string_view member) {
    int64_t value = 0;
    protocol::ParseInteger(member, value);
    integers.push_back(value);
    width = std::max(width, IntegerWidth(value));
  });
  RdbWriter block;
  block.Little32(static_cast<uint32_t>(width));
  block.Little32(static_cast<uint32_t>(integers.size()));
  for (const int64_t value : integers) block.Little(static_cast<uint64_t>(value), width);
  writer.String(block.view());
}

void EncodeSet(RdbWriter& writer, const Set& set) {
  if (set.encoding() == Set::Encoding::kIntset) return EncodeIntset(writer, set);
  writer.Length(set.size());
  set.ForEach([&](std::string_view member) {
    EncodeRdbElement(writer, member);
    writer.MayFlush();
  });
}

void EncodeHash(RdbWriter& writer, const Hash& hash) {
  if (hash.encoding() == Hash::Encoding::kListpack) {
    ListpackWriter block;
    hash.ForEach([&](std::string_view field, std::string_view value) {
      block.Append(field);
      block.Append(value);
    });
    return writer.String(block.Finish());
  }
  writer.Length(hash.size());
  hash.ForEach([&](std::string_view field, std::string_view value) {
    EncodeRdbElement(writer, field, value);
    writer.MayFlush();
  });
}

// A large one is written from its least entry up, since that is how one is built fastest; redis-server, which writes
// them from above, takes any order.
void EncodeZset(RdbWriter& writer, const Zset& zset) {
  if (zset.encoding() == Zset::Encoding::kPacked) {
    ListpackWriter block;
    ScoreScratch text;
    zset.ForEach(zset.All(), Order::kAscending, [&](std::string_view member, double score) {
      block.Append(member);
      block.Append(ScoreText(score, text));
    });
    return writer.String(block.Finish());
  }
  writer.Length(zset.size());
  zset.ForEach(zset.All(), Order::kAscending, [&](std::string_view member, double score) {
    EncodeRdbElement(writer, member, score);
    writer.MayFlush();
  });
}

// ---- Streams

void WriteId(RdbWriter& writer, StreamId id) {
  writer.Length(id.ms);
  writer.Length(id.seq);
}

void WriteRawId(RdbWriter& writer, StreamId id) {
  writer.Big64(id.ms);
  writer.Big64(id.seq);
}

void EncodeGroup(RdbWriter& writer, const StreamGroup& group) {
  writer.String(group.name());
  WriteId(writer, group.last_id);
  writer.Length(static_cast<uint64_t>(group.entries_read));
  const IdMap<PendingEntry>& pending = group.pending();
  writer.Length(pending.size());
  for (auto at = pending.Begin(); at != pending.End(); at = pending.Next(at)) {
    WriteRawId(writer, at->id);
    writer.Little64(static_cast<uint64_t>(at->delivered_ms));
    writer.Length(at->deliveries);
    writer.MayFlush();
  }
  writer.Length(group.consumers().size());
  for (const auto& [name, consumer] : group.consumers()) {
    writer.String(name);
    writer.Little64(static_cast<uint64_t>(consumer.seen_ms));
    const IdMap<PendingId>& ids = consumer.pending();
    writer.Length(ids.size());
    for (auto at = ids.Begin(); at != ids.End(); at = ids.Next(at)) WriteRawId(writer, at->id);
    writer.MayFlush();
  }
}

void EncodeStream(RdbWriter& writer, const Stream& stream) {
  const IdMap<StreamNode>& nodes = stream.nodes();
  writer.Length(nodes.size());
  for (auto at = nodes.Begin(); at != nodes.End(); at = nodes.Next(at)) {
    EncodeRdbStreamNode(writer, *at);
    writer.MayFlush();
  }
  EncodeRdbStreamRest(writer, stream);
}

}  // namespace

void EncodeRdbListNode(RdbWriter& writer, const ListNode& node) {
  PackedScratch scratch;
  if (node.count() == 1) {
    const std::string_view element = node.At(node.Begin()).Text(scratch);
    if (element.size() >= kPlainNodeBytesMin) {
      writer.Length(rdb::kNodePlain);
      return writer.String(element);
    }
  }
  ListpackWriter block;
  for (ListNode::Position at = node.Begin(); at != node.End(); at = node.Next(at)) {
    block.Append(node.At(at).Text(scratch));
  }
  writer.Length(rdb::kNodePacked);
  writer.String(block.Finish());
}

void EncodeRdbStreamNode(RdbWriter& writer, const StreamNode& node) {
  RdbWriter key;
  WriteRawId(key, node.id);
  writer.String(key.view());
  writer.String(node.block());
}

void EncodeRdbStreamRest(RdbWriter& writer, const Stream& stream) {
  writer.Length(stream.size());
  WriteId(writer, stream.last_id());
  WriteId(writer, stream.first_id());
  WriteId(writer, stream.max_deleted_id());
  writer.Length(stream.entries_added());
  writer.Length(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) EncodeGroup(writer, group);
}

uint8_t RdbTypeOf(KeyEntry entry) {
  switch (entry.type()) {
    case ValueType::kString:
      return rdb::kString;
    case ValueType::kList:
      return rdb::kListQuicklist2;
    case ValueType::kSet:
      return entry.As<Set>().encoding() == Set::Encoding::kIntset ? rdb::kSetIntset : rdb::kSet;
    case ValueType::kZset:
      return entry.As<Zset>().encoding() == Zset::Encoding::kPacked ? rdb::kZsetListpack : rdb::kZset;
    case ValueType::kHash:
      return entry.As<Hash>().encoding() == Hash::Encoding::kListpack ? rdb::kHashListpack : rdb::kHash;
    case ValueType::kStream:
      return rdb::kStream2;
  }
  ASSERT(false);
}

void EncodeRdbValue(RdbWriter& writer, KeyEntry entry) {
  switch (entry.type()) {
    case ValueType::kString: {
      if (entry.IsInt()) return writer.IntegerString(entry.int_value());
      IntegerScratch scratch;
      return writer.String(entry.StringBytes(scratch));
    }
    case ValueType::kList:
      return EncodeList(writer, entry.As<List>());
    case ValueType::kSet:
      return EncodeSet(writer, entry.As<Set>());
    case ValueType::kZset:
      return EncodeZset(writer, entry.As<Zset>());
    case ValueType::kHash:
      return EncodeHash(writer, entry.As<Hash>());
    case ValueType::kStream:
      return EncodeStream(writer, entry.As<Stream>());
  }
}

std::string DumpOf(KeyEntry entry) {
  RdbWriter writer;
  writer.Byte(RdbTypeOf(entry));
  EncodeRdbValue(writer, entry);
  std::string payload = writer.Take();
  AppendDumpFooter(payload);
  return payload;
}

}  // namespace usher::engine
