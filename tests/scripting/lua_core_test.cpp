// Lua 5.4 that looks like 5.1: numbers, messages, the libraries where the two differ. What redis-server says to the
// same expressions is compared by redis-compat-tests; these are the facts that must not get lost without it.
#include <doctest/doctest.h>

#include "tests/scripting/script_fixture.h"

namespace usher::tests {
namespace {

/// The value of an expression as text.
std::string Text(ScriptFixture& scripts, const std::string& expression) {
  const std::string reply = scripts.Eval("return {tostring(" + expression + ")}");
  const size_t line = reply.find('|', 3);
  return reply.starts_with("*1|$") ? reply.substr(line + 1, reply.size() - line - 2) : reply;
}

TEST_CASE("Lua numbers: print as doubles with 14 digits") {
  ScriptFixture scripts;
  CHECK(Text(scripts, "3") == "3");
  CHECK(Text(scripts, "10/2") == "5");
  CHECK(Text(scripts, "10/4 .. ''") == "2.5");
  CHECK(Text(scripts, "1e14") == "1e+14");
  CHECK(Text(scripts, "99999999999999") == "99999999999999");
  CHECK(Text(scripts, "2^53") == "9.007199254741e+15");
  CHECK(Text(scripts, "-0") == "-0");
  CHECK(Text(scripts, "1/0") == "inf");
  CHECK(Text(scripts, "#'abc'") == "3");
  CHECK(Text(scripts, "#{1, 2} / 2 .. ''") == "1");
}

TEST_CASE("Lua numbers: never are integers that overflow or refuse to divide") {
  ScriptFixture scripts;
  CHECK(Text(scripts, "9223372036854775807 + 1") == "9.2233720368548e+18");
  CHECK(Text(scripts, "0xffffffffffffffff") == "1.844674407371e+19");
  CHECK(Text(scripts, "#'abc' % (#'' )").ends_with("nan"));
  CHECK(Text(scripts, "('x'):len() % ('').len('')").ends_with("nan"));
  CHECK(Text(scripts, "tonumber('7') % tonumber('0')").ends_with("nan"));
  CHECK(Text(scripts, "select('#') % select('#')").ends_with("nan"));
  CHECK(Text(scripts, "string.find('a', 'a') % (string.find('a', 'a') - 1)").ends_with("nan"));
  CHECK(scripts.Eval("for i, v in ipairs({1}) do return tostring(i % (i - 1)):sub(-3) end") == "$3|nan|");
  CHECK(scripts.Eval("for k, v in pairs({1}) do return tostring(k % (k - 1)):sub(-3) end") == "$3|nan|");
  CHECK(scripts.Eval("for i = 1, '3' do if i == 3 then return i end end") == ":3|");
  CHECK(scripts.Eval("local n = 0 local t = {5, 6, 7} for k in next, t do n = n + k end return n") == ":6|");
  CHECK(Text(scripts, "cjson.decode('[9007199254740993]')[1] == 2^53") == "true");
}

TEST_CASE("Lua messages: name variables as 5.1 does") {
  ScriptFixture scripts;
  const auto message = [&scripts](const std::string& body) {
    const std::string reply = scripts.Eval(body);
    return reply.substr(0, reply.find(" script: "));
  };
  CHECK(message("local x return x.y") == "-ERR user_script:1: attempt to index local 'x' (a nil value)");
  CHECK(message("local t = {} t.f()") == "-ERR user_script:1: attempt to call field 'f' (a nil value)");
  CHECK(message("local t = {} t:f()") == "-ERR user_script:1: attempt to call method 'f' (a nil value)");
  CHECK(message("local t = {} return t.x + 1") ==
        "-ERR user_script:1: attempt to perform arithmetic on field 'x' (a nil value)");
  CHECK(message("local x = {} return 'a' .. x") ==
        "-ERR user_script:1: attempt to concatenate local 'x' (a table value)");
  CHECK(message("return 'a' + 1") == "-ERR user_script:1: attempt to perform arithmetic on a string value");
  CHECK(message("return 1 < 'x'") == "-ERR user_script:1: attempt to compare number with string");
  CHECK(message("for i = 1, {} do end") == "-ERR user_script:1: 'for' limit must be a number");
}

TEST_CASE("Lua source: a backslash before a letter without meaning is dropped, outside of brackets and comments") {
  ScriptFixture scripts;
  CHECK(scripts.Eval(R"(return "a\d\/\"\65" .. '\'\q')") == "$7|ad/\"A'q|");
  CHECK(scripts.Eval("-- it's \\d\nreturn [[\\d]] .. [=[\\q]]]=]") == "$6|\\d\\q]]|");
  CHECK(scripts.Eval("--[[ ' \\d\n ]] return '\\\\d'") == "$2|\\d|");
  CHECK(scripts.Eval("return 'unfinished \\d").starts_with("no script: user_script:1: unfinished string"));
}

TEST_CASE("Lua strings: format and gsub are those of 5.1") {
  ScriptFixture scripts;
  CHECK(Text(scripts, "string.format('%d %5.1f %s %q', 3.7, 2.25, 1, 'a\"')") == "3   2.2 1 \"a\\\"\"");
  CHECK(scripts.Eval("return string.format('%s', nil)").find("string expected, got nil") != std::string::npos);
  CHECK(scripts.Eval("return {('hello world'):gsub('%w*', 'x')}") == "*2|$5|xx xx|:4|");
  CHECK(scripts.Eval("return {('a.b'):gsub('%.', '%-')}") == "*2|$3|a-b|:1|");
  CHECK(scripts.Eval("return {('abc'):gsub('%w', {a = 1, b = false})}") == "*2|$3|1bc|:3|");
  CHECK(Text(scripts, "('hello'):sub(1.9, 2.9)") == "he");
}

TEST_CASE("Lua tables: no metamethod of 5.4 changes what 5.1 did") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("return #setmetatable({1, 2}, {__len = function() return 9 end})") == ":2|");
  CHECK(scripts.Eval("local t = {} table.insert(t, 5, 'x') return {table.maxn(t), table.getn({1, 2}), #unpack and 1}")
            .find("attempt to get length") != std::string::npos);
  CHECK(scripts.Eval("local t = {1, 2, 3} table.insert(t, 7, 'x') return {t[7], table.maxn(t)}") == "*2|$1|x|:7|");
  CHECK(scripts.Eval("return cjson.encode({name = 1, position = 2, total = 3, status = 4})") ==
        R"($44|{"status":4,"total":3,"name":1,"position":2}|)");
}

}  // namespace
}  // namespace usher::tests
