// See transaction_run.h. Each command is accounted like any other (statistics, slow log, MONITOR), and EXEC, as in
// Redis, for all of them once more.
#include "server/transaction_run.h"

#include <utility>

#include "server/accounting.h"
#include "server/command_context.h"
#include "server/server.h"
#include "server/transaction.h"

namespace usher::server {

namespace {

/// Lends the session's place for the command at hand to the queued ones.
class LentPlace {
 public:
  explicit LentPlace(Session& session) : session_(session), exec_(std::move(session.prepared)) {}
  ~LentPlace() { session_.prepared = std::move(exec_); }
  LentPlace(const LentPlace&) = delete;
  LentPlace& operator=(const LentPlace&) = delete;

 private:
  Session& session_;
  PreparedCommand exec_;
};

void RunOne(Session& session, ExecutionThread& thread) {
  const size_t reply_mark = session.replies.size();
  CommandContext ctx(session, thread);
  thread.engine.set_no_touch(session.client.no_touch);
  if ((ctx.spec().flags & kVisitShards) != 0) {
    RunVisits(ctx);
  } else {
    ctx.spec().handler(ctx);
  }
  thread.engine.EndStep(ctx.args);
  if (session.client.tracking != 0) thread.server.tracking().AfterCommand(session, thread.engine);
  thread.engine.set_db(session.client.db);
  AccountCommand(thread.server, session, thread, reply_mark);
}

}  // namespace

void RunVisits(CommandContext& ctx) {
  const size_t shards = ctx.server.engine().shard_count();
  VisitState& visit = ctx.visit();
  visit.Reset();
  if (ctx.spec().visit_start != nullptr) ctx.spec().visit_start(ctx.args, shards, visit);
  for (;;) {
    ctx.spec().handler(ctx);
    if (visit.done || visit.visited + 1 >= shards) return;
    ++visit.visited;
    visit.shard = static_cast<engine::ShardIndex>((visit.shard + size_t{1}) % shards);
  }
}

void RunTransaction(CommandContext& exec) {
  Session& session = exec.session;
  ExecutionThread& thread = exec.thread;
  Transaction& transaction = *session.client.transaction;
  const int64_t start_ns = thread.last_ns;
  const bool muted = session.client.reply_mode == ReplyMode::kOff || session.client.reply_mode == ReplyMode::kSkipThis;
  if (!muted) exec.reply.Array(transaction.size());
  thread.engine.BeginTransaction();
  transaction.set_running(true);
  {
    const LentPlace place(session);
    for (size_t i = 0; i < transaction.size(); ++i) {
      transaction.Load(i, session.prepared);
      RunOne(session, thread);
    }
  }
  transaction.set_running(false);
  thread.engine.CommitTransaction();
  thread.last_ns = start_ns;
  AdvanceReplyMode(session.client);
  session.client.reply_mode_applied = session.client.reply_mode != ReplyMode::kOn;
}

int64_t TransactionCost(CommandContext& exec) {
  const Transaction* const transaction = exec.client.transaction.get();
  if (transaction == nullptr || transaction->at_home()) return 0;
  constexpr int64_t kCommandNs = 500;
  int64_t cost_ns = 0;
  const LentPlace place(exec.session);
  for (size_t i = 0; i < transaction->size(); ++i) {
    transaction->Load(i, exec.session.prepared);
    exec.session.visit.Reset();
    CommandContext ctx(exec.session, exec.thread);
    const bool asks = ctx.spec().cost != nullptr && ctx.args.size() >= ctx.spec().cost_from_args;
    cost_ns += kCommandNs + (asks ? ctx.spec().cost(ctx) : 0);
  }
  return cost_ns;
}

}  // namespace usher::server
