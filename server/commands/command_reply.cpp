// See command_reply.h.
#include "server/commands/command_reply.h"

#include <bit>
#include <span>
#include <string>

#include "server/arg_reader.h"

namespace usher::server {

namespace {

using protocol::ReplySink;

struct FlagName {
  uint32_t flag;
  std::string_view name;
};

constexpr FlagName kFlagNames[] = {
    {kWrite, "write"},
    {kReadOnly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubSub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kAsking, "asking"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr FlagName kCategoryNames[] = {
    {kCatKeyspace, "@keyspace"},
    {kCatRead, "@read"},
    {kCatWrite, "@write"},
    {kCatSet, "@set"},
    {kCatSortedSet, "@sortedset"},
    {kCatList, "@list"},
    {kCatHash, "@hash"},
    {kCatString, "@string"},
    {kCatBitmap, "@bitmap"},
    {kCatHyperLogLog, "@hyperloglog"},
    {kCatGeo, "@geo"},
    {kCatStream, "@stream"},
    {kCatPubSub, "@pubsub"},
    {kCatAdmin, "@admin"},
    {kCatFast, "@fast"},
    {kCatSlow, "@slow"},
    {kCatBlocking, "@blocking"},
    {kCatDangerous, "@dangerous"},
    {kCatConnection, "@connection"},
    {kCatTransaction, "@transaction"},
    {kCatScripting, "@scripting"},
};

constexpr FlagName kKeyFlagNames[] = {
    {kKeyRo, "RO"},
    {kKeyRw, "RW"},
    {kKeyOw, "OW"},
    {kKeyRm, "RM"},
    {kKeyAccess, "access"},
    {kKeyInsert, "insert"},
    {kKeyUpdate, "update"},
    {kKeyDelete, "delete"},
    {kKeyNotKey, "not_key"},
    {kKeyIncomplete, "incomplete"},
    {kKeyVariableFlags, "variable_flags"},
};

void WriteNames(uint32_t flags, std::span<const FlagName> names, ReplySink& reply) {
  size_t count = 0;
  for (const FlagName& known : names) count += (flags & known.flag) != 0 ? 1 : 0;
  reply.Set(count);
  for (const FlagName& known : names) {
    if ((flags & known.flag) != 0) reply.SimpleString(known.name);
  }
}

void WriteTips(std::string_view tips, ReplySink& reply) {
  const ReplySink::Deferred start = reply.BeginDeferred();
  size_t count = 0;
  while (!tips.empty()) {
    const size_t end = std::min(tips.find(' '), tips.size());
    reply.Bulk(tips.substr(0, end));
    ++count;
    tips.remove_prefix(std::min(end + 1, tips.size()));
  }
  reply.EndSet(start, count);
}

void WriteField(std::string_view name, int64_t value, ReplySink& reply) {
  reply.Bulk(name);
  reply.Integer(value);
}

void WriteBeginSearch(const KeySpec& spec, ReplySink& reply) {
  reply.Bulk("begin_search");
  reply.Map(2);
  reply.Bulk("type");
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      reply.Bulk("index");
      reply.Bulk("spec");
      reply.Map(1);
      return WriteField("index", spec.index, reply);
    case KeySpec::Begin::kKeyword:
      reply.Bulk("keyword");
      reply.Bulk("spec");
      reply.Map(2);
      reply.Bulk("keyword");
      reply.Bulk(spec.keyword);
      return WriteField("startfrom", spec.index, reply);
    case KeySpec::Begin::kNone:
    case KeySpec::Begin::kUnknown:
      reply.Bulk("unknown");
      reply.Bulk("spec");
      return reply.Map(0);
  }
}

void WriteFindKeys(const KeySpec& spec, ReplySink& reply) {
  reply.Bulk("find_keys");
  reply.Map(2);
  reply.Bulk("type");
  switch (spec.find) {
    case KeySpec::Find::kRange:
      reply.Bulk("range");
      reply.Bulk("spec");
      reply.Map(3);
      WriteField("lastkey", spec.last_key, reply);
      WriteField("keystep", spec.key_step, reply);
      return WriteField("limit", spec.limit, reply);
    case KeySpec::Find::kKeyNum:
      reply.Bulk("keynum");
      reply.Bulk("spec");
      reply.Map(3);
      WriteField("keynumidx", spec.keynum_index, reply);
      WriteField("firstkey", spec.first_key, reply);
      return WriteField("keystep", spec.key_step, reply);
    case KeySpec::Find::kUnknown:
      reply.Bulk("unknown");
      reply.Bulk("spec");
      return reply.Map(0);
  }
}

size_t KeySpecCount(const CommandSpec& spec) {
  size_t count = 0;
  while (count < kKeySpecsMax && spec.keys[count].begin != KeySpec::Begin::kNone) ++count;
  return count;
}

void WriteKeySpecs(const CommandSpec& spec, ReplySink& reply) {
  const size_t count = KeySpecCount(spec);
  reply.Set(count);
  for (const KeySpec& key_spec : std::span(spec.keys).first(count)) {
    reply.Map(key_spec.notes.empty() ? 3 : 4);
    if (!key_spec.notes.empty()) {
      reply.Bulk("notes");
      reply.Bulk(key_spec.notes);
    }
    reply.Bulk("flags");
    WriteKeyFlags(key_spec.flags, reply);
    WriteBeginSearch(key_spec, reply);
    WriteFindKeys(key_spec, reply);
  }
}

}  // namespace

void WriteKeyFlags(uint16_t flags, ReplySink& reply) {
  WriteNames(flags, kKeyFlagNames, reply);
}

// Only specs at fixed places take part. Neighbours that continue each other one by one are joined ("a key, then a
// range of keys"); anything else ends the range.
LegacyKeyRange LegacyKeyRangeOf(const CommandSpec& spec) {
  LegacyKeyRange range;
  for (const KeySpec& key_spec : std::span(spec.keys).first(KeySpecCount(spec))) {
    if (key_spec.begin != KeySpec::Begin::kIndex || key_spec.find != KeySpec::Find::kRange) continue;
    const int last = key_spec.last_key < 0 ? key_spec.last_key : key_spec.index + key_spec.last_key;
    if (range.first == 0) {
      range = {key_spec.index, last, key_spec.key_step};
    } else if (range.last >= 0 && key_spec.index == range.last + 1 && range.step == 1 && key_spec.key_step == 1) {
      range.last = last;
    }
  }
  return range;
}

void WriteCommandInfo(const CommandRow& row, ReplySink& reply) {
  const CommandSpec& spec = *row.spec;
  const LegacyKeyRange range = LegacyKeyRangeOf(spec);
  reply.Array(10);
  reply.Bulk(spec.name);
  reply.Integer(spec.arity);
  WriteNames(spec.flags, kFlagNames, reply);
  reply.Integer(range.first);
  reply.Integer(range.last);
  reply.Integer(range.step);
  WriteNames(Categories(spec), kCategoryNames, reply);
  WriteTips(spec.tips, reply);
  WriteKeySpecs(spec, reply);
  std::vector<const CommandRow*> subcommands = CommandTable::Get().SubcommandsOf(row);
  std::erase_if(subcommands, [](const CommandRow* sub) { return (sub->spec->flags & kHidden) != 0; });
  if (subcommands.empty()) return reply.Set(0);  // Redis writes an empty set, but an array of subcommands
  reply.Array(subcommands.size());
  for (const CommandRow* subcommand : subcommands) WriteCommandInfo(*subcommand, reply);
}

std::optional<uint32_t> FindAclCategory(std::string_view name) {
  for (const FlagName& known : kCategoryNames) {
    if (EqualsIgnoringCase(known.name.substr(1), name)) return known.flag;
  }
  return std::nullopt;
}

}  // namespace usher::server
