// Offsets of bits as SETBIT, GETBIT and BITFIELD read them, and room for writing there. Thread safety: the executing
// thread's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/arg_reader.h"
#include "server/command_context.h"

namespace usher::server {

/// An offset in a string of allowed length. Nothing: the error is replied.
inline std::optional<uint64_t> ParseBitOffset(CommandContext& ctx, std::string_view text, uint32_t unit_bits = 1) {
  const std::optional<int64_t> units = ToInteger(text);
  const uint64_t bits_max = ctx.engine.settings().string_bytes_max * 8;
  if (units && *units >= 0 && static_cast<uint64_t>(*units) < (bits_max + unit_bits - 1) / unit_bits) {
    return static_cast<uint64_t>(*units) * unit_bits;
  }
  ctx.FailText("ERR bit offset is not an integer or out of range");
  return std::nullopt;
}

/// The string at `key`, made if need be, for fn(RawString&) to write its first `bytes` bytes: it grows to have them.
/// `entry` is what is there, of no other type.
template <class Fn>
void WriteBits(CommandContext& ctx, const engine::Key& key, engine::KeyEntry entry, uint64_t bytes, Fn&& fn) {
  if (!entry) {
    ctx.engine.SetString(key, "", engine::kNoExpiry);
    entry = ctx.engine.Peek(key);
  }
  ctx.engine.KeyspaceOf(key).UpdateString(entry, [&](engine::RawString& raw) {
    if (raw.size() < bytes) raw.Resize(bytes);
    fn(raw);
  });
}

}  // namespace usher::server
