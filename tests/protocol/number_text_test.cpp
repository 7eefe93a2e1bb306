// number_text: what is accepted, what is printed, and that both agree.
#include "protocol/number_text.h"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <random>
#include <string>

#include "tests/support/test_seed.h"

using namespace usher::protocol;

namespace {

std::optional<int64_t> Integer(std::string_view text) {
  int64_t value = 0;
  return ParseInteger(text, value) ? std::optional(value) : std::nullopt;
}

std::optional<uint64_t> Unsigned(std::string_view text) {
  uint64_t value = 0;
  return ParseUnsigned(text, value) ? std::optional(value) : std::nullopt;
}

std::optional<double> Double(std::string_view text) {
  double value = 0;
  return ParseDouble(text, value) ? std::optional(value) : std::nullopt;
}

std::string Text(double value) {
  std::array<char, kDoubleTextBytesMax> text;
  return {text.data(), FormatDouble(value, text.data())};
}

std::string Text(int64_t value) {
  std::array<char, kIntegerTextBytesMax> text;
  return {text.data(), FormatInteger(value, text.data())};
}

// What INCRBYFLOAT of `text` answers for a missing key.
std::string Increment(std::string_view text) {
  long double value = 0;
  if (!ParseLongDouble(text, value)) return "refused";
  std::array<char, kLongDoubleTextBytesMax> out;
  return {out.data(), FormatLongDouble(value, out.data())};
}

std::string Printed17(double value) {
  std::array<char, 64> text;
  const int length = std::snprintf(text.data(), text.size(), "%.17g", value);
  return {text.data(), static_cast<size_t>(length)};
}

// The significant digits of a printed number.
std::string Digits(std::string_view text) {
  std::string digits;
  for (const char c : text.substr(0, text.find('e'))) {
    if (c != '-' && c != '.' && (c != '0' || !digits.empty())) digits += c;
  }
  return digits.substr(0, digits.find_last_not_of('0') + 1);
}

}  // namespace

TEST_CASE("ParseInteger: strict and within range") {
  CHECK(Integer("0") == 0);
  CHECK(Integer("-1") == -1);
  CHECK(Integer("9223372036854775807") == std::numeric_limits<int64_t>::max());
  CHECK(Integer("-9223372036854775808") == std::numeric_limits<int64_t>::min());
  for (const char* text : {"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1x", "1.0", "9223372036854775808",
                           "-9223372036854775809", "18446744073709551616", "100000000000000000000", "--1"}) {
    CHECK(Integer(text) == std::nullopt);
  }
}

TEST_CASE("ParseUnsigned: the whole range of 64 bits") {
  CHECK(Unsigned("18446744073709551615") == std::numeric_limits<uint64_t>::max());
  for (const char* text : {"18446744073709551616", "18446744073709551620", "99999999999999999999", "-1", "00"}) {
    CHECK(Unsigned(text) == std::nullopt);
  }
}

TEST_CASE("FormatInteger: reads back, and is what the library prints") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  for (int i = 0; i < 200'000; ++i) {
    const auto value = static_cast<int64_t>(random() >> (random() % 64)) * (random() % 2 == 0 ? 1 : -1);
    REQUIRE(Text(value) == std::to_string(value));
    REQUIRE(Integer(Text(value)) == value);
  }
  for (uint64_t power = 1; power <= 1'000'000'000'000'000'000; power *= 10) {
    const auto value = static_cast<int64_t>(power);
    REQUIRE(Text(value) == std::to_string(value));
    REQUIRE(Text(value - 1) == std::to_string(value - 1));
  }
  CHECK(Text(std::numeric_limits<int64_t>::min()) == "-9223372036854775808");
}

TEST_CASE("ParseDouble: accepts what ZADD accepts") {
  CHECK(Double("1e5") == 1e5);
  CHECK(Double("1E+5") == 1e5);
  CHECK(Double("+5") == 5);
  CHECK(Double(".5") == 0.5);
  CHECK(Double("5.") == 5);
  CHECK(Double("0x1p3") == 8);
  CHECK(Double("0x10") == 16);
  CHECK(Double("4e-324") == 4e-324);
  CHECK(Double("1e-310") == 1e-310);
  CHECK(Double(std::string(300, '0') + "1") == 1);
  for (const char* text : {"inf", "+inf", "INFINITY", "Inf"}) CHECK(Double(text) == HUGE_VAL);
  CHECK(Double("-Infinity") == -HUGE_VAL);
  CHECK(std::signbit(Double("-0").value()));
}

TEST_CASE("ParseDouble: refuses what ZADD refuses") {
  for (const char* text :
       {"",  " 1", "\t1", "1 ", "1x",    "nan",    "-nan",   "NaN",    "nan(1)",    "infin", "1e",
        "+", "-",  "0x",  ".",  "1e400", "-1e400", "1e-400", "2e-324", "0x1p-1080", "+-1",   "++1"}) {
    CAPTURE(text);
    CHECK(Double(text) == std::nullopt);
  }
  CHECK(Double(std::string_view("1\0000", 3)) == std::nullopt);
  CHECK(Double("1" + std::string(309, '0')) == std::nullopt);
}

TEST_CASE("FormatDouble: the text of 7.0 where its digits are the shortest") {
  for (const char* text : {"0",
                           "-0",
                           "1",
                           "-7",
                           "0.5",
                           "3.25",
                           "3.141",
                           "100000000",
                           "1000000000000000",
                           "4503599627370495",
                           "4503599627370497",
                           "10000000000000000",
                           "1e+17",
                           "1e+18",
                           "1e+21",
                           "0.0009765625",
                           "0.0001",
                           "-1e-300",
                           "123456.7890123",
                           "0.1234567",
                           "7.62939453125e-06",
                           "1690000000.123456",
                           "1.2345678901234568e+20",
                           "inf",
                           "-inf"}) {
    CHECK(Text(Double(text).value()) == text);
  }
  CHECK(Text(std::nan("")) == "nan");
  CHECK(Text(-std::nan("")) == "nan");
}

TEST_CASE("FormatDouble: the text of 7.2 where its digits are fewer") {
  for (const char* text :
       {"0.1", "-3.3", "0.00001", "1.5e-7", "1e-7", "1.1e+22", "1e+300", "1e-310", "5e-324", "0.000001",
        "5.960464477539063e-8", "35747322042253310", "123.456", "2.2250738585072014e-308"}) {
    CHECK(Text(Double(text).value()) == text);
  }
  CHECK(Text(0.1 + 0.2) == "0.30000000000000004");
}

TEST_CASE("FormatDouble: reads back, and never differs from %.17g in layout alone") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  for (int i = 0; i < 200'000; ++i) {
    double value = 0;
    switch (random() % 4) {
      case 0:
        value = std::bit_cast<double>(random());
        break;
      case 1:
        value = static_cast<double>(static_cast<int64_t>(random())) / 1048576.0;
        break;
      case 2:
        value = static_cast<double>(random() % 100'000'000) / 1000.0;
        break;
      default:
        value = std::ldexp(static_cast<double>(random() % 1024), static_cast<int>(random() % 120) - 60);
        break;
    }
    if (!std::isfinite(value)) continue;
    const std::string text = Text(value);
    REQUIRE(std::bit_cast<uint64_t>(Double(text).value()) == std::bit_cast<uint64_t>(value));
    if (const std::string printed = Printed17(value); Digits(printed) == Digits(text)) REQUIRE(text == printed);
  }
}

TEST_CASE("ParseLongDouble and FormatLongDouble: as INCRBYFLOAT") {
  CHECK(Increment("0.1") == "0.1");
  CHECK(Increment("3.0") == "3");
  CHECK(Increment("-0") == "0");
  CHECK(Increment("1e5") == "100000");
  CHECK(Increment("1e17") == "100000000000000000");
  CHECK(Increment("1e-17") == "0.00000000000000001");
  CHECK(Increment("-1e-18") == "0");
  CHECK(Increment("5e-4950") == "0");
  CHECK(Increment("1690000000.123456") == "1690000000.12345600000116974");
  CHECK(Increment("0x1p3") == "8");
  CHECK(Increment("-inf") == "-inf");
  CHECK(Increment("1e4932").size() == 4933);
  CHECK(Increment(std::string(5118, '0') + "1") == "1");
  for (const char* text : {"", " 1", "1 ", "nan", "1e5000", "1e-4960", "1e", "x"}) CHECK(Increment(text) == "refused");
  CHECK(Increment(std::string(5119, '0') + "1") == "refused");
}
