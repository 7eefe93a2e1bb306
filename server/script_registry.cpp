// See script_registry.h.
#include "server/script_registry.h"

#include <vector>

#include "engine/base/sha1.h"
#include "scripting/lua_runtime.h"
#include "server/config_text.h"

namespace usher::server {

namespace {

constexpr std::string_view kFlagsOption = "flags=";

/// One "flags=a,b" of the header. An error text, or "".
std::string ParseFlags(std::string_view list, uint32_t& flags) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    const std::string_view name = list.substr(0, end);
    const std::optional<uint32_t> flag = scripting::ParseScriptFlag(name);
    if (!flag) return "Unexpected flag in script shebang: " + std::string(name);
    flags |= *flag;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {};
}

}  // namespace

std::string ParseScriptHeader(std::string_view body, ScriptHeader& header) {
  header = ScriptHeader();
  if (!body.starts_with("#!")) return {};
  const size_t line_end = body.find('\n');
  if (line_end == std::string_view::npos) return "Invalid script shebang";
  const std::optional<std::vector<std::string>> words = SplitConfigLine(body.substr(0, line_end));
  if (!words || words->empty()) return "Invalid engine in script shebang";
  if (words->front() != "#!lua") return "Unexpected engine in script shebang: " + words->front();
  header.declared = true;
  for (size_t i = 1; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (!word.starts_with(kFlagsOption)) return "Unknown lua shebang option: " + word;
    std::string error = ParseFlags(std::string_view(word).substr(kFlagsOption.size()), header.flags);
    if (!error.empty()) return error;
  }
  return {};
}

std::string ShaOf(std::string_view body) {
  return engine::HexOf(engine::Sha1(body));
}

std::shared_ptr<Script> ScriptRegistry::Find(std::string_view sha) const {
  const engine::MutexLock lock(mutex_);
  const auto found = scripts_.find(sha);
  return found == scripts_.end() ? nullptr : found->second;
}

std::shared_ptr<Script> ScriptRegistry::Add(std::string_view sha, std::string_view body, const ScriptHeader& header) {
  const engine::MutexLock lock(mutex_);
  std::shared_ptr<Script>& script = scripts_[std::string(sha)];
  if (script != nullptr) return script;
  script = std::make_shared<Script>();
  script->sha = sha;
  script->body = body;
  script->header = header;
  body_bytes_ += body.size();
  return script;
}

void ScriptRegistry::Flush() {
  const engine::MutexLock lock(mutex_);
  scripts_.clear();
  body_bytes_ = 0;
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

size_t ScriptRegistry::count() const {
  const engine::MutexLock lock(mutex_);
  return scripts_.size();
}

size_t ScriptRegistry::MemoryBytes() const {
  constexpr size_t kNodeBytes = sizeof(Script) + 40 + 5 * sizeof(void*);
  const engine::MutexLock lock(mutex_);
  return body_bytes_ + scripts_.size() * kNodeBytes + scripts_.bucket_count() * sizeof(void*);
}

}  // namespace usher::server
