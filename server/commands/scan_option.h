// Cursor and options that SCAN, HSCAN, SSCAN and ZSCAN share. Thread safety: values on the handler's stack.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/result.h"
#include "engine/glob.h"
#include "server/arg_reader.h"

namespace usher::server {

class CommandContext;

/// A cursor as clients send it back: strtoul's digits, no blank in front. kInvalidCursor.
engine::Result<uint64_t> ParseScanCursor(std::string_view text);

/// MATCH and COUNT. Calls that walk a container go on until `count` elements were seen, matching or not.
struct ScanOptions {
  uint64_t count = 10;
  std::optional<std::string_view> pattern;

  bool Matches(std::string_view text) const { return !pattern || engine::GlobMatch(*pattern, text); }
  /// Consumes one option. False: it is none of these. kNotAnInteger, kSyntax.
  engine::Result<bool> Accept(ArgReader& reader);
  /// Consumes all the rest. kNotAnInteger, kSyntax.
  engine::Status AcceptAll(ArgReader& reader);
};

/// Starts a scan's reply: the next cursor. The array of what was found follows.
void ReplyScanCursor(CommandContext& ctx, uint64_t cursor);

}  // namespace usher::server
