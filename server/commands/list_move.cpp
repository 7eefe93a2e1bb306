// Moving an element from one list to another, or around within one: LMOVE, RPOPLPUSH, and BLMOVE, BRPOPLPUSH, which
// wait for the source to have something. The journal has LMOVE or RPOPLPUSH.
#include <string>

#include "server/command_context.h"
#include "server/commands/block_timeout.h"
#include "server/commands/groups.h"
#include "server/commands/list_pop.h"
#include "server/worker.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::List;
using engine::ListEnd;
using engine::Writable;

struct Move {
  ListEnd from = ListEnd::kTail;
  ListEnd to = ListEnd::kHead;
};

constexpr int16_t kBLMoveArgs = 6;

/// The ends that [B]LMOVE names, or those of RPOPLPUSH. Nothing: it names something else.
std::optional<Move> ParseMove(std::span<const std::string_view> args) {
  const bool has_ends = args.size() > 4;
  if (!has_ends) return Move();
  const std::optional<ListEnd> from = ParseListEnd(args[3]);
  const std::optional<ListEnd> to = ParseListEnd(args[4]);
  if (!from || !to) return std::nullopt;
  return Move{.from = *from, .to = *to};
}

std::string_view PopEventOf(ListEnd end) {
  return end == ListEnd::kHead ? "lpop" : "rpop";
}

uint64_t IndexAt(const List& list, ListEnd end) {
  return end == ListEnd::kHead ? 0 : list.size() - 1;
}

/// Takes the element from one end and adds it at the other, or at the same.
void Rotate(CommandContext& ctx, const Key& key, Writable<List>& list, const Move& move) {
  engine::PackedScratch scratch;
  const std::string element(list->Get(IndexAt(*list, move.from), scratch));
  const std::string_view text = element;
  ctx.reply.Bulk(text);
  list->Drop(move.from, 1);
  PushTexts(ctx, key, *list, move.to, {&text, 1});
  FinishListRemoval(ctx, key, list, PopEventOf(move.from));
}

enum class MoveEnd : uint8_t { kMoved, kFailed, kNoSource };

/// Moves an element of the list at args[1] to the one at args[2] and replies it, or the error. Without a source nothing
/// is replied.
MoveEnd MoveElement(CommandContext& ctx, const Move& move) {
  const Key source_key = ctx.KeyAt(1);
  const Key target_key = ctx.KeyAt(2);
  auto source = ctx.engine.ForWriteAs<List>(source_key);
  if (!source) {
    ctx.Fail(source.error());
    return MoveEnd::kFailed;
  }
  if (!*source) return MoveEnd::kNoSource;
  if (source_key.name == target_key.name) {
    Rotate(ctx, source_key, *source, move);
    return MoveEnd::kMoved;
  }
  auto target = ctx.engine.ForWriteOrCreate<List>(target_key);
  if (!target) {
    ctx.Fail(target.error());
    return MoveEnd::kFailed;
  }
  engine::PackedScratch scratch;
  const std::string_view text = (*source)->Get(IndexAt(**source, move.from), scratch);
  ctx.reply.Bulk(text);
  PushTexts(ctx, target_key, **target, move.to, {&text, 1});
  (*source)->Drop(move.from, 1);
  FinishListRemoval(ctx, source_key, *source, PopEventOf(move.from));
  return MoveEnd::kMoved;
}

void LMove(CommandContext& ctx) {
  const std::optional<Move> move = ParseMove(ctx.args);
  if (!move) return ctx.Fail(Error::kSyntax);
  if (MoveElement(ctx, *move) == MoveEnd::kNoSource) ctx.reply.Null();
}

void RPopLPush(CommandContext& ctx) {
  if (MoveElement(ctx, Move()) == MoveEnd::kNoSource) ctx.reply.Null();
}

/// The move of a command that may wait, whose timeout does not belong into the journal. False: nothing was replied.
bool MoveAndTell(CommandContext& ctx, const Move& move) {
  const MoveEnd end = MoveElement(ctx, move);
  if (end != MoveEnd::kMoved) return end == MoveEnd::kFailed;
  if (ctx.args.size() == kBLMoveArgs) {
    ctx.engine.Effect({"LMOVE", ctx.args[1], ctx.args[2], ctx.args[3], ctx.args[4]});
  } else {
    ctx.engine.Effect({"RPOPLPUSH", ctx.args[1], ctx.args[2]});
  }
  return true;
}

bool ServeMove(CommandContext& ctx, const Key& key, ServeStep step) {
  if (step == ServeStep::kCheck) return HasList(ctx, key);
  return MoveAndTell(ctx, *ParseMove(ctx.args));
}

/// BLMOVE and BRPOPLPUSH. Only the source is waited for.
void BlockingMove(CommandContext& ctx) {
  const std::optional<Move> move = ParseMove(ctx.args);
  if (!move) return ctx.Fail(Error::kSyntax);
  const auto deadline_ms = ParseBlockTimeout(ctx.args.back(), Worker::MonotonicMs());
  if (!deadline_ms) return ctx.Fail(deadline_ms.error());
  if (MoveAndTell(ctx, *move)) return;
  if (ctx.client.in_exec()) return ctx.reply.Null();  // no wait, and not what ends one
  const Key source = ctx.KeyAt(1);
  ctx.Block({&source, 1}, ServeMove, TimeoutAsNullArray, *deadline_ms);
}

constexpr KeySpecs kMoveKeys =
    Keys(KeyRange(kKeyRw | kKeyAccess | kKeyDelete, 1, 1), KeyRange(kKeyRw | kKeyInsert, 2, 2));

constexpr CommandSpec MoveRow(std::string_view name, int16_t arity, uint32_t flags, CommandHandler handler) {
  return {.name = name,
          .arity = arity,
          .flags = kWrite | kDenyOom | flags,
          .categories = kCatList,
          .keys = kMoveKeys,
          .handler = handler};
}

constexpr CommandSpec kRows[] = {
    MoveRow("lmove", 5, 0, LMove),
    MoveRow("rpoplpush", 3, 0, RPopLPush),
    MoveRow("blmove", kBLMoveArgs, kBlocking, BlockingMove),
    MoveRow("brpoplpush", 4, kBlocking, BlockingMove),
};

}  // namespace

const CommandGroup kListMoveCommands{"list", kRows};

}  // namespace usher::server
