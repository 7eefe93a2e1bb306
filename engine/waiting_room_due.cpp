// What happens to queues as a whole: deletion, and what is due without a command: expiry, and admission where `admit`
// is on. See waiting_room.h.
#include <algorithm>
#include <cmath>

#include "engine/waiting_room.h"
#include "engine/waiting_room_room.h"

namespace usher::engine::waiting_room {

namespace {

constexpr size_t kTimedSliceMax = 1000;  // people per step; other commands run between two steps
constexpr int kQueuesPerStep = 16;
constexpr int64_t kKeylessKeptMs = 600'000;

class NoSink final : public BatchSink {
 public:
  void Begin(size_t) override {}
  void User(std::string_view, std::string_view) override {}
};

/// When the first place of the active set is over.
int64_t OverAtMs(const Room& room) {
  if (room.actives() == 0) return QueueState::kNever;
  const double at_ms = std::ceil(room.active()->Front().score * 1000);
  if (at_ms >= 9e18) return QueueState::kNever;
  return std::max<int64_t>(0, static_cast<int64_t>(std::max(at_ms, 0.0)));
}

bool AdmitsByItself(const QueueSettings& settings) {
  return settings.admit && settings.mode != QueueMode::kPaused;
}

/// Starts the intervals that have begun. Missed ones are not made up: the next begins an interval from now.
void StartInterval(QueueState& state, int64_t now_ms) {
  const QueueSettings& settings = state.settings;
  if (!AdmitsByItself(settings)) {
    state.next_admission_ms = 0;
    state.admission_quota = 0;
    return;
  }
  // A shorter interval than before takes effect at once.
  state.next_admission_ms = std::min(state.next_admission_ms, now_ms + settings.interval_ms);
  if (now_ms < state.next_admission_ms) return;
  state.admission_quota = static_cast<size_t>(settings.rate);
  const int64_t next_ms = state.next_admission_ms + settings.interval_ms;
  state.next_admission_ms = next_ms > now_ms ? next_ms : now_ms + settings.interval_ms;
}

/// One step for one queue: some expiry, else some admission.
void Step(EngineContext& context, QueueState& state, bool expiry) {
  NoSink sink;
  const Key queue{state.name, state.hash, state.slot};
  if (expiry) {
    static_cast<void>(Expire(context, queue, kTimedSliceMax, sink));  // of the right type: it was opened before
    return;
  }
  const size_t wanted = std::min(state.admission_quota, kTimedSliceMax);
  const uint64_t admitted_before = state.totals.admitted;
  AdmitOptions options;
  options.count = static_cast<int64_t>(wanted);
  const Status admitted = Admit(context, queue, options, sink);
  const bool all = admitted && state.totals.admitted - admitted_before == wanted;
  state.admission_quota = all ? state.admission_quota - wanted : 0;
}

/// A queue whose keys are all gone is forgotten some time later.
void AgeKeyless(WaitingRooms& rooms, QueueState& state, int64_t now_ms) {
  if (state.keyless_since_ms == QueueState::kNever) state.keyless_since_ms = now_ms;
  const int64_t until_ms = state.keyless_since_ms + kKeylessKeptMs;
  if (now_ms >= until_ms) return rooms.Erase(state);
  rooms.SetDue(state, until_ms);
}

void Attend(EngineContext& context, WaitingRooms& rooms, QueueState& state) {
  const int64_t now_ms = context.now_ms();
  if (!HasKeys(context, state)) return AgeKeyless(rooms, state, now_ms);
  state.keyless_since_ms = QueueState::kNever;
  int64_t due_ms = QueueState::kNever;
  Room room(context, state);
  if (const Status opened = room.Open(Access::kRead); opened) {
    StartInterval(state, now_ms);
    const bool expiry = OverAtMs(room) <= now_ms;
    if (expiry || state.admission_quota > 0) {
      Step(context, state, expiry);
      room.Reopen();
    }
    due_ms = OverAtMs(room);
    if (state.admission_quota > 0) due_ms = 0;
    if (AdmitsByItself(state.settings)) due_ms = std::min(due_ms, state.next_admission_ms);
  }
  rooms.SetDue(state, due_ms);  // of a wrong type: until somebody writes to one of its keys
}

/// Attends to what is due in one database.
void RunDueIn(EngineContext& context, WaitingRooms& rooms) {
  for (int count = 0; count < kQueuesPerStep; ++count) {
    QueueState* state = rooms.FirstDue();
    if (state == nullptr || state->due_ms > context.now_ms()) return;
    Attend(context, rooms, *state);
  }
}

}  // namespace

bool HasKeys(EngineContext& context, const QueueState& state) {
  return context.Peek(state.wait()) || context.Peek(state.active()) || context.Peek(state.config());
}

bool RunDue(EngineContext& context, ShardData& shard) {
  int64_t first_ms = QueueState::kNever;
  for (size_t db = 0; db < shard.databases.size(); ++db) {
    WaitingRooms* rooms = shard.databases[db]->waiting_rooms();
    if (rooms == nullptr) continue;
    const QueueState* first = rooms->FirstDue();
    if (first != nullptr && first->due_ms <= context.now_ms()) {
      context.InDatabase(shard, static_cast<int>(db), [&] { RunDueIn(context, *rooms); });
      first = rooms->FirstDue();
    }
    if (first != nullptr) first_ms = std::min(first_ms, first->due_ms);
  }
  shard.stats.queue_due_ms.Set(first_ms == QueueState::kNever ? 0
                                                              : static_cast<uint64_t>(std::max<int64_t>(1, first_ms)));
  return first_ms <= context.now_ms();
}

Result<bool> Delete(EngineContext& context, const Key& queue) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  QueueState* state = FindState(context, queue);
  if (state == nullptr) return false;
  bool any = false;
  {
    Room room(context, *state);
    if (const Status opened = room.Open(Access::kRead); !opened) return opened.error();
    if (room.actives() > 0) DeleteTokens(context, room);
    if (room.waiting() > 0) SignalWaiting(context, room);
    for (const Key& key : {state->wait(), state->active(), state->config()}) {
      if (!context.Delete(key)) continue;
      any = true;
      context.Modified(key, kNotifyGeneric, "del");
      context.Effect({"DEL", key.name});
    }
  }
  context.KeyspaceOf(queue).waiting_rooms()->Erase(*state);
  return any;
}

}  // namespace usher::engine::waiting_room
