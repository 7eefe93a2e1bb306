// Runs of scripts: calls and their replies, errors, interruption, abandoning, limits.
#include "scripting/lua_runtime.h"

#include <doctest/doctest.h>

#include "tests/scripting/script_fixture.h"

namespace usher::tests {
namespace {

using scripting::RunOutcome;
using scripting::ScriptHost;

TEST_CASE("LuaRuntime: keys and arguments are tables of texts") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("return {KEYS[1], ARGV[2], #KEYS, #ARGV}", {"k"}, {"a", "b"}) == "*4|$1|k|$1|b|:1|:2|");
  CHECK(scripts.Eval("return {#KEYS, #ARGV}") == "*2|:0|:0|");
}

TEST_CASE("LuaRuntime: commands reach the host and their replies the script") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("redis.call('SET', KEYS[1], 5) return redis.call('GET', KEYS[1]) + 1", {"k"}) == ":6|");
  CHECK(scripts.host.values["k"] == "5");
  CHECK(scripts.Eval("return redis.call('GET', 'none')") == "$-1|");
  CHECK(scripts.Eval("return redis.call('SET', 'a', 'b').ok") == "$2|OK|");
}

TEST_CASE("LuaRuntime: numbers as arguments keep all their digits") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("return redis.call('ECHO', 1e15)") == "$16|1000000000000000|");
  CHECK(scripts.Eval("return redis.call('ECHO', 2^53)") == "$16|9007199254740992|");
  CHECK(scripts.Eval("return redis.call('ECHO', 0.1)") == "$19|0.10000000000000001|");
  CHECK(scripts.Eval("return redis.call('ECHO', 1e20)") == "$5|1e+20|");
  CHECK(scripts.Eval("return redis.call('ECHO', -1/0)") == "$4|-inf|");
}

TEST_CASE("LuaRuntime: a command's error ends the script, with its place") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("local x\nreturn redis.call('FAIL')") ==
        "-ERR Unknown Redis command called from script script: SHA, on @user_script:2.|");
  CHECK(scripts.outcome.status == RunOutcome::Status::kFailed);
  CHECK(scripts.outcome.error_counted);
}

TEST_CASE("LuaRuntime: pcall catches a command's error as text, redis.pcall returns it") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("local ok, e = pcall(redis.call, 'FAIL') return {ok and 1 or 0, e}") ==
        "*2|:0|$44|ERR Unknown Redis command called from script|");
  CHECK(scripts.Eval("return redis.pcall('FAIL').err") == "$44|ERR Unknown Redis command called from script|");
  CHECK(scripts.Eval("return redis.pcall('FAIL')") == "-ERR Unknown Redis command called from script|");
  CHECK(scripts.outcome.status == RunOutcome::Status::kDone);
}

TEST_CASE("LuaRuntime: errors of the script itself are not counted yet") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("error('boom')") == "-ERR user_script:1: boom script: SHA, on @user_script:1.|");
  CHECK_FALSE(scripts.outcome.error_counted);
  CHECK(scripts.Eval("error({err = 'MY text'})") == "-MY text script: SHA, on @user_script:1.|");
  CHECK(scripts.Eval("error({})") == "-ERR unknown error script: SHA, on @user_script:1.|");
  CHECK(scripts.Eval("return nosuch") ==
        "-ERR user_script:1: Script attempted to access nonexistent global variable 'nosuch' script: SHA, on "
        "@user_script:1.|");
}

TEST_CASE("LuaRuntime: a script that does not compile leaves nothing") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("return +") == "no script: user_script:1: unexpected symbol near '+'");
  CHECK(scripts.runtime.size() == 0);
}

TEST_CASE("LuaRuntime: a shebang line is skipped but counted") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("#!lua flags=no-writes\nreturn 1") == ":1|");
  CHECK(scripts.Eval("#!lua\nerror('x')") == "-ERR user_script:2: x script: SHA, on @user_script:2.|");
}

TEST_CASE("LuaRuntime: the API's own errors") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("redis.call()") ==
        "-ERR Please specify at least one argument for this redis lib call script: SHA, on @user_script:1.|");
  CHECK(scripts.Eval("redis.call('GET', {})") ==
        "-ERR Lua redis lib command arguments must be strings or integers script: SHA, on @user_script:1.|");
  CHECK(scripts.Eval("return redis.pcall({})") == "-ERR Lua redis lib command arguments must be strings or integers|");
  CHECK(scripts.host.calls == 0);
}

TEST_CASE("LuaRuntime: redis.log, set_repl and acl_check_cmd ask the host") {
  ScriptFixture scripts;
  scripts.Eval("redis.log(redis.LOG_WARNING, 'a', 1, {}, 'b') redis.set_repl(redis.REPL_AOF)");
  CHECK(scripts.host.log == std::vector<std::string>{"3 a 1 b"});
  CHECK(scripts.host.replication == scripting::kReplAof);
  CHECK(scripts.Eval("return {redis.acl_check_cmd('GET') and 1 or 0, redis.acl_check_cmd('SET') and 1 or 0}") ==
        "*2|:1|:0|");
  CHECK(scripts.Eval("redis.acl_check_cmd('X')").starts_with("-ERR Invalid command passed to redis.acl_check_cmd()"));
}

TEST_CASE("LuaRuntime: a killed script ends whatever it does") {
  const std::string killed = "-ERR Script killed by user with SCRIPT KILL... script: SHA, on @user_script:1.";
  for (const std::string_view body :
       {"while true do end",
        "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
        "while true do pcall(function() while true do end end) end",
        "xpcall(function() while true do end end, function() while true do end end)",
        "local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end",
        "local co = coroutine.create(function() while true do end end) while true do coroutine.resume(co) end",
        "local function f() return f() end f()", "for i = 1, math.huge do end", "repeat until false",
        "local t = setmetatable({}, {__index = function(t, k) while true do end end}) return t.x",
        "('x'):rep(100):gsub('.', function() while true do end end)",
        "table.sort({3, 2, 1, 5, 4}, function() while true do end end)", "load(function() while true do end end)",
        "tostring(setmetatable({}, {__tostring = function() while true do end end}))"}) {
    CAPTURE(body);
    ScriptFixture scripts;
    scripts.host.interrupt = ScriptHost::Interrupt::kKilled;
    CHECK(scripts.Eval(body).starts_with(killed));
    CHECK(scripts.outcome.status == RunOutcome::Status::kFailed);
    CHECK(scripts.Eval("return 1") == ":1|");
  }
}

TEST_CASE("LuaRuntime: an abandoned run writes nothing and runs no more code") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("pcall(redis.call, 'ABANDON') redis.call('SET', 'a', 'b')") == "");
  CHECK(scripts.outcome.status == RunOutcome::Status::kAbandoned);
  CHECK(scripts.Eval("xpcall(function() redis.call('ABANDON') end, function() redis.call('SET', 'a', 'b') end)") == "");
  CHECK(scripts.host.values.empty());
  scripts.host.interrupt = ScriptHost::Interrupt::kAbandon;
  CHECK(scripts.Eval("while true do end") == "");
  CHECK(scripts.outcome.status == RunOutcome::Status::kAbandoned);
  scripts.host.interrupt = ScriptHost::Interrupt::kNone;
  CHECK(scripts.Eval("return 1") == ":1|");
}

TEST_CASE("LuaRuntime: the host is polled while a script loops, rarely") {
  ScriptFixture scripts({.hook_instructions = 1000});
  scripts.Eval("for i = 1, 100000 do end");
  CHECK(scripts.host.polls >= 90);
  CHECK(scripts.host.polls <= 110);
}

TEST_CASE("LuaRuntime: memory is limited and given back") {
  ScriptFixture scripts({.memory_bytes_max = 8 << 20});
  const size_t before = scripts.runtime.MemoryUsedBytes();
  for (const std::string_view body :
       {"return ('x'):rep(1e9)", "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {('x'):rep(1e6)} for i = 2, 100 do t[i] = t[1] end return cjson.encode(t)",
        "local t = {('x'):rep(1e6)} for i = 2, 100 do t[i] = t[1] end return cmsgpack.pack(t)",
        "local t = {1} for i = 1, 60 do t = {t, t} end return cjson.encode(t)",
        "return table.concat({('x'):rep(4e6), ('y'):rep(4e6)})"}) {
    CAPTURE(body);
    const std::string reply = scripts.Eval(body);
    CHECK(reply.find("not enough memory") != std::string::npos);
    CHECK(scripts.Eval("return collectgarbage()") == ":0|");
  }
  CHECK(scripts.runtime.MemoryUsedBytes() < before + 200'000);
}

TEST_CASE("LuaRuntime: recursion ends in an error") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("local function f() return 1 + f() end return f()").find("stack overflow") != std::string::npos);
  CHECK(scripts.Eval("local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x")
            .find("stack overflow") != std::string::npos);
  CHECK(scripts.Eval("local function f() pcall(f) error('x') end pcall(f) return 1") == ":1|");
  CHECK(scripts.Eval("local function f() return coroutine.wrap(f)() end return f()").find("stack overflow") !=
        std::string::npos);
  CHECK(scripts.Eval("return loadstring('return ' .. ('('):rep(1000) .. '1' .. (')'):rep(1000)) == nil and 1") ==
        ":1|");
  CHECK(scripts.Eval("return unpack({}, 1, 1e8)").find("too many results to unpack") != std::string::npos);
}

TEST_CASE("LuaRuntime: every overflow of calls is an error of its own, soon and with its handler") {
  ScriptFixture scripts;
  for (int run = 0; run < 20; ++run) {
    CHECK(scripts.Eval("local function f() return 1 + f() end local n = 0 for i = 1, 20 do local ok, e = pcall(f) "
                       "if e == 'user_script:1: stack overflow' then n = n + 1 end end return n") == ":20|");
    CHECK(scripts.Eval("local function f() return 1 + f() end return f()") ==
          "-ERR user_script:1: stack overflow script: SHA, on @user_script:1.|");
    CHECK(
        scripts.Eval("local function f() return 1 + f() end return select(2, xpcall(f, function(e) return #e end))") ==
        ":29|");
    CHECK(scripts.Eval("local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(15000)") ==
          ":15000|");
  }
}

TEST_CASE("LuaRuntime: a reply nested deeply arrives, or fails as a whole") {
  ScriptFixture scripts;
  CHECK(
      scripts.Eval("local v = redis.call('DEEP', 1000) local n = 0 while type(v) == 'table' do v = v[1] n = n + 1 end "
                   "return n") == ":1000|");
  CHECK(scripts.Eval("return redis.call('DEEP', 2000000)").find("lua stack limit") != std::string::npos);
  CHECK(scripts.Eval("local t = {} t[1] = t return t").ends_with("*1|-ERR reached lua stack limit|"));
}

TEST_CASE("LuaRuntime: scripts cannot leave anything to those after them") {
  ScriptFixture scripts;
  for (const std::string_view body :
       {"x = 1", "_G.x = 1", "KEYS = 1", "redis = nil", "redis.call = nil", "string.rep = nil", "math.pi = 3",
        "getmetatable('').__index = nil", "table.insert(redis, 1)", "rawset(_G, 'x', 1)", "rawset(cjson, 'x', 1)",
        "setmetatable(_G, nil)", "setmetatable(redis, {})", "cjson.array_mt.x = 1",
        "for k in pairs(_G) do local t, n = pairs(_G) rawset(n, 'x', 1) end"}) {
    CAPTURE(body);
    CHECK(scripts.Eval(body).find("Attempt to modify a readonly table") != std::string::npos);
  }
  CHECK(scripts.Eval("cjson.encode_max_depth(1) return cjson.encode_max_depth()") == ":1|");
  CHECK(scripts.Eval("return cjson.encode_max_depth()") == ":1000|");
}

TEST_CASE("LuaRuntime: nothing dangerous is within reach") {
  ScriptFixture scripts;
  CHECK(scripts.Eval("local r = {} for _, name in ipairs{'debug', 'io', 'require', 'package', 'dofile', 'loadfile', "
                     "'print', 'utf8', 'module', 'getfenv', 'setfenv', 'newproxy', 'warn'} do r[#r + 1] = rawget(_G, "
                     "name) end return #r") == ":0|");
  CHECK(scripts.Eval("local r = {} for k in pairs(os) do r[#r + 1] = k end return r") == "*1|$5|clock|");
  CHECK(scripts.Eval("return loadstring(string.dump(function() return 1 end)) == nil and 1") == ":1|");
  CHECK(scripts.Eval("local n = 0 local f = load(function() n = n + 1 return n == 1 and string.dump(function() end) "
                     "or nil end) return f == nil and 1") == ":1|");
  // A finalizer would run at a time of the collector's choosing, perhaps in another script.
  CHECK(
      scripts.Eval("local t = {n = 0} setmetatable({}, {__gc = function() t.n = 1 end}) collectgarbage() return t.n") ==
      ":0|");
  CHECK(scripts.Eval("local mt = {__gc = 1} setmetatable({}, mt) return mt.__gc") == ":1|");
}

TEST_CASE("LuaRuntime: a reset runtime has forgotten its scripts") {
  ScriptFixture scripts;
  std::string error;
  REQUIRE(scripts.runtime.Compile("return 1", "SHA", &error));
  CHECK(scripts.runtime.size() == 1);
  scripts.runtime.Reset();
  CHECK(scripts.runtime.size() == 0);
  CHECK(scripts.Eval("return 2") == ":2|");
}

}  // namespace
}  // namespace usher::tests
