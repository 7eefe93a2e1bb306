// FUNCTION LOAD and FCALL, as far as a Lua state is concerned.
#include "scripting/library_loading.h"

#include <doctest/doctest.h>

#include "tests/scripting/script_fixture.h"

namespace usher::tests {
namespace {

using scripting::LibraryId;
using scripting::LuaRuntime;
using scripting::RegisteredFunction;
using scripting::RuntimeKind;

struct Functions {
  std::string Load(std::string_view code) {
    std::string error;
    registered.clear();
    library = runtime.LoadLibrary("lib", "#!lua name=lib\n" + std::string(code), &registered, &error);
    return error;
  }
  std::string Call(std::string_view name) {
    const auto function = runtime.FindFunction(*library, name);
    if (!function) return "none";
    const std::string_view keys[] = {"k"};
    const std::string_view args[] = {"a", "b"};
    protocol::ReplyBuffer buffer;
    protocol::RespWriter writer(buffer);
    runtime.RunFunction(*function, keys, args, host, writer);
    return Shown(buffer.Pending());
  }

  LuaRuntime runtime{RuntimeKind::kFunctions, {.library_load_ms_max = 50}};
  FakeHost host;
  std::vector<RegisteredFunction> registered;
  std::optional<LibraryId> library;
};

TEST_CASE("LoadLibrary: functions get keys and arguments, and share the library's locals") {
  Functions functions;
  REQUIRE(
      functions.Load("local n = 0\n"
                     "redis.register_function('f', function(keys, args) n = n + 1 return {keys[1], args[2], n} end)\n"
                     "redis.register_function{function_name = 'g', callback = function() return n end, "
                     "description = 'text', flags = {'no-writes', 'allow-oom'}}") == "");
  REQUIRE(functions.registered.size() == 2);
  CHECK(functions.registered[0].name == "f");
  CHECK_FALSE(functions.registered[0].description);
  CHECK(functions.registered[1].description == "text");
  CHECK(functions.registered[1].flags == (scripting::kFlagNoWrites | scripting::kFlagAllowOom));
  CHECK(functions.Call("f") == "*3|$1|k|$1|b|:1|");
  CHECK(functions.Call("f") == "*3|$1|k|$1|b|:2|");
  CHECK(functions.Call("g") == ":2|");
  CHECK(functions.Call("h") == "none");
}

TEST_CASE("LoadLibrary: errors name the function and its line") {
  Functions functions;
  REQUIRE(functions.Load("redis.register_function('f', function() error('x') end)\n"
                         "redis.register_function('g', function() return KEYS[1] end)\n"
                         "redis.register_function('h', function() return redis.call('FAIL') end)") == "");
  CHECK(functions.Call("f") == "-ERR user_function:2: x script: f, on @user_function:2.|");
  CHECK(functions.Call("g") ==
        "-ERR user_function:3: Script attempted to access nonexistent global variable 'KEYS' script: g, on "
        "@user_function:3.|");
  CHECK(functions.Call("h") == "-ERR Unknown Redis command called from script script: h, on @user_function:4.|");
}

TEST_CASE("LoadLibrary: says what is wrong, and keeps nothing") {
  Functions functions;
  const std::string prefix = "Error registering functions: ERR ";
  CHECK(functions.Load("return +") == "Error compiling function: user_function:2: unexpected symbol near '+'");
  CHECK(functions.Load("return 1") == "No functions registered");
  CHECK(functions.Load("redis.register_function()") == prefix + "wrong number of arguments to redis.register_function");
  CHECK(functions.Load("redis.register_function('a')") ==
        prefix +
            "calling redis.register_function with a single argument is only applicable to Lua table (representing "
            "named arguments).");
  CHECK(functions.Load("redis.register_function('a', 1)") ==
        prefix + "second argument to redis.register_function must be a function");
  CHECK(functions.Load("redis.register_function('a b', function() end)") ==
        prefix +
            "Library names can only contain letters, numbers, or underscores(_) and must be at least one character "
            "long");
  CHECK(functions.Load("redis.register_function{function_name = 'a', callback = function() end, flags = {'bad'}}") ==
        prefix + "unknown flag given");
  CHECK(functions.Load("redis.register_function{function_name = 'a', callback = function() end, x = 1}") ==
        prefix + "unknown argument given to redis.register_function");
  CHECK(functions.Load("redis.register_function('a', function() end) redis.register_function('a', function() end)") ==
        prefix + "Function already exists in the library");
  CHECK(functions.runtime.size() == 0);
}

TEST_CASE("LoadLibrary: loading has a small world and a time limit") {
  Functions functions;
  const std::string unknown =
      "Error registering functions: ERR user_function:2: Script attempted to access nonexistent global variable ";
  CHECK(functions.Load("redis.call('GET', 'x')") == unknown + "'call'");
  CHECK(functions.Load("math.random()") == unknown + "'math'");
  CHECK(functions.Load("x = 1") ==
        "Error registering functions: ERR user_function:2: Attempt to modify a readonly table");
  CHECK(functions.Load("while true do end") == "Error registering functions: ERR FUNCTION LOAD timeout");
  CHECK(functions.host.calls == 0);
  REQUIRE(functions.Load("redis.register_function('f', function() return math.floor(1.5) end)") == "");
  CHECK(functions.Call("f") == ":1|");
}

TEST_CASE("LoadLibrary: memory is limited while the code runs, and there again after that") {
  LuaRuntime runtime{RuntimeKind::kFunctions, {.memory_bytes_max = 2 << 20}};
  std::vector<RegisteredFunction> registered;
  std::string error;
  CHECK_FALSE(runtime.LoadLibrary("lib", "local t = {} for i = 1, 1e9 do t[i] = i end", &registered, &error));
  CHECK(error.find("not enough memory") != std::string::npos);
  CHECK(runtime.LoadLibrary("lib", "redis.register_function('f', function() end)", &registered, &error));
}

TEST_CASE("LoadLibrary: a dropped library's functions are gone, others stay") {
  Functions functions;
  REQUIRE(functions.Load("redis.register_function('f', function() return 1 end)") == "");
  const LibraryId first = *functions.library;
  REQUIRE(functions.Load("redis.register_function('f', function() return 2 end)") == "");
  functions.runtime.Drop(first);
  CHECK(functions.runtime.size() == 1);
  CHECK(functions.Call("f") == ":2|");
}

TEST_CASE("ScriptFlagNames: reads back what ParseScriptFlag knows") {
  uint32_t all = 0;
  for (const std::string_view name : scripting::ScriptFlagNames(~0u)) all |= *scripting::ParseScriptFlag(name);
  CHECK(all == 31);
  CHECK_FALSE(scripting::ParseScriptFlag("no-write"));
}

}  // namespace
}  // namespace usher::tests
