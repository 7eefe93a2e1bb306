// Key extraction by key specification. The common case, one key at a fixed place, is first.
#include "server/prepared_command.h"

#include "protocol/number_text.h"
#include "server/arg_reader.h"

namespace usher::server {

namespace {

using Args = std::span<const std::string_view>;

void AddKey(const KeySpec& spec, Args args, size_t index, std::vector<CommandKey>& keys) {
  keys.push_back({engine::MakeKey(args[index]), static_cast<uint32_t>(index), spec.flags});
}

/// Where the spec's keys begin; 0 when they are absent.
size_t BeginOf(const KeySpec& spec, Args args) {
  if (spec.begin == KeySpec::Begin::kIndex) return static_cast<size_t>(spec.index);
  if (spec.begin != KeySpec::Begin::kKeyword) return 0;
  const bool forward = spec.index > 0;
  const int64_t start = forward ? spec.index : static_cast<int64_t>(args.size()) + spec.index;
  for (int64_t i = start; i > 0 && i < static_cast<int64_t>(args.size()); i += forward ? 1 : -1) {
    if (EqualsIgnoringCase(args[static_cast<size_t>(i)], spec.keyword)) return static_cast<size_t>(i) + 1;
  }
  return 0;
}

bool AddRange(const KeySpec& spec, Args args, size_t begin, std::vector<CommandKey>& keys) {
  int64_t last = spec.last_key >= 0 ? static_cast<int64_t>(begin) + spec.last_key
                                    : static_cast<int64_t>(args.size()) + spec.last_key;
  if (spec.last_key == -1 && spec.limit >= 2) {
    last = static_cast<int64_t>(begin) +
           (static_cast<int64_t>(args.size()) - static_cast<int64_t>(begin)) / spec.limit - 1;
  }
  if (last >= static_cast<int64_t>(args.size())) return false;
  for (int64_t i = static_cast<int64_t>(begin); i <= last; i += spec.key_step) {
    AddKey(spec, args, static_cast<size_t>(i), keys);
  }
  return true;
}

bool AddCounted(const KeySpec& spec, Args args, size_t begin, std::vector<CommandKey>& keys) {
  const size_t count_index = begin + static_cast<size_t>(spec.keynum_index);
  int64_t count = 0;
  if (count_index >= args.size() || !protocol::ParseInteger(args[count_index], count)) return false;
  const size_t first = begin + static_cast<size_t>(spec.first_key);
  if (count <= 0 || first >= args.size() || static_cast<uint64_t>(count) > args.size() - first) return false;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    AddKey(spec, args, first + i * static_cast<size_t>(spec.key_step), keys);
  }
  return true;
}

}  // namespace

bool ExtractKeys(const CommandSpec& spec, Args args, std::vector<CommandKey>& keys) {
  if (spec.find_keys != nullptr) return spec.find_keys(args, keys);
  for (const KeySpec& key_spec : spec.keys) {
    if (key_spec.begin == KeySpec::Begin::kNone) break;
    const size_t begin = BeginOf(key_spec, args);
    if (begin == 0 || begin >= args.size()) continue;
    if (key_spec.find == KeySpec::Find::kUnknown) continue;
    const bool fits = key_spec.find == KeySpec::Find::kRange ? AddRange(key_spec, args, begin, keys)
                                                             : AddCounted(key_spec, args, begin, keys);
    if (!fits) return false;
  }
  if (spec.further_keys != nullptr) spec.further_keys(args, &keys);
  return true;
}

uint16_t KeyFlagsOf(const CommandSpec& spec, Args args, const CommandKey& key) {
  if ((key.flags & kKeyVariableFlags) == 0) return key.flags;
  return spec.key_flags != nullptr ? spec.key_flags(args) : static_cast<uint16_t>(key.flags & ~kKeyVariableFlags);
}

}  // namespace usher::server
