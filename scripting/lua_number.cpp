// Formatting of Lua numbers; the header says what is promised.
#include "scripting/lua_number.h"

#include <cmath>
#include <cstdio>

#include "protocol/number_text.h"

namespace usher::scripting {

size_t FormatNumber(double value, char* out, int precision) {
  constexpr int kPlainPrecision = 14;
  constexpr double kPlainLimit = 1e14;  // from here on 14 digits need an exponent
  if (precision == kPlainPrecision && value > -kPlainLimit && value < kPlainLimit) {
    const auto integer = static_cast<int64_t>(value);
    if (static_cast<double>(integer) == value && (integer != 0 || !std::signbit(value))) {
      const size_t length = protocol::FormatInteger(integer, out);
      out[length] = '\0';
      return length;
    }
  }
  return static_cast<size_t>(std::snprintf(out, kNumberTextBytesMax, "%.*g", precision, value));
}

}  // namespace usher::scripting
