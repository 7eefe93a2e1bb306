// Values as redis-server 7.0 writes them to its files and DUMP payloads: small ones as one packed block, large ones
// element by element. A set's packed form is written as a plain set, since 7.0 knows no other.
// Memory: what is on its way to the writer's sink is bounded by a piece and the longest element. Complexity: linear.
// Thread safety: the caller holds the turn of the entry's shard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/key_entry.h"
#include "engine/list_node.h"
#include "engine/rdb_writer.h"
#include "engine/stream_node.h"

namespace usher::engine {

/// The rdb::Type of the entry's value.
uint8_t RdbTypeOf(KeyEntry entry);

/// Writes the value alone: neither type nor key.
void EncodeRdbValue(RdbWriter& writer, KeyEntry entry);

/// The value as a DUMP payload: type, value, version and checksum.
std::string DumpOf(KeyEntry entry);

// One element of a value that is written element by element: a set's, a hash's, a sorted set's.
inline void EncodeRdbElement(RdbWriter& writer, std::string_view member) {
  writer.String(member);
}
inline void EncodeRdbElement(RdbWriter& writer, std::string_view field, std::string_view value) {
  writer.String(field);
  writer.String(value);
}
inline void EncodeRdbElement(RdbWriter& writer, std::string_view member, double score) {
  writer.String(member);
  writer.Double(score);
}

/// A node of a chain of a list. How many there are comes before the first.
void EncodeRdbListNode(RdbWriter& writer, const ListNode& node);

/// A node of a stream. How many there are comes before the first, the rest of the stream behind the last.
void EncodeRdbStreamNode(RdbWriter& writer, const StreamNode& node);
void EncodeRdbStreamRest(RdbWriter& writer, const Stream& stream);

}  // namespace usher::engine
