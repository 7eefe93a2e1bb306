// What the arguments of stream commands have in common: IDs, intervals of IDs, the options of XADD and XTRIM.
// Thread safety: the executing thread's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/stream_value.h"
#include "server/command_context.h"

namespace usher::server {

/// The ID in an argument, completed by `missing_seq`. Nothing: it is none, and the error is replied.
std::optional<engine::StreamId> ReadStreamId(CommandContext& ctx, std::string_view text, uint64_t missing_seq = 0,
                                             engine::StreamIdForm form = engine::StreamIdForm::kNumbers);

/// The text up to its first NUL, as Redis's errors quote names.
std::string QuotedName(std::string_view text);

/// "No such consumer group ... for key name ...".
void FailNoGroupOfKey(CommandContext& ctx, std::string_view group, std::string_view key);

/// Where an interval of IDs begins or ends.
enum class IntervalEnd : uint8_t { kStart, kEnd };
/// The first or last ID of an interval: an ID, one with "(" in front, "-" or "+". Nothing: the error is replied.
std::optional<engine::StreamId> ReadIntervalEnd(CommandContext& ctx, std::string_view text, IntervalEnd end);

/// XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] *|id, and XTRIM key MAXLEN|MINID ...
struct StreamWriteOptions {
  engine::StreamTrim trim;
  engine::StreamNewId id;
  bool make_stream = true;
  size_t fields_at = 0;  // behind the ID
};
enum class StreamWrite : uint8_t { kAdd, kTrim };
/// Nothing: the error is replied.
std::optional<StreamWriteOptions> ReadStreamWriteOptions(CommandContext& ctx, StreamWrite command);

}  // namespace usher::server
