// ThreadScripts: what one executing thread has of scripts: its Lua states, what is compiled in them, and the place for
// the command that a running script calls. Compiled on first use; forgotten when the registry or the libraries say that
// they have moved on, which a look-up notices by one load.
// Complexity: a warm look-up is one hash of the SHA's 40 digits, none when the same script runs again and again; it
// takes no lock and allocates nothing. Thread safety: its own thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "scripting/lua_runtime.h"
#include "server/function_registry.h"
#include "server/prepared_command.h"
#include "server/script_control.h"
#include "server/script_registry.h"
#include "server/text_hash.h"
#include "server/thread_stats.h"

namespace usher::server {

class Server;

/// A script of EVAL as this thread has it.
struct LocalScript {
  std::shared_ptr<Script> script;
  scripting::ScriptId id{};
};

/// A function as this thread has it.
struct LocalFunction {
  const LibraryFunction* function = nullptr;
  scripting::FunctionId id{};
};

class ThreadScripts {
 public:
  ThreadScripts(Server& server, ThreadStats& stats);
  ~ThreadScripts();
  ThreadScripts(const ThreadScripts&) = delete;
  ThreadScripts& operator=(const ThreadScripts&) = delete;

  /// By SHA, in any case of letters. Null: unknown. Good until the next look-up.
  LocalScript* FindBySha(std::string_view sha);
  /// By text, if it has been seen before.
  LocalScript* FindByBody(std::string_view body);
  /// Compiles a text and makes it known to everybody. Null with the text of the error reply.
  LocalScript* Add(std::string_view body, std::string* error);
  /// The SHA of a text; that of the last one is remembered.
  std::string_view ShaOfBody(std::string_view body);

  /// The history of a function, without loading its library here. Null: unknown.
  const LibraryFunction* FindKnown(std::string_view function);
  /// The function, its library loaded. Null: unknown, or with the error's text.
  LocalFunction* FindFunction(std::string_view name, std::string* error);
  /// Runs a library's code here to see what it registers; nothing is kept but in `library`. An error text, or "".
  std::string TryLibrary(FunctionLibrary& library);

  scripting::LuaRuntime& eval() { return *eval_; }
  scripting::LuaRuntime& functions() { return *functions_; }
  /// After a run: what the states take.
  void CountMemory();

  ActiveScript active;
  PreparedCommand call;  // what the running script calls

 private:
  LocalScript* Remember(std::shared_ptr<Script> script, std::string* error);
  void ForgetOldScripts();
  void ForgetOldLibraries();

  Server& server_;
  ThreadStats& stats_;
  std::unique_ptr<scripting::LuaRuntime> eval_;
  std::unique_ptr<scripting::LuaRuntime> functions_;

  uint64_t script_generation_ = 0;
  std::unordered_map<std::string, LocalScript, TextHash, std::equal_to<>> scripts_;  // by SHA
  LocalScript* last_script_ = nullptr;                                               // one of scripts_
  std::string last_body_;                                                            // of which last_sha_ is the SHA
  std::string last_sha_;

  uint64_t library_generation_ = 0;
  std::shared_ptr<const FunctionTable> table_;
  std::unordered_map<const FunctionLibrary*, scripting::LibraryId> libraries_;
  std::unordered_map<std::string, LocalFunction, TextHash, std::equal_to<>> functions_by_name_;
};

}  // namespace usher::server
