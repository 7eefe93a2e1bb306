// MultiPop: the arguments of commands that pop several elements from the first of several keys: LMPOP, ZMPOP and their
// blocking forms. Thread safety: a value on the handler's stack.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/command_context.h"

namespace usher::server {

/// numkeys key ... <first word>|<second word> [COUNT count]
struct MultiPop {
  size_t first_key = 0;
  size_t key_count = 0;
  bool second_word = false;
  int64_t count = 1;

  /// Reads the arguments from numkeys, at `count_at`, on. Returns the text of the error, or nothing.
  std::string_view Parse(std::span<const std::string_view> args, size_t count_at,
                         const std::array<std::string_view, 2>& words);
};

/// The keys at `count` arguments from `first` on.
std::vector<engine::Key> KeysAt(const CommandContext& ctx, size_t first, size_t count);

}  // namespace usher::server
