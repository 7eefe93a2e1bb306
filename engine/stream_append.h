// Appending to a stream key with everything that belongs to it: XADD, and commands that leave an event for consumers.
// Thread safety: the caller holds the turn of the key's shard.
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "engine/engine_context.h"
#include "engine/key_slot.h"
#include "engine/stream_value.h"

namespace usher::engine {

/// Appends an entry to the stream at `key`, which is made if it is missing, then trims it; reports both changes and
/// journals them as one XADD with the full ID. Returns the ID. kWrongType and the errors of Stream::Add, which change
/// nothing.
Result<StreamId> AppendToStream(EngineContext& context, const Key& key, const StreamNewId& id, StreamFields fields,
                                const StreamTrim& trim);

/// Trims the stream, which is there, and reports it (journaling is the caller's); returns how many entries went.
size_t TrimStream(EngineContext& context, const Key& key, Stream& stream, const StreamTrim& trim);

/// How a trim that went as far as `stream` shows is journaled: three words, so that it is repeated exactly.
class StreamTrimWords {
 public:
  StreamTrimWords(const Stream& stream, const StreamTrim& trim);
  std::string_view option() const { return option_; }
  /// Behind the option comes "=".
  std::string_view limit() const { return limit_.view(); }

 private:
  class Limit {
   public:
    explicit Limit(uint64_t length);
    explicit Limit(StreamId id);
    std::string_view view() const { return {text_.data(), size_}; }

   private:
    std::array<char, 41> text_;
    size_t size_;
  };
  std::string_view option_;
  Limit limit_;
};

}  // namespace usher::engine
