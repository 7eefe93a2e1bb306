// Numbers exactly as Redis accepts and prints them. Complexity: linear in the text; the integer and decimal forms that
// clients really send take no library detour. Thread safety: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace usher::protocol {

/// Room that the Format functions need.
inline constexpr size_t kIntegerTextBytesMax = 20;
inline constexpr size_t kDoubleTextBytesMax = 32;
inline constexpr size_t kLongDoubleTextBytesMax = 5 * 1024;

/// Decimal, optional '-'; no '+', blanks, leading zeros or "-0"; within int64_t.
bool ParseInteger(std::string_view text, int64_t& value);
/// The same without sign, within uint64_t.
bool ParseUnsigned(std::string_view text, uint64_t& value);
/// What strtod() reads wholly ("1e5", "0x1p3", "+inf", "-Infinity"), except: empty, a blank in front, NaN, overflow to
/// infinity, underflow to zero.
bool ParseDouble(std::string_view text, double& value);
/// The same with strtold() (INCRBYFLOAT, HINCRBYFLOAT).
bool ParseLongDouble(std::string_view text, long double& value);

/// Writes `value` and returns its length. No terminator.
size_t FormatInteger(int64_t value, char* out);
size_t FormatUnsigned(uint64_t value, char* out);

/// A score as ZSCORE answers it: the fewest digits that read back as `value`, "inf", "-inf", "nan", "-0".
///
/// Redis 7.0 prints %.17g, Redis 7.2 the shortest digits in a layout of its own. Where both have the same digits (whole
/// numbers, 0.5, 3.25) this is the text of 7.0; where they differ (7.0: 0.10000000000000001) it is that of 7.2 (0.1).
size_t FormatDouble(double value, char* out);

/// As INCRBYFLOAT answers: 17 decimals, trailing zeros cut, never an exponent. `value` is finite or "inf", "-inf".
size_t FormatLongDouble(long double value, char* out);

}  // namespace usher::protocol
