// JSON strings.
#include "protocol/json_text.h"

#include <doctest/doctest.h>

namespace usher::protocol {
namespace {

std::string Quoted(std::string_view text) {
  std::string to = "x";
  AppendJsonString(to, text);
  return to;
}

TEST_CASE("JsonText: plain text and other alphabets pass as they are") {
  CHECK(Quoted("") == "x\"\"");
  CHECK(Quoted("alice") == "x\"alice\"");
  CHECK(Quoted("\xED\x95\x9C") == "x\"\xED\x95\x9C\"");
}

TEST_CASE("JsonText: quotes, backslashes and control characters are escaped") {
  CHECK(Quoted("a\"b\\c") == "x\"a\\\"b\\\\c\"");
  CHECK(Quoted("\n\r\t") == "x\"\\n\\r\\t\"");
  CHECK(Quoted(std::string_view("\0\x1f\x7f", 3)) == "x\"\\u0000\\u001f\\u007f\"");
}

}  // namespace
}  // namespace usher::protocol
