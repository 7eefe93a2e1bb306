// What the commands that take from or add to the ends of a list share. Thread safety: the caller holds the turns.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/list_value.h"
#include "server/arg_reader.h"
#include "server/command_context.h"

namespace usher::server {

inline std::string_view ListPopCommand(engine::ListEnd end) {
  return end == engine::ListEnd::kHead ? "LPOP" : "RPOP";
}

/// Reads LEFT or RIGHT.
inline std::optional<engine::ListEnd> ParseListEnd(std::string_view word) {
  if (EqualsIgnoringCase(word, "LEFT")) return engine::ListEnd::kHead;
  if (EqualsIgnoringCase(word, "RIGHT")) return engine::ListEnd::kTail;
  return std::nullopt;
}

inline bool HasList(CommandContext& ctx, const engine::Key& key) {
  const engine::KeyEntry entry = ctx.engine.Peek(key);
  return entry && entry.type() == engine::ValueType::kList;
}

/// A negative integer's distance from zero, and others themselves.
constexpr uint64_t Magnitude(int64_t value) {
  return value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

/// The element that `index` means in a list of this size, if there is one; negative ones count from the end.
constexpr std::optional<uint64_t> ListIndex(int64_t index, uint64_t size) {
  if (index >= 0)
    return static_cast<uint64_t>(index) < size ? std::optional(static_cast<uint64_t>(index)) : std::nullopt;
  return Magnitude(index) <= size ? std::optional(size - Magnitude(index)) : std::nullopt;
}

/// The elements from index `first` to index `last`; negative ones count from the end.
struct ListRange {
  ListRange(int64_t first_index, int64_t last_index, uint64_t size);

  uint64_t first = 0;
  uint64_t count = 0;
};

/// Adds texts to a list, which may be new, and reports it.
void PushTexts(CommandContext& ctx, const engine::Key& key, engine::List& list, engine::ListEnd end,
               std::span<const std::string_view> texts);
/// Reports that elements were removed and lets the list shrink; the key goes with its last one.
void FinishListRemoval(CommandContext& ctx, const engine::Key& key, engine::Writable<engine::List>& list,
                       std::string_view event);
/// Removes `count` elements (at most its size), replying each, and reports it.
void PopAndReply(CommandContext& ctx, const engine::Key& key, engine::Writable<engine::List>& list, engine::ListEnd end,
                 uint64_t count);

}  // namespace usher::server
