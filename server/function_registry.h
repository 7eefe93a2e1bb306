// FunctionRegistry: the libraries of FUNCTION LOAD. What is loaded is one immutable table behind a pointer: whoever
// changes it makes another one and publishes it; threads take the table over when its generation has moved on, and load
// the libraries into their own Lua states on first use (thread_scripts.h).
// Invariants: names of libraries and of functions are unique. Complexity: a change copies the table (O(libraries));
// look-ups are O(1). Thread safety: all methods, any thread; a table never changes but for its functions' histories.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/mutex.h"
#include "scripting/lua_runtime.h"
#include "server/script_history.h"
#include "server/text_hash.h"

namespace usher::server {

struct FunctionLibrary;

struct LibraryFunction {
  LibraryFunction(const FunctionLibrary& of_library, scripting::RegisteredFunction as_registered)
      : library(of_library), info(std::move(as_registered)) {}
  const FunctionLibrary& library;
  const scripting::RegisteredFunction info;
  mutable ScriptHistory history;
};

struct FunctionLibrary {
  std::string name;
  std::string code;
  std::vector<std::unique_ptr<LibraryFunction>> functions;  // in the order of their registration
};

struct FunctionTable {
  std::map<std::string, std::shared_ptr<const FunctionLibrary>, std::less<>> libraries;
  std::unordered_map<std::string, const LibraryFunction*, TextHash, std::equal_to<>> functions;

  size_t MemoryBytes() const;
};

/// What FUNCTION LOAD makes of an existing library of that name; FUNCTION RESTORE has all of these.
enum class LibraryConflict : uint8_t { kFails, kIsReplaced };

/// Reads "#!lua name=mylib" at the head of a library's code. An error text (without "ERR "), or "".
std::string ParseLibraryHeader(std::string_view code, std::string& name);

class FunctionRegistry {
 public:
  FunctionRegistry();

  std::shared_ptr<const FunctionTable> table() const EXCLUDES(mutex_);
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  /// Adds libraries, all or none. An error text (without "ERR "), or "".
  std::string Add(const std::vector<std::shared_ptr<const FunctionLibrary>>& libraries, LibraryConflict conflict)
      EXCLUDES(mutex_);
  /// Only these from now on.
  std::string ReplaceAll(const std::vector<std::shared_ptr<const FunctionLibrary>>& libraries) EXCLUDES(mutex_);
  /// False: there is none of that name.
  bool Delete(std::string_view name) EXCLUDES(mutex_);
  void Flush() EXCLUDES(mutex_);

 private:
  void Publish(std::shared_ptr<const FunctionTable> table) REQUIRES(mutex_);

  std::atomic<uint64_t> generation_{1};
  mutable engine::Mutex mutex_;
  std::shared_ptr<const FunctionTable> table_ GUARDED_BY(mutex_);
};

}  // namespace usher::server
