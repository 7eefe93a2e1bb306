// The hash slot of a key (Redis Cluster's: CRC16/XMODEM of the hash tag, mod 16384), and Key: a name with its hash and
// slot, computed once per command. shard = slot & (shard_count - 1). Complexity: linear in the key, 4 bytes a step.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/hash.h"

namespace usher::engine {

inline constexpr uint32_t kSlotCount = 16384;

/// What of `key` decides its slot: the text between the first '{' and the next '}', if there is any, else all of it.
std::string_view HashTag(std::string_view key);

/// CRC16/XMODEM (polynomial 0x1021, initial value 0).
uint16_t Crc16(std::string_view bytes);

/// The slot of `key`, in [0, kSlotCount).
inline uint16_t KeySlot(std::string_view key) {
  return Crc16(HashTag(key)) & (kSlotCount - 1);
}

/// A view of a key's name (of the request's bytes) with what every look-up needs.
struct Key {
  std::string_view name;
  uint64_t hash;
  uint16_t slot;
};

inline Key MakeKey(std::string_view name) {
  return {name, HashBytes(name), KeySlot(name)};
}

/// `shard_count` is a power of two.
inline uint32_t ShardOf(uint16_t slot, uint32_t shard_count) {
  return slot & (shard_count - 1);
}

}  // namespace usher::engine
