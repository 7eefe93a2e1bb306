// See command_docs.h.
#include "server/commands/command_docs.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <span>
#include <string>

#include "server/config_text.h"

namespace usher::server {
namespace {

#include "server/commands/command_docs.inc"

constexpr bool IsSorted() {
  return std::ranges::is_sorted(kCommands, {}, &CommandDoc::name);
}
static_assert(IsSorted());

struct FlagName {
  uint8_t flag;
  std::string_view name;
};
constexpr FlagName kArgumentFlagNames[] = {
    {kArgOptional, "optional"}, {kArgMultiple, "multiple"}, {kArgMultipleToken, "multiple_token"}};
constexpr FlagName kDocFlagNames[] = {{kDocDeprecated, "deprecated"}, {kDocSyscmd, "syscmd"}};

template <class Row, size_t kSize>
std::span<const Row> RowsOf(const Row (&rows)[kSize], DocRows range) {
  return std::span(rows).subspan(range.first, range.count);
}

// A map whose length is known only when its fields are written: absent fields are left out.
class MapWriter {
 public:
  explicit MapWriter(protocol::ReplySink& reply) : reply_(reply), start_(reply.BeginDeferred()) {}
  ~MapWriter() { reply_.EndMap(start_, pairs_); }
  MapWriter(const MapWriter&) = delete;
  MapWriter& operator=(const MapWriter&) = delete;

  // The value follows.
  void Key(std::string_view name) {
    reply_.Bulk(name);
    ++pairs_;
  }

  void Text(std::string_view name, std::string_view text) {
    if (text.data() == nullptr) return;
    Key(name);
    reply_.Bulk(text);
  }

  void Flags(std::string_view name, uint8_t flags, std::span<const FlagName> names) {
    if (flags == 0) return;
    Key(name);
    reply_.Set(static_cast<size_t>(std::popcount(flags)));
    for (const FlagName& known : names) {
      if ((flags & known.flag) != 0) reply_.SimpleString(known.name);
    }
  }

 private:
  protocol::ReplySink& reply_;
  protocol::ReplySink::Deferred start_;
  size_t pairs_ = 0;
};

void WriteArgument(const ArgumentDoc& argument, protocol::ReplySink& reply);

void WriteArguments(DocRows rows, MapWriter& map, protocol::ReplySink& reply) {
  if (rows.count == 0) return;
  map.Key("arguments");
  reply.Array(rows.count);
  for (const ArgumentDoc& argument : RowsOf(kArguments, rows)) WriteArgument(argument, reply);
}

void WriteArgument(const ArgumentDoc& argument, protocol::ReplySink& reply) {
  MapWriter map(reply);
  map.Text("name", argument.name);
  map.Text("type", argument.type);
  if (argument.key_spec_index >= 0) {
    map.Key("key_spec_index");
    reply.Integer(argument.key_spec_index);
  }
  map.Text("token", argument.token);
  map.Text("since", argument.since);
  map.Text("deprecated_since", argument.deprecated_since);
  map.Flags("flags", argument.flags, kArgumentFlagNames);
  WriteArguments(argument.arguments, map, reply);
}

void WriteHistory(DocRows rows, MapWriter& map, protocol::ReplySink& reply) {
  if (rows.count == 0) return;
  map.Key("history");
  reply.Set(rows.count);
  for (const HistoryDoc& entry : RowsOf(kHistory, rows)) {
    reply.Array(2);
    reply.Bulk(entry.since);
    reply.Bulk(entry.change);
  }
}

void WriteSubcommands(const CommandDoc& doc, IsShownSubcommand is_shown, MapWriter& map, protocol::ReplySink& reply) {
  const std::string prefix = std::string(doc.name) + '|';
  const auto shown = [&](const CommandDoc& other) { return other.name.starts_with(prefix) && is_shown(other.name); };
  const auto* first = std::ranges::lower_bound(kCommands, std::string_view(prefix), {}, &CommandDoc::name);
  const auto* last = std::find_if_not(first, std::end(kCommands),
                                      [&](const CommandDoc& other) { return other.name.starts_with(prefix); });
  const auto count = static_cast<size_t>(std::count_if(first, last, shown));
  if (count == 0) return;
  map.Key("subcommands");
  reply.Map(count);
  for (const CommandDoc& subcommand : std::span(first, last)) {
    if (!shown(subcommand)) continue;
    reply.Bulk(subcommand.name);
    WriteCommandDoc(subcommand, is_shown, reply);
  }
}

}  // namespace

const CommandDoc* FindCommandDoc(std::string_view full_name) {
  const std::string name = LowerCase(full_name);
  const auto* found = std::ranges::lower_bound(kCommands, std::string_view(name), {}, &CommandDoc::name);
  return found != std::end(kCommands) && found->name == name ? found : nullptr;
}

void WriteCommandDoc(const CommandDoc& doc, IsShownSubcommand is_shown, protocol::ReplySink& reply) {
  MapWriter map(reply);
  map.Text("summary", doc.summary);
  map.Text("since", doc.since);
  map.Text("group", doc.group);
  map.Text("complexity", doc.complexity);
  map.Flags("doc_flags", doc.flags, kDocFlagNames);
  map.Text("deprecated_since", doc.deprecated_since);
  map.Text("replaced_by", doc.replaced_by);
  WriteHistory(doc.history, map, reply);
  WriteArguments(doc.arguments, map, reply);
  WriteSubcommands(doc, is_shown, map, reply);
}

}  // namespace usher::server
