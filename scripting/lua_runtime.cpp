// The life of a Lua state: opening its world, compiling, running, errors, libraries. What may raise a Lua error runs
// under lua_pcall(); everything else runs with the memory limit lifted, so that it cannot.
#include "scripting/lua_runtime.h"

#include <cstring>
#include <unordered_map>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/memory.h"
#include "scripting/library_loading.h"
#include "scripting/lua_libraries.h"
#include "scripting/lua_result.h"
#include "scripting/readonly_table.h"
#include "scripting/redis_api.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

/// The registry's key of the table behind the read-only globals.
const char kGlobalsKey = 0;

/// A larger buffer is given back when a run ends.
constexpr size_t kScratchBytesKept = 1 << 20;

constexpr char kScriptChunk[] = "@user_script";
constexpr char kFunctionChunk[] = "@user_function";

void* AllocateForLua(void* context, void* memory, size_t old_bytes, size_t bytes) {
  RuntimeState& state = *static_cast<RuntimeState*>(context);
  if (memory == nullptr) old_bytes = 0;  // Lua passes the kind of object instead
  if (bytes == 0) {
    state.bytes_used -= old_bytes;
    engine::Free(memory);
    return nullptr;
  }
  if (bytes > old_bytes && state.unlimited_depth == 0 &&
      (bytes > state.settings.memory_bytes_max ||
       state.bytes_used + bytes - old_bytes > state.settings.memory_bytes_max)) {
    return nullptr;
  }
  state.bytes_used += bytes - old_bytes;
  return memory == nullptr ? engine::Allocate(bytes) : engine::Reallocate(memory, bytes);
}

/// Ends the run. Code that runs because of that (__close) comes here again.
void EndRun(lua_State* lua, RuntimeState& state, Unwinding how) {
  state.unwinding = how;
  if (how == Unwinding::kKilled) RaiseError(lua, "Script killed by user with SCRIPT KILL...");
  lua_pushnil(lua);
  lua_error(lua);
}

/// Runs once in so many steps of a script; UsherLuaTrace() counts them.
void OnHook(lua_State* lua, lua_Debug*) {
  RuntimeState& state = StateOf(lua);
  if (state.loading != nullptr) {
    if (std::chrono::steady_clock::now() < state.loading->deadline) return;
    state.unwinding = Unwinding::kKilled;
    RaiseError(lua, "FUNCTION LOAD timeout");
  }
  if (state.host == nullptr) return;
  if (state.unwinding != Unwinding::kNone) EndRun(lua, state, state.unwinding);
  switch (state.host->Poll()) {
    case ScriptHost::Interrupt::kNone:
      return;
    case ScriptHost::Interrupt::kKilled:
      return EndRun(lua, state, Unwinding::kKilled);
    case ScriptHost::Interrupt::kAbandon:
      return EndRun(lua, state, Unwinding::kAbandoned);
  }
}

/// Makes any error a table {err=, source=, line=}, the place being that of the innermost Lua function.
int OnError(lua_State* lua) {
  if (StateOf(lua).unwinding == Unwinding::kAbandoned) return 1;
  lua_settop(lua, 1);
  lua_Debug where;
  bool found = false;
  for (int level = 1; !found && lua_getstack(lua, level, &where) != 0; ++level) {
    lua_getinfo(lua, "Sl", &where);
    found = std::strcmp(where.what, "C") != 0;
  }
  if (!lua_istable(lua, 1)) {
    lua_createtable(lua, 0, 3);
    lua_pushliteral(lua, "ERR ");
    luaL_tolstring(lua, 1, nullptr);
    lua_concat(lua, 2);
    lua_setfield(lua, -2, "err");
    lua_replace(lua, 1);
  }
  if (found && !IsReadonly(lua, 1)) {
    lua_pushliteral(lua, "source");
    lua_pushstring(lua, where.source);
    lua_rawset(lua, 1);
    lua_pushliteral(lua, "line");
    lua_pushnumber(lua, where.currentline);
    lua_rawset(lua, 1);
  }
  return 1;
}

int NoSuchGlobal(lua_State* lua) {
  const char* name = lua_isstring(lua, 2) ? lua_tostring(lua, 2) : luaL_typename(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'", name);
}

/// Reading what is not in the table on top becomes an error.
void RefuseUnknown(lua_State* lua) {
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, NoSuchGlobal);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
}

/// Adds the library on top to the table below it, read-only.
void AddLibrary(lua_State* lua, const char* name) {
  MakeReadonly(lua);
  lua_setfield(lua, -2, name);
}

/// The string library's functions are also the methods of strings; scripts see both read-only.
void AddStringLibrary(lua_State* lua) {
  OpenString(lua);
  AddLibrary(lua, "string");
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_createtable(lua, 0, 1);
  lua_getfield(lua, -4, "string");
  lua_setfield(lua, -2, "__index");
  MakeReadonly(lua);
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 2);
}

/// Builds the world of the scripts. Runs protected.
int OpenWorld(lua_State* lua) {
  lua_newtable(lua);
  OpenBase(lua);
  AddStringLibrary(lua);
  struct Library {
    const char* name;
    void (*open)(lua_State*);
  };
  constexpr Library kLibraries[] = {{"coroutine", OpenCoroutine},
                                    {"table", OpenTable},
                                    {"math", OpenMath},
                                    {"os", OpenOs},
                                    {"bit", OpenBit},
                                    {"struct", OpenStruct},
                                    {"cmsgpack", OpenCmsgpack},
                                    {"cjson", OpenCjson},
                                    {"redis", OpenRedis}};
  for (const Library& library : kLibraries) {
    library.open(lua);
    AddLibrary(lua, library.name);
  }
  RefuseUnknown(lua);
  lua_pushvalue(lua, -1);
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kGlobalsKey);
  lua_pushvalue(lua, -1);
  MakeReadonly(lua);
  lua_pushvalue(lua, -1);
  lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_setfield(lua, -2, "_G");
  return 0;
}

void PushRunGlobals(lua_State* lua) {
  lua_rawgetp(lua, LUA_REGISTRYINDEX, &kGlobalsKey);
}

/// While a library loads, there is nothing but a small redis.
void PushLoadingGlobals(lua_State* lua) {
  lua_createtable(lua, 0, 1);
  OpenRedisForLoading(lua);
  RefuseUnknown(lua);
  AddLibrary(lua, "redis");
  RefuseUnknown(lua);
}

/// Lets the read-only globals show the table that `push` pushes.
void ShowGlobals(lua_State* lua, void (*push)(lua_State*)) {
  lua_rawgeti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_getmetatable(lua, -1);
  push(lua);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 2);
}

void PushTexts(lua_State* lua, std::span<const std::string_view> texts) {
  lua_createtable(lua, static_cast<int>(texts.size()), 0);
  for (size_t i = 0; i < texts.size(); ++i) {
    lua_pushlstring(lua, texts[i].data(), texts[i].size());
    lua_rawseti(lua, -2, static_cast<lua_Integer>(i) + 1);
  }
}

struct RunRequest {
  int function;
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

/// Calls the script or function of a RunRequest. Runs protected; leaves the result.
int RunProtected(lua_State* lua) {
  const RunRequest& request = *static_cast<const RunRequest*>(lua_touserdata(lua, 1));
  lua_rawgeti(lua, LUA_REGISTRYINDEX, request.function);
  if (StateOf(lua).kind == RuntimeKind::kFunctions) {
    PushTexts(lua, request.keys);
    PushTexts(lua, request.args);
    lua_call(lua, 2, 1);
    return 1;
  }
  lua_rawgetp(lua, LUA_REGISTRYINDEX, &kGlobalsKey);
  lua_pushliteral(lua, "KEYS");
  PushTexts(lua, request.keys);
  lua_rawset(lua, -3);
  lua_pushliteral(lua, "ARGV");
  PushTexts(lua, request.args);
  lua_rawset(lua, -3);
  lua_pop(lua, 1);
  lua_call(lua, 0, 1);
  return 1;
}

/// A text field of the table at `index`; empty if it is none.
std::string TextField(lua_State* lua, int index, const char* name) {
  lua_pushstring(lua, name);
  lua_rawget(lua, index);
  size_t length = 0;
  const char* text = lua_tolstring(lua, -1, &length);
  std::string field = text == nullptr ? std::string() : std::string(text, length);
  lua_pop(lua, 1);
  return field;
}

/// The text of the error on top, which OnError() has made; the place is appended for runs.
std::string ErrorText(lua_State* lua, const std::string& name) {
  const int error = lua_gettop(lua);
  if (!lua_istable(lua, error)) {
    const char* text = lua_tostring(lua, error);
    return "ERR Error running script " + name + ", " + (text == nullptr ? "execution failure" : text);
  }
  std::string text = TextField(lua, error, "err");
  if (text.empty()) text = "ERR unknown error";
  const std::string source = TextField(lua, error, "source");
  const std::string line = TextField(lua, error, "line");
  if (!source.empty() && !line.empty()) text += " script: " + name + ", on " + source + ":" + line + ".";
  return text;
}

bool BoolField(lua_State* lua, int index, const char* name) {
  if (!lua_istable(lua, index)) return false;
  lua_pushstring(lua, name);
  lua_rawget(lua, index);
  const bool value = lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 1);
  return value;
}

/// The text after a first line "#!...", the line end included, so that lines keep their numbers.
std::string_view WithoutShebang(std::string_view body) {
  if (!body.starts_with("#!")) return body;
  const size_t end = body.find('\n');
  return end == std::string_view::npos ? std::string_view() : body.substr(end);
}

}  // namespace

/// A compiled script, or a function that a library registered.
struct Runnable {
  int reference = LUA_NOREF;
  std::string name;
};

struct Library {
  bool loaded = false;
  std::unordered_map<std::string, FunctionId> functions;
};

struct LuaRuntime::State : RuntimeState {
  State(RuntimeKind kind_of_state, const LuaSettings& of) {
    kind = kind_of_state;
    settings = of;
    Open();
  }
  ~State() { lua_close(lua); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void Open();
  uint32_t Add(int reference, std::string name);
  void Remove(uint32_t id);
  RunOutcome Execute(const Runnable& runnable, std::span<const std::string_view> keys,
                     std::span<const std::string_view> args, ScriptHost& run_host, protocol::ReplySink& reply);
  RunOutcome Finish(int status, const std::string& name, protocol::ReplySink& reply);
  bool RunLibrary(std::string_view code, std::string* error);

  std::vector<Runnable> runnables;
  std::vector<uint32_t> free_ids;
  std::vector<Library> libraries;
};

void LuaRuntime::State::Open() {
  lua = lua_newstate(AllocateForLua, static_cast<RuntimeState*>(this));
  ASSERT(lua != nullptr);
  *static_cast<RuntimeState**>(lua_getextraspace(lua)) = this;
  lua_gc(lua, LUA_GCSTOP);
  lua_pushcfunction(lua, OpenWorld);
  const int status = lua_pcall(lua, 0, 0, 0);
  ASSERT(status == LUA_OK);
  constexpr int kPausePercent = 400;  // scripts leave little behind: collect when the heap is four times its last size
  lua_gc(lua, LUA_GCINC, kPausePercent, 0, 0);
  lua_gc(lua, LUA_GCRESTART);
  // UsherLuaTrace() lets one step in hook_instructions through, each of which counts.
  lua_sethook(lua, OnHook, LUA_MASKCOUNT, 1);
}

uint32_t LuaRuntime::State::Add(int reference, std::string name) {
  if (free_ids.empty()) {
    free_ids.push_back(static_cast<uint32_t>(runnables.size()));
    runnables.emplace_back();
  }
  const uint32_t id = free_ids.back();
  free_ids.pop_back();
  runnables[id] = {reference, std::move(name)};
  return id;
}

void LuaRuntime::State::Remove(uint32_t id) {
  ASSERT(runnables[id].reference != LUA_NOREF);
  const UnlimitedMemory unlimited(*this);
  luaL_unref(lua, LUA_REGISTRYINDEX, runnables[id].reference);
  runnables[id] = {};
  free_ids.push_back(id);
}

RunOutcome LuaRuntime::State::Execute(const Runnable& runnable, std::span<const std::string_view> keys,
                                      std::span<const std::string_view> args, ScriptHost& run_host,
                                      protocol::ReplySink& reply) {
  ASSERT(host == nullptr && loading == nullptr && runnable.reference != LUA_NOREF);
  host = &run_host;
  unwinding = Unwinding::kNone;
  calls_overflown = false;
  version = protocol::RespVersion::kResp2;
  cjson = {};
  ticks_left = settings.hook_instructions;
  RunRequest request{runnable.reference, keys, args};
  lua_pushcfunction(lua, OnError);
  lua_pushcfunction(lua, RunProtected);
  lua_pushlightuserdata(lua, &request);
  const int status = lua_pcall(lua, 1, 1, 1);
  const RunOutcome outcome = Finish(status, runnable.name, reply);
  lua_settop(lua, 0);
  host = nullptr;
  if (scratch.capacity() > kScratchBytesKept) std::string().swap(scratch);
  return outcome;
}

/// Writes what a run has left on the stack.
RunOutcome LuaRuntime::State::Finish(int status, const std::string& name, protocol::ReplySink& reply) {
  const UnlimitedMemory unlimited(*this);
  if (unwinding == Unwinding::kAbandoned) return {RunOutcome::Status::kAbandoned, false};
  if (status == LUA_OK) {
    WriteResult(lua, version, reply);
    return {RunOutcome::Status::kDone, false};
  }
  const bool counted = BoolField(lua, lua_gettop(lua), "ignore_error_stats_update");
  reply.Error(ErrorText(lua, name));
  return {RunOutcome::Status::kFailed, counted};
}

/// Runs the code of a library whose registrations go to `loading`. Only that code has the memory limit.
bool LuaRuntime::State::RunLibrary(std::string_view code, std::string* error) {
  lua_settop(lua, 0);
  lua_pushcfunction(lua, OnError);
  if (LoadSource(lua, WithoutShebang(code), kFunctionChunk) != LUA_OK) {
    *error = std::string("Error compiling function: ") + lua_tostring(lua, -1);
    return false;
  }
  ShowGlobals(lua, PushLoadingGlobals);
  lua_pushvalue(lua, 2);
  const int depth = std::exchange(unlimited_depth, 0);
  const int status = lua_pcall(lua, 0, 0, 1);
  unlimited_depth = depth;
  if (status != LUA_OK) {
    *error = "Error registering functions: ";
    *error += lua_istable(lua, -1) ? TextField(lua, lua_gettop(lua), "err") : std::string(lua_tostring(lua, -1));
  }
  ShowGlobals(lua, PushRunGlobals);
  return status == LUA_OK;
}

LuaRuntime::LuaRuntime(RuntimeKind kind, const LuaSettings& settings)
    : state_(std::make_unique<State>(kind, settings)) {}
LuaRuntime::~LuaRuntime() = default;

std::optional<ScriptId> LuaRuntime::Compile(std::string_view body, std::string_view sha, std::string* error) {
  ASSERT(!running() && state_->kind == RuntimeKind::kEval);
  lua_State* lua = state_->lua;
  const UnlimitedMemory unlimited(*state_);
  if (LoadSource(lua, WithoutShebang(body), kScriptChunk) != LUA_OK) {
    *error = lua_tostring(lua, -1);
    lua_settop(lua, 0);
    return std::nullopt;
  }
  return ScriptId{state_->Add(luaL_ref(lua, LUA_REGISTRYINDEX), std::string(sha))};
}

RunOutcome LuaRuntime::Run(ScriptId script, std::span<const std::string_view> keys,
                           std::span<const std::string_view> args, ScriptHost& host, protocol::ReplySink& reply) {
  return state_->Execute(state_->runnables[static_cast<uint32_t>(script)], keys, args, host, reply);
}

void LuaRuntime::Drop(ScriptId script) {
  state_->Remove(static_cast<uint32_t>(script));
}

std::optional<LibraryId> LuaRuntime::LoadLibrary(std::string_view, std::string_view code,
                                                 std::vector<RegisteredFunction>* registered, std::string* error) {
  ASSERT(!running() && state_->kind == RuntimeKind::kFunctions);
  lua_State* lua = state_->lua;
  const UnlimitedMemory unlimited(*state_);
  LibraryLoading loading;
  loading.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(state_->settings.library_load_ms_max);
  lua_newtable(lua);
  loading.callbacks = luaL_ref(lua, LUA_REGISTRYINDEX);
  state_->loading = &loading;
  state_->unwinding = Unwinding::kNone;
  state_->ticks_left = state_->settings.hook_instructions;
  bool loaded = state_->RunLibrary(code, error);
  state_->loading = nullptr;
  if (loaded && loading.registered.empty()) {
    *error = "No functions registered";
    loaded = false;
  }
  Library library{.loaded = true, .functions = {}};
  lua_settop(lua, 0);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, loading.callbacks);
  if (loaded) {
    for (const RegisteredFunction& function : loading.registered) {
      lua_getfield(lua, 1, function.name.c_str());
      const uint32_t id = state_->Add(luaL_ref(lua, LUA_REGISTRYINDEX), function.name);
      library.functions.emplace(function.name, FunctionId{id});
    }
    *registered = std::move(loading.registered);
  }
  lua_settop(lua, 0);
  luaL_unref(lua, LUA_REGISTRYINDEX, loading.callbacks);
  if (!loaded) return std::nullopt;
  state_->libraries.push_back(std::move(library));
  return LibraryId{static_cast<uint32_t>(state_->libraries.size() - 1)};
}

std::optional<FunctionId> LuaRuntime::FindFunction(LibraryId library, std::string_view name) const {
  const auto& functions = state_->libraries[static_cast<uint32_t>(library)].functions;
  const auto found = functions.find(std::string(name));
  return found == functions.end() ? std::nullopt : std::optional(found->second);
}

RunOutcome LuaRuntime::RunFunction(FunctionId function, std::span<const std::string_view> keys,
                                   std::span<const std::string_view> args, ScriptHost& host,
                                   protocol::ReplySink& reply) {
  return state_->Execute(state_->runnables[static_cast<uint32_t>(function)], keys, args, host, reply);
}

void LuaRuntime::Drop(LibraryId library) {
  Library& dropped = state_->libraries[static_cast<uint32_t>(library)];
  ASSERT(dropped.loaded);
  for (const auto& [name, id] : dropped.functions) state_->Remove(static_cast<uint32_t>(id));
  dropped = {};
}

void LuaRuntime::Reset() {
  ASSERT(!running());
  state_ = std::make_unique<State>(state_->kind, state_->settings);
}

size_t LuaRuntime::MemoryUsedBytes() const {
  return state_->bytes_used;
}

size_t LuaRuntime::size() const {
  return state_->runnables.size() - state_->free_ids.size();
}

bool LuaRuntime::running() const {
  return state_->host != nullptr || state_->loading != nullptr;
}

}  // namespace usher::scripting
