// Conversions between replies and Lua values, both ways, in both protocol versions.
#include "scripting/lua_reply.h"

#include <doctest/doctest.h>

#include "tests/scripting/script_fixture.h"

namespace usher::tests {
namespace {

TEST_CASE("LuaReply: RESP2 makes everything texts, numbers and arrays") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("return cjson.encode(redis.call('ALL'))") ==
        R"($51|[1,false,"1.5",1,"123","text",["key",{}],["a","b"]]|)");
}

TEST_CASE("LuaReply: RESP3 keeps maps, sets, doubles and the rest apart") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("redis.setresp(3) local r = redis.call('ALL') return {r[1], r[2] == nil and 'nil', "
                     "tostring(r[3].double), r[4] == true and 'true', r[5].big_number, r[6].verbatim_string.string, "
                     "r[6].verbatim_string.format, #r[7].map.key, r[8].set.a and r[8].set.b and 'both'}") ==
        "*9|:1|$3|nil|$3|1.5|$4|true|$3|123|$4|text|$3|txt|:0|$4|both|");
}

TEST_CASE("LuaReply: deferred aggregates become what they end as") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("return redis.call('NEST')") == "*1|*2|$3|key|*1|:5|");
  CHECK(scripts.Eval("redis.setresp(3) return redis.call('NEST')[1].map.key.set[5] == true and 1") == ":1|");
}

TEST_CASE("LuaReply: every run starts with RESP2") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("redis.setresp(3) return 1") == ":1|");
  CHECK(scripts.Eval("return redis.call('GET', 'none') == false and 1") == ":1|");
}

TEST_CASE("WriteResult: tables with one known field are what it says") {
  ScriptFixture scripts;
  for (const auto version : {protocol::RespVersion::kResp2, protocol::RespVersion::kResp3}) {
    scripts.version = version;
    const bool resp3 = version == protocol::RespVersion::kResp3;
    CHECK(scripts.Eval("return {ok = 'a\\nb'}") == "+a b|");
    CHECK(scripts.Eval("return {err = 'X y'}") == "-X y|");
    CHECK(scripts.Eval("return {double = 1.5}") == (resp3 ? ",1.5|" : "$3|1.5|"));
    CHECK(scripts.Eval("return {map = {a = 1}}") == (resp3 ? "%1|$1|a|:1|" : "*2|$1|a|:1|"));
    CHECK(scripts.Eval("return {set = {a = true}}") == (resp3 ? "~1|$1|a|" : "*1|$1|a|"));
    CHECK(scripts.Eval("return {big_number = '12'}") == (resp3 ? "(12|" : "$2|12|"));
    CHECK(scripts.Eval("return {verbatim_string = {string = 'x', format = 'txt'}}") == (resp3 ? "=5|txt:x|" : "$1|x|"));
    CHECK(scripts.Eval("redis.setresp(3) return true") == (resp3 ? "#t|" : ":1|"));
    CHECK(scripts.Eval("return true") == ":1|");
    CHECK(scripts.Eval("return false") == (resp3 ? "_|" : "$-1|"));
    CHECK(scripts.Eval("return nil") == (resp3 ? "_|" : "$-1|"));
  }
}

TEST_CASE("WriteResult: arrays end at their first nil, numbers are cut") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("return {1, 3.99, -3.99, nil, 4}") == "*3|:1|:3|:-3|");
  CHECK(scripts.Eval("return {2^63, -2^63, 0/0}") ==
        "*3|:-9223372036854775808|:-9223372036854775808|:-9223372036854775808|");
  CHECK(scripts.Eval("return {{}, {a = 1}, {{'x'}}}") == "*3|*0|*0|*1|*1|$1|x|");
}

}  // namespace
}  // namespace usher::tests
