// Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH. Queueing is admission's work (admission.cpp), running the queue
// transaction_run.cpp's.
#include "server/transaction.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/server.h"
#include "server/transaction_run.h"

namespace usher::server {

namespace {

bool IsOpen(const CommandContext& ctx) {
  return (ctx.client.restrictions & kInMulti) != 0;
}

void Multi(CommandContext& ctx) {
  if (IsOpen(ctx)) return ctx.FailText("ERR MULTI calls can not be nested");
  ctx.client.OwnTransaction().Open();
  ctx.client.Restrict(kInMulti, true);
  ctx.reply.Ok();
}

void Discard(CommandContext& ctx) {
  if (!IsOpen(ctx)) return ctx.FailText("ERR DISCARD without MULTI");
  ctx.client.DropTransaction();
  ctx.reply.Ok();
}

void Exec(CommandContext& ctx) {
  if (!IsOpen(ctx)) return ctx.FailText("ERR EXEC without MULTI");
  Transaction& transaction = *ctx.client.transaction;
  WatchList& watches = transaction.watches();
  const bool touched = watches.touched() || (!transaction.aborted() && watches.IsTouched(ctx.engine));
  if (transaction.aborted() || touched) {
    const bool aborted = transaction.aborted();
    ctx.client.DropTransaction();
    if (!aborted) return ctx.reply.NullArray();
    return ctx.FailText("EXECABORT Transaction discarded because of previous errors.");
  }
  watches.Release(ctx.engine);
  ctx.client.Restrict(kInMulti, false);
  RunTransaction(ctx);
  transaction.Close();
}

void Watch(CommandContext& ctx) {
  if (IsOpen(ctx)) return ctx.FailText("ERR WATCH inside MULTI is not allowed");
  for (size_t i = 1; i < ctx.args.size(); ++i) {
    ctx.client.OwnTransaction().watches().Add(ctx.engine, ctx.KeyAt(i));
  }
  ctx.reply.Ok();
}

void Unwatch(CommandContext& ctx) {
  if (ctx.client.transaction != nullptr) ctx.client.transaction->watches().Abandon();
  ctx.reply.Ok();
}

constexpr uint32_t kOpening = kNoScript | kLoading | kStale | kFast | kAllowBusy;

constexpr CommandSpec kRows[] = {
    {.name = "multi", .arity = 1, .flags = kOpening, .categories = kCatTransaction, .handler = Multi},
    {.name = "exec",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kSkipSlowlog | kRunsQueued,
     .categories = kCatTransaction,
     .handler = Exec,
     .cost = TransactionCost},
    {.name = "discard", .arity = 1, .flags = kOpening, .categories = kCatTransaction, .handler = Discard},
    {.name = "watch",
     .arity = -2,
     .flags = kOpening,
     .categories = kCatTransaction,
     .keys = Keys(KeyRange(kKeyRo, 1, -1)),
     .handler = Watch},
    {.name = "unwatch", .arity = 1, .flags = kOpening, .categories = kCatTransaction, .handler = Unwatch},
};

}  // namespace

const CommandGroup kTransactionCommands{"transactions", kRows};

}  // namespace usher::server
