// See function_registry.h.
#include "server/function_registry.h"

#include <algorithm>

#include "server/arg_reader.h"
#include "server/config_text.h"

namespace usher::server {

using engine::MutexLock;

namespace {

bool IsLibraryName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

void RemoveLibrary(FunctionTable& table, std::string_view name) {
  const auto found = table.libraries.find(name);
  if (found == table.libraries.end()) return;
  for (const auto& function : found->second->functions) table.functions.erase(function->info.name);
  table.libraries.erase(found);
}

std::string AddLibrary(FunctionTable& table, const std::shared_ptr<const FunctionLibrary>& library,
                       LibraryConflict conflict) {
  if (table.libraries.contains(library->name)) {
    if (conflict == LibraryConflict::kFails) return "Library " + library->name + " already exists";
    RemoveLibrary(table, library->name);
  }
  for (const auto& function : library->functions) {
    const bool added = table.functions.emplace(function->info.name, function.get()).second;
    if (!added) return "Function " + function->info.name + " already exists";
  }
  table.libraries.emplace(library->name, library);
  return {};
}

}  // namespace

std::string ParseLibraryHeader(std::string_view code, std::string& name) {
  if (!code.starts_with("#!")) return "Missing library metadata";
  const size_t line_end = code.find('\n');
  if (line_end == std::string_view::npos) return "Invalid library metadata";
  const std::optional<std::vector<std::string>> words = SplitConfigLine(code.substr(0, line_end));
  if (!words || words->empty()) return "Invalid library metadata";
  bool named = false;
  for (size_t i = 1; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (!EqualsIgnoringCase(std::string_view(word).substr(0, 5), "name=")) {
      return "Invalid metadata value given: " + word;
    }
    if (named) return "Invalid metadata value, name argument was given multiple times";
    named = true;
    name = word.substr(5);
  }
  if (!named) return "Library name was not given";
  if (!IsLibraryName(name)) {
    return "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
  }
  if (!EqualsIgnoringCase(words->front(), "#!lua")) return "Engine '" + words->front().substr(2) + "' not found";
  return {};
}

size_t FunctionTable::MemoryBytes() const {
  size_t bytes = functions.size() * (sizeof(LibraryFunction) + 8 * sizeof(void*));
  for (const auto& [name, library] : libraries) {
    bytes += sizeof(FunctionLibrary) + 2 * name.capacity() + library->code.capacity();
  }
  return bytes;
}

FunctionRegistry::FunctionRegistry() : table_(std::make_shared<FunctionTable>()) {}

std::shared_ptr<const FunctionTable> FunctionRegistry::table() const {
  const MutexLock lock(mutex_);
  return table_;
}

void FunctionRegistry::Publish(std::shared_ptr<const FunctionTable> table) {
  table_ = std::move(table);
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

std::string FunctionRegistry::Add(const std::vector<std::shared_ptr<const FunctionLibrary>>& libraries,
                                  LibraryConflict conflict) {
  const MutexLock lock(mutex_);
  auto changed = std::make_shared<FunctionTable>(*table_);
  for (const auto& library : libraries) {
    std::string error = AddLibrary(*changed, library, conflict);
    if (!error.empty()) return error;
  }
  Publish(std::move(changed));
  return {};
}

std::string FunctionRegistry::ReplaceAll(const std::vector<std::shared_ptr<const FunctionLibrary>>& libraries) {
  const MutexLock lock(mutex_);
  auto changed = std::make_shared<FunctionTable>();
  for (const auto& library : libraries) {
    std::string error = AddLibrary(*changed, library, LibraryConflict::kFails);
    if (!error.empty()) return error;
  }
  Publish(std::move(changed));
  return {};
}

bool FunctionRegistry::Delete(std::string_view name) {
  const MutexLock lock(mutex_);
  if (!table_->libraries.contains(name)) return false;
  auto changed = std::make_shared<FunctionTable>(*table_);
  RemoveLibrary(*changed, name);
  Publish(std::move(changed));
  return true;
}

void FunctionRegistry::Flush() {
  const MutexLock lock(mutex_);
  Publish(std::make_shared<FunctionTable>());
}

}  // namespace usher::server
