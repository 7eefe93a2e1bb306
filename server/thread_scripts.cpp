// See thread_scripts.h.
#include "server/thread_scripts.h"

#include <algorithm>
#include <utility>

#include "server/server.h"

namespace usher::server {

using scripting::LuaRuntime;
using scripting::RuntimeKind;

namespace {

constexpr size_t kShaDigits = 40;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

}  // namespace

ThreadScripts::ThreadScripts(Server& server, ThreadStats& stats)
    : server_(server),
      stats_(stats),
      eval_(std::make_unique<LuaRuntime>(RuntimeKind::kEval)),
      functions_(std::make_unique<LuaRuntime>(RuntimeKind::kFunctions)) {
  CountMemory();
}

ThreadScripts::~ThreadScripts() = default;

void ThreadScripts::CountMemory() {
  stats_.lua_eval_bytes.Set(eval_->MemoryUsedBytes());
  stats_.lua_function_bytes.Set(functions_->MemoryUsedBytes());
}

void ThreadScripts::ForgetOldScripts() {
  const uint64_t generation = server_.scripts().generation();
  if (generation == script_generation_) return;
  script_generation_ = generation;
  last_script_ = nullptr;
  if (scripts_.empty()) return;
  scripts_.clear();
  eval_->Reset();
}

LocalScript* ThreadScripts::Remember(std::shared_ptr<Script> script, std::string* error) {
  const std::optional<scripting::ScriptId> id = eval_->Compile(script->body, script->sha, error);
  if (!id) return nullptr;
  LocalScript& local = scripts_[script->sha];
  local.id = *id;
  local.script = std::move(script);
  return last_script_ = &local;
}

LocalScript* ThreadScripts::FindBySha(std::string_view sha) {
  ForgetOldScripts();
  if (sha.size() != kShaDigits) return nullptr;
  if (last_script_ != nullptr && last_script_->script->sha == sha) return last_script_;
  const auto found = scripts_.find(sha);
  if (found != scripts_.end()) return last_script_ = &found->second;
  if (const bool upper = std::any_of(sha.begin(), sha.end(), [](char c) { return c >= 'A' && c <= 'Z'; }); upper) {
    return FindBySha(LowerCase(sha));
  }
  std::shared_ptr<Script> script = server_.scripts().Find(sha);
  std::string error;
  return script == nullptr ? nullptr : Remember(std::move(script), &error);
}

std::string_view ThreadScripts::ShaOfBody(std::string_view body) {
  if (last_sha_.empty() || body != last_body_) {
    last_sha_ = ShaOf(body);
    last_body_ = body;
  }
  return last_sha_;
}

LocalScript* ThreadScripts::FindByBody(std::string_view body) {
  return FindBySha(ShaOfBody(body));
}

LocalScript* ThreadScripts::Add(std::string_view body, std::string* error) {
  if (LocalScript* const known = FindByBody(body)) return known;
  const std::string sha(ShaOfBody(body));
  ScriptHeader header;
  *error = ParseScriptHeader(body, header);
  if (!error->empty()) return nullptr;
  const std::optional<scripting::ScriptId> id = eval_->Compile(body, sha, error);
  if (!id) {
    *error = "Error compiling script (new function): " + *error;
    return nullptr;
  }
  LocalScript& local = scripts_[sha];
  local = {server_.scripts().Add(sha, body, header), *id};
  CountMemory();
  return last_script_ = &local;
}

void ThreadScripts::ForgetOldLibraries() {
  FunctionRegistry& registry = server_.functions();
  const uint64_t generation = registry.generation();
  if (generation == library_generation_) return;
  const std::shared_ptr<const FunctionTable> old = std::exchange(table_, registry.table());
  library_generation_ = generation;
  functions_by_name_.clear();
  for (auto at = libraries_.begin(); at != libraries_.end();) {
    const auto current = table_->libraries.find(at->first->name);
    if (current != table_->libraries.end() && current->second.get() == at->first) {
      ++at;
      continue;
    }
    functions_->Drop(at->second);
    at = libraries_.erase(at);
  }
}

const LibraryFunction* ThreadScripts::FindKnown(std::string_view function) {
  ForgetOldLibraries();
  const auto found = table_->functions.find(function);
  return found == table_->functions.end() ? nullptr : found->second;
}

LocalFunction* ThreadScripts::FindFunction(std::string_view name, std::string* error) {
  ForgetOldLibraries();
  const auto local = functions_by_name_.find(name);
  if (local != functions_by_name_.end()) return &local->second;
  const LibraryFunction* const function = FindKnown(name);
  if (function == nullptr) return nullptr;
  const FunctionLibrary& library = function->library;
  if (!libraries_.contains(&library)) {
    std::vector<scripting::RegisteredFunction> registered;
    const auto loaded = functions_->LoadLibrary(library.name, library.code, &registered, error);
    if (!loaded) return nullptr;
    libraries_.emplace(&library, *loaded);
  }
  const auto id = functions_->FindFunction(libraries_.at(&library), name);
  if (!id) return nullptr;
  return &(functions_by_name_[std::string(name)] = {function, *id});
}

std::string ThreadScripts::TryLibrary(FunctionLibrary& library) {
  std::string error;
  std::vector<scripting::RegisteredFunction> registered;
  const auto loaded = functions_->LoadLibrary(library.name, library.code, &registered, &error);
  if (!loaded) return error;
  functions_->Drop(*loaded);
  for (scripting::RegisteredFunction& info : registered) {
    library.functions.push_back(std::make_unique<LibraryFunction>(library, std::move(info)));
  }
  return {};
}

}  // namespace usher::server
