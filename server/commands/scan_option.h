// Cursor and options that SCAN, HSCAN, SSCAN and ZSCAN share, and the walk of the last three over one value. Thread
// safety: values on the handler's stack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/glob.h"
#include "server/arg_reader.h"
#include "server/command_context.h"

namespace usher::server {

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

/// What HSCAN and SSCAN found: texts, which are replied one after the other.
class FoundTexts {
 public:
  template <class Container>
  explicit FoundTexts(const Container& /*scanned*/) {}

  template <class... Texts>
  void Add(const Texts&... texts) {
    (texts_.emplace_back(texts), ...);
  }
  void Reply(protocol::ReplySink& reply) const {
    reply.Array(texts_.size());
    for (const std::string& text : texts_) reply.Bulk(text);
  }

 private:
  std::vector<std::string> texts_;
};

/// HSCAN, SSCAN, ZSCAN: `Found` is made of the value and collects what Container::Scan() calls its function with. Redis
/// judges the cursor, then the key, then (only if it is there) the options.
template <class Container, class Found>
void ScanContainer(CommandContext& ctx) {
  const auto start = ParseScanCursor(ctx.args[2]);
  if (!start) return ctx.Fail(start.error());
  const auto container = ctx.engine.ReadAs<Container>(ctx.KeyAt(1));
  if (!container) return ctx.Fail(container.error());
  if (*container == nullptr) {
    ReplyScanCursor(ctx, 0);
    return ctx.reply.Array(0);
  }
  ScanOptions options;
  ArgReader reader(ctx.args, 3);
  const engine::Status parsed = options.AcceptAll(reader);
  if (!parsed) return ctx.Fail(parsed.error());
  Found found(**container);
  uint64_t cursor = *start;
  uint64_t visited = 0;
  do {
    cursor = (*container)->Scan(cursor, [&](std::string_view name, const auto&... rest) {
      ++visited;
      if (options.Matches(name)) found.Add(name, rest...);
    });
  } while (cursor != 0 && visited < options.count);
  ReplyScanCursor(ctx, cursor);
  found.Reply(ctx.reply);
}

}  // namespace usher::server
