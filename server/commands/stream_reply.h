// How entries of streams are replied. Thread safety: the executing thread's.
#pragma once

#include "engine/stream_value.h"
#include "protocol/reply_sink.h"

namespace usher::server {

inline void ReplyStreamId(protocol::ReplySink& reply, engine::StreamId id) {
  reply.Bulk(engine::StreamIdText(id).view());
}

/// [id, [field, value, ...]]
inline void ReplyStreamEntry(protocol::ReplySink& reply, const engine::StreamEntry& entry) {
  reply.Array(2);
  ReplyStreamId(reply, entry.id());
  reply.Array(2 * entry.field_count());
  entry.ForEachField([&](std::string_view field, std::string_view value) {
    reply.Bulk(field);
    reply.Bulk(value);
  });
}

}  // namespace usher::server
