// The row of a command on one key that is its first argument. Thread safety: pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/command_spec.h"

namespace usher::server {

/// `key_flags`: what the command does to the key (KeySpecFlag).
constexpr CommandSpec OneKeyRow(std::string_view name, int16_t arity, uint32_t flags, uint32_t categories,
                                uint16_t key_flags, CommandHandler handler, CommandCost cost = nullptr) {
  return {.name = name,
          .arity = arity,
          .flags = flags,
          .categories = categories,
          .keys = OneKey(key_flags),
          .handler = handler,
          .cost = cost};
}

}  // namespace usher::server
