// ScriptRegistry: the scripts of EVAL and SCRIPT LOAD, by the SHA1 of their text. Shared by all threads, each of which
// keeps what it has compiled (thread_scripts.h) and asks here only for what it does not know yet, or after a flush.
// Invariants: a Script never changes but for its history; generation() moves on with every flush, before it returns.
// Complexity: look-ups are O(1) under a mutex that the warm path does not take. Thread safety: all methods, any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/mutex.h"
#include "server/script_history.h"
#include "server/text_hash.h"

namespace usher::server {

/// What the first line of a script says: "#!lua flags=no-writes,allow-stale".
struct ScriptHeader {
  uint32_t flags = 0;     // scripting::kFlag...
  bool declared = false;  // there is such a line
};

struct Script {
  std::string sha;  // 40 hex digits, lower case
  std::string body;
  ScriptHeader header;
  ScriptHistory history;
};

/// Reads the header of a script for EVAL. An error text (without "ERR "), or "".
std::string ParseScriptHeader(std::string_view body, ScriptHeader& header);

/// The name of a script: 40 hex digits.
std::string ShaOf(std::string_view body);

class ScriptRegistry {
 public:
  std::shared_ptr<Script> Find(std::string_view sha) const EXCLUDES(mutex_);
  /// The script of that text, which the caller has compiled; an older one if it is there already.
  std::shared_ptr<Script> Add(std::string_view sha, std::string_view body, const ScriptHeader& header) EXCLUDES(mutex_);
  void Flush() EXCLUDES(mutex_);

  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  size_t count() const EXCLUDES(mutex_);
  /// The memory of the texts and of this table.
  size_t MemoryBytes() const EXCLUDES(mutex_);

 private:
  std::atomic<uint64_t> generation_{1};
  mutable engine::Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Script>, TextHash, std::equal_to<>> scripts_ GUARDED_BY(mutex_);
  size_t body_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace usher::server
