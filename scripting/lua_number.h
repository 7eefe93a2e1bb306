// Numbers as Lua 5.1 prints and cuts them. Thread safety: pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace usher::scripting {

/// Room for FormatNumber() with any precision up to 17, and its terminator.
inline constexpr size_t kNumberTextBytesMax = 32;

/// "%.14g" (or another precision), terminated; returns its length. Whole numbers of few digits take no library detour.
size_t FormatNumber(double value, char* out, int precision = 14);

/// As C converts on x86-64: towards zero, and the least integer for what does not fit.
inline int64_t TruncateToInteger(double value) {
  if (value >= -0x1p63 && value < 0x1p63) return static_cast<int64_t>(value);
  return INT64_MIN;
}

/// The same for an unsigned integer: from 2^64 on it is 0.
inline uint64_t TruncateToUnsigned(double value) {
  constexpr uint64_t kHighBit = uint64_t{1} << 63;
  if (value >= 0x1p63) return static_cast<uint64_t>(TruncateToInteger(value - 0x1p63)) ^ kHighBit;
  return static_cast<uint64_t>(TruncateToInteger(value));
}

}  // namespace usher::scripting
