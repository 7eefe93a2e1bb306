// See waiting_room_registry.h.
#include "engine/waiting_room_registry.h"

namespace usher::engine {

QueueState::QueueState(const QueueKeyTemplates& templates, const Key& queue)
    : name(queue.name),
      wait_name(templates.NameOf(QueueKeyKind::kWait, name)),
      active_name(templates.NameOf(QueueKeyKind::kActive, name)),
      config_name(templates.NameOf(QueueKeyKind::kConfig, name)),
      token_prefix(templates.TokenPrefix(name)),
      events_channel("queue:events:{" + name + "}"),
      hash(queue.hash),
      wait_hash(HashBytes(wait_name)),
      active_hash(HashBytes(active_name)),
      config_hash(HashBytes(config_name)),
      slot(queue.slot) {}

void QueueState::Reconcile(size_t waiting, size_t active_people) {
  const uint64_t people = waiting + active_people;
  if (people > expected_people) {
    totals.entered += people - expected_people;
  } else {
    totals.left += expected_people - people;
  }
  expected_people = people;
}

WaitingRooms::~WaitingRooms() {
  states_.ForEach([](uint64_t word) { delete &StateOf(word); });
}

QueueState& WaitingRooms::FindOrCreate(const Key& queue) {
  if (QueueState* found = Find(queue)) [[likely]]
    return *found;
  QueueState* created = new QueueState(templates_, queue);
  states_.Insert(queue.hash, reinterpret_cast<uint64_t>(created));
  return *created;
}

void WaitingRooms::Erase(QueueState& state) {
  SetDue(state, QueueState::kNever);
  states_.Erase(state.hash, states_.Find(state.hash, [&](uint64_t word) { return &StateOf(word) == &state; }));
  delete &state;
}

void WaitingRooms::NoteKey(QueueKeyKind kind, std::string_view queue, Change change) {
  QueueState& state = FindOrCreate(MakeKey(queue));
  if (kind == QueueKeyKind::kConfig) ++config_version_;
  if (kind != QueueKeyKind::kWait || change == Change::kErased) SetDue(state, 0);
}

void WaitingRooms::SetDue(QueueState& state, int64_t due_ms) {
  if (state.due_ms == due_ms) return;
  if (state.due_ms != QueueState::kNever) due_.erase({state.due_ms, &state});
  state.due_ms = due_ms;
  if (due_ms != QueueState::kNever) due_.emplace(due_ms, &state);
}

}  // namespace usher::engine
