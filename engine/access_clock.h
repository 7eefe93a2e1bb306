// What an entry remembers about its use, in the 21 bits its table slot has to spare: either the second of its last use
// (LRU; wraps after 24 days) or, under an LFU policy, a logarithmic use counter (8 bits) and the minute it was last
// looked at (13 bits; wraps after 5 days). Which of the two is the server's maxmemory-policy. Pure functions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/random.h"

namespace usher::engine {

inline constexpr uint32_t kAccessBits = 21;
inline constexpr uint32_t kAccessMask = (1u << kAccessBits) - 1;

/// LRU: the access word of an entry used now.
inline uint32_t LruAccess(int64_t now_ms) {
  return static_cast<uint32_t>(now_ms / 1000) & kAccessMask;
}
/// LRU: seconds since the last use, as OBJECT IDLETIME answers.
inline uint32_t LruIdleSeconds(uint32_t access, int64_t now_ms) {
  return (LruAccess(now_ms) - access) & kAccessMask;
}

/// lfu-log-factor and lfu-decay-time (minutes; 0 is never).
struct LfuSettings {
  uint32_t log_factor = 10;
  uint32_t decay_minutes = 1;
};
inline constexpr uint32_t kLfuInitialCount = 5;
inline constexpr uint32_t kLfuCountBits = 8;
inline constexpr uint32_t kLfuMinuteMask = kAccessMask >> kLfuCountBits;

inline uint32_t LfuWord(uint32_t count, int64_t now_ms) {
  return count | ((static_cast<uint32_t>(now_ms / 60'000) & kLfuMinuteMask) << kLfuCountBits);
}
/// LFU: the access word of a new entry.
inline uint32_t LfuInitial(int64_t now_ms) {
  return LfuWord(kLfuInitialCount, now_ms);
}

/// LFU: the use counter after its decay, as OBJECT FREQ answers.
inline uint32_t LfuFrequency(uint32_t access, int64_t now_ms, LfuSettings settings) {
  const uint32_t count = access & ((1u << kLfuCountBits) - 1);
  if (settings.decay_minutes == 0) return count;
  const uint32_t now_minute = static_cast<uint32_t>(now_ms / 60'000);
  const uint32_t idle_minutes = (now_minute - (access >> kLfuCountBits)) & kLfuMinuteMask;
  return count - std::min(count, idle_minutes / settings.decay_minutes);
}

/// LFU: the access word after one more use. The counter grows ever more rarely: with 1 / ((count - 5) * factor + 1).
inline uint32_t LfuTouched(uint32_t access, int64_t now_ms, LfuSettings settings, Random& random) {
  uint32_t count = LfuFrequency(access, now_ms, settings);
  const uint32_t above = count > kLfuInitialCount ? count - kLfuInitialCount : 0;
  if (count < 255 && random.Below(uint64_t{above} * settings.log_factor + 1) == 0) ++count;
  return LfuWord(count, now_ms);
}

}  // namespace usher::engine
