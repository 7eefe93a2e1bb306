// See number_text.h.
#include "protocol/number_text.h"

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

namespace usher::protocol {
namespace {

constexpr size_t kDigitsMax = 19;  // of a uint64_t that cannot overflow while it is read

// "00" to "99", so that two digits cost one division and one copy.
constexpr std::array<char, 200> kTwoDigits = [] {
  std::array<char, 200> table{};
  for (size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

constexpr std::array<uint64_t, 20> kPowersOfTen = [] {
  std::array<uint64_t, 20> table{1};
  for (size_t i = 1; i < table.size(); ++i) table[i] = table[i - 1] * 10;
  return table;
}();

size_t DigitCount(uint64_t value) {
  // 1233 / 4096 is log10(2); the guess is right or one too low.
  const auto guess = static_cast<size_t>(std::bit_width(value | 1) * 1233) >> 12;
  return guess + (value >= kPowersOfTen[guess] ? 1 : 0) + (value == 0 ? 1 : 0);
}

// strtod() or strtold() over the whole text, with Redis's exceptions.
template <class Float, class Convert>
bool ParseWithLibrary(std::string_view text, Convert convert, Float& value) {
  if (text.empty() || text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return false;
  std::array<char, 128> small;
  std::string large;
  const char* terminated = small.data();
  if (text.size() < small.size()) {
    std::memcpy(small.data(), text.data(), text.size());
    small[text.size()] = '\0';
  } else {
    large = text;
    terminated = large.c_str();
  }
  char* end = nullptr;
  errno = 0;
  const Float number = convert(terminated, &end);
  if (end != terminated + text.size() || std::isnan(number)) return false;
  if (errno == ERANGE && (std::isinf(number) || number == 0)) return false;
  value = number;
  return true;
}

// A positive number: its significant digits, the first of which stands for 10^first, the last for 10^scale().
struct Decimal {
  std::array<char, 17> digits;
  int count = 0;
  int first = 0;
  int scale() const { return first - (count - 1); }
};

// Takes apart what std::to_chars wrote: "d.dddde+XX". Trailing zeros are dropped.
Decimal TakeApart(const char* text, const char* end) {
  Decimal decimal;
  const char* p = text;
  for (; *p != 'e'; ++p) {
    if (*p != '.') decimal.digits[static_cast<size_t>(decimal.count++)] = *p;
  }
  while (decimal.count > 1 && decimal.digits[static_cast<size_t>(decimal.count - 1)] == '0') --decimal.count;
  const char* const exponent = p[1] == '+' ? p + 2 : p + 1;
  std::from_chars(exponent, end, decimal.first);
  return decimal;
}

// Whether %.17g has these digits.
bool HasDigitsOf17g(double magnitude, const Decimal& decimal) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), magnitude, std::chars_format::scientific, 16);
  const Decimal exact = TakeApart(text.data(), end.ptr);
  return exact.first == decimal.first && exact.count == decimal.count &&
         std::memcmp(exact.digits.data(), decimal.digits.data(), static_cast<size_t>(exact.count)) == 0;
}

size_t Put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

size_t PutZeros(char* out, int count) {
  std::memset(out, '0', static_cast<size_t>(count));
  return static_cast<size_t>(count);
}

// "1200", "1.2" or "0.0012".
size_t PutPlain(char* out, const Decimal& decimal) {
  const std::string_view digits(decimal.digits.data(), static_cast<size_t>(decimal.count));
  char* p = out;
  if (decimal.scale() >= 0) {
    p += Put(p, digits);
    p += PutZeros(p, decimal.scale());
  } else if (decimal.first >= 0) {
    const auto whole = static_cast<size_t>(decimal.first) + 1;
    p += Put(p, digits.substr(0, whole));
    *p++ = '.';
    p += Put(p, digits.substr(whole));
  } else {
    p += Put(p, "0.");
    p += PutZeros(p, -decimal.first - 1);
    p += Put(p, digits);
  }
  return static_cast<size_t>(p - out);
}

// "1.2e+30"; C pads the exponent to two digits, Redis 7.2 does not.
size_t PutScientific(char* out, const Decimal& decimal, bool padded) {
  char* p = out;
  *p++ = decimal.digits[0];
  if (decimal.count > 1) {
    *p++ = '.';
    p += Put(p, {decimal.digits.data() + 1, static_cast<size_t>(decimal.count - 1)});
  }
  *p++ = 'e';
  *p++ = decimal.first < 0 ? '-' : '+';
  const int exponent = std::abs(decimal.first);
  if (padded && exponent < 10) *p++ = '0';
  p += FormatUnsigned(static_cast<uint64_t>(exponent), p);
  return static_cast<size_t>(p - out);
}

// 7.2 writes a whole number plainly while it needs fewer than 8 zeros, and a fraction of up to 6 decimals or near 1;
// %.17g decides by the exponent alone. Only where the two layouts differ is it worth asking whether the digits do.
size_t PutFinite(char* out, double magnitude) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), magnitude, std::chars_format::scientific);
  const Decimal decimal = TakeApart(text.data(), end.ptr);
  const int scale = decimal.scale();
  const int exponent = std::abs(decimal.first);
  bool plain = scale >= 0 ? exponent < decimal.count + 7 : scale > -7 || exponent < 4;
  bool padded = false;
  const bool plain_in_c = decimal.first >= -4 && decimal.first < 17;
  if ((plain != plain_in_c || (!plain && exponent < 10)) && HasDigitsOf17g(magnitude, decimal)) {
    plain = plain_in_c;
    padded = true;
  }
  return plain ? PutPlain(out, decimal) : PutScientific(out, decimal, padded);
}

}  // namespace

bool ParseUnsigned(std::string_view text, uint64_t& value) {
  if (text.empty() || text.size() > kDigitsMax + 1) return false;
  if (text[0] == '0' && text.size() > 1) return false;
  uint64_t number = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned char>(text[i] - '0');
    if (digit > 9) return false;
    if (i == kDigitsMax && number > (std::numeric_limits<uint64_t>::max() - digit) / 10) return false;
    number = number * 10 + digit;
  }
  value = number;
  return true;
}

bool ParseInteger(std::string_view text, int64_t& value) {
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const bool negative = text.starts_with('-');
  uint64_t magnitude = 0;
  if (!ParseUnsigned(text.substr(negative ? 1 : 0), magnitude)) return false;
  if (magnitude > kMax + (negative ? 1 : 0) || (negative && magnitude == 0)) return false;
  value = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

size_t FormatUnsigned(uint64_t value, char* out) {
  const size_t length = DigitCount(value);
  char* p = out + length;
  while (value >= 100) {
    p -= 2;
    std::memcpy(p, &kTwoDigits[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    std::memcpy(out, &kTwoDigits[2 * value], 2);
  } else {
    *out = static_cast<char>('0' + value);
  }
  return length;
}

size_t FormatInteger(int64_t value, char* out) {
  if (value >= 0) return FormatUnsigned(static_cast<uint64_t>(value), out);
  *out = '-';
  return 1 + FormatUnsigned(0 - static_cast<uint64_t>(value), out + 1);
}

bool ParseDouble(std::string_view text, double& value) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  // Whatever from_chars does not take wholly ('+', hexadecimal, out of range, junk) is for strtod to judge.
  if (result.ec != std::errc{} || result.ptr != end) {
    return ParseWithLibrary(
        text, [](const char* s, char** stop) { return std::strtod(s, stop); }, value);
  }
  if (std::isnan(number)) return false;
  value = number;
  return true;
}

bool ParseLongDouble(std::string_view text, long double& value) {
  if (text.size() >= kLongDoubleTextBytesMax) return false;
  return ParseWithLibrary(
      text, [](const char* s, char** stop) { return std::strtold(s, stop); }, value);
}

size_t FormatDouble(double value, char* out) {
  constexpr double kWholeMax = 4503599627370496.0;  // 2^52: every whole number up to here is exact
  if (value > -kWholeMax && value < kWholeMax) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value && (whole != 0 || !std::signbit(value))) return FormatInteger(whole, out);
  }
  if (std::isnan(value)) return Put(out, "nan");
  char* p = out;
  if (std::signbit(value)) *p++ = '-';
  const double magnitude = std::fabs(value);
  if (magnitude == 0) {
    *p++ = '0';
  } else {
    p += std::isinf(magnitude) ? Put(p, "inf") : PutFinite(p, magnitude);
  }
  return static_cast<size_t>(p - out);
}

size_t FormatLongDouble(long double value, char* out) {
  if (std::isinf(value)) return Put(out, value > 0 ? "inf" : "-inf");
  const int printed = std::snprintf(out, kLongDoubleTextBytesMax, "%.17Lf", value);
  std::string_view text(out, static_cast<size_t>(printed));
  text = text.substr(0, text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text == "-0") return Put(out, "0");
  return text.size();
}

}  // namespace usher::protocol
