// Popping from the first of several lists that has something, waiting for one if need be: LMPOP, BLPOP, BRPOP, BLMPOP.
// Whichever way elements leave, the journal has LPOP or RPOP.
#include <algorithm>
#include <array>

#include "protocol/number_text.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/commands/list_pop.h"
#include "server/commands/multi_pop.h"

namespace usher::server {

namespace {

using engine::Key;
using engine::List;
using engine::ListEnd;
using engine::Writable;

ListEnd EndOf(bool second) {
  return second ? ListEnd::kTail : ListEnd::kHead;
}

struct ListPops {
  using Value = List;
  static constexpr std::array<std::string_view, 2> kWords = {"LEFT", "RIGHT"};
  static constexpr int64_t kPopNs = 40;
  static constexpr uint32_t kBlockingFlags = 0;
  static constexpr uint32_t kCategory = kCatList;

  /// [key, element]
  static void PopOne(CommandContext& ctx, const Key& key, Writable<List>& list, bool second) {
    ctx.reply.Array(2);
    ctx.reply.Bulk(key.name);
    PopAndReply(ctx, key, list, EndOf(second), 1);
    ctx.engine.Effect({ListPopCommand(EndOf(second)), key.name});
  }

  /// [key, [element ...]]
  static void PopSeveral(CommandContext& ctx, const Key& key, Writable<List>& list, const MultiPop& request) {
    const uint64_t count = std::min(static_cast<uint64_t>(request.count), list->size());
    const ListEnd end = EndOf(request.second_word);
    ctx.reply.Array(2);
    ctx.reply.Bulk(key.name);
    ctx.reply.Array(count);
    PopAndReply(ctx, key, list, end, count);
    std::array<char, protocol::kIntegerTextBytesMax> digits;
    const size_t length = protocol::FormatUnsigned(count, digits.data());
    ctx.engine.Effect({ListPopCommand(end), key.name, std::string_view(digits.data(), length)});
  }
};
using ListCommands = PopCommands<ListPops>;

constexpr CommandSpec kRows[] = {
    ListCommands::MultiRow("lmpop"),
    ListCommands::BlockingRow<false>("blpop"),
    ListCommands::BlockingRow<true>("brpop"),
    ListCommands::BlockingMultiRow("blmpop"),
};

}  // namespace

const CommandGroup kListBlockCommands{"list", kRows};

}  // namespace usher::server
