// Room: a queue as one function of waiting_room.h sees it: its state, its settings, its two sets. Shared by
// waiting_room*.cpp, nobody else's business. Thread safety: as waiting_room.h.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "engine/waiting_room.h"
#include "engine/waiting_room_keys.h"

namespace usher::engine::waiting_room {

/// Whether an active place with this score (s) is over.
inline bool IsOver(double expiry_s, int64_t now_ms) {
  return expiry_s <= static_cast<double>(now_ms) / 1000.0;
}

/// The queue's state; null when it has no keys.
inline QueueState* FindState(EngineContext& context, const Key& queue) {
  const WaitingRooms* rooms = context.KeyspaceOf(queue).waiting_rooms();
  return rooms == nullptr ? nullptr : rooms->Find(queue);
}

enum class Access : uint8_t { kRead, kWrite };

class Room {
 public:
  Room(EngineContext& context, QueueState& state) : context_(context), state_(state) {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  /// Looks the queue's keys up; kWrite: the line will be changed. kWrongType. Settings are read again if need be.
  Status Open(Access access);

  QueueState& state() { return state_; }
  const QueueSettings& settings() const { return state_.settings; }
  int64_t now_ms() const { return context_.now_ms(); }
  /// The waiting line and the active set; null when the key does not exist.
  Zset* line() const { return line_; }
  const Zset* active() const { return active_; }
  size_t waiting() const { return line_ != nullptr ? line_->size() : 0; }
  size_t actives() const { return active_ != nullptr ? active_->size() : 0; }
  /// The line to be added to, created if need be. REQUIRES: opened with kWrite.
  Zset& NeedLine();
  /// The active set, to be changed. The set must not be emptied before Reopen().
  Writable<Zset> ChangeActive();
  /// Looks the sets up again after keys may have gone.
  void Reopen();

  /// The user's token key; valid until the next call.
  Key TokenKey(std::string_view user);
  /// The user's token; null when there is none. kWrongType.
  Result<Hash*> Token(std::string_view user);
  /// The expiry (s) of the user's place in the active set; nothing when there is none. A place that is over, or without
  /// its token, is removed first.
  Result<std::optional<double>> GoodPlace(const ZsetKey& user);
  /// Takes a place and its token away, counted and published as `expired` or `left`.
  void RemovePlace(const ZsetKey& user, bool expired);
  /// What is known of somebody at `position` of the line.
  Place InLine(Standing standing, size_t position);
  /// What is known of somebody with a good place.
  Result<Place> AtPlace(std::string_view user, double expiry_s);
  /// Tells subscribers about one user.
  void PublishOne(std::string_view event, std::string_view user);

 private:
  Status ReadSettings();
  int64_t EtaMs(size_t position);

  EngineContext& context_;
  QueueState& state_;
  Writable<Zset> line_writable_;
  Zset* line_ = nullptr;
  const Zset* active_ = nullptr;
  JoinedName token_name_;
};

/// Deletes the tokens of everybody in the active set.
void DeleteTokens(EngineContext& context, Room& room);
/// Whoever waits for the admission of somebody in the line hears that something has changed.
void SignalWaiting(EngineContext& context, Room& room);

/// {"event":"...","queue":"...","users":["...", ...]} for queue:events:{Q}; does nothing while nobody listens.
class EventWriter {
 public:
  EventWriter(EngineContext& context, const QueueState& state, std::string_view event);
  void User(std::string_view user);
  /// Sends it if it names anybody.
  void Publish();

 private:
  void Quote(std::string_view text);
  EngineContext& context_;
  const QueueState& state_;
  const bool heard_;
  bool empty_ = true;
  std::string text_;
};

}  // namespace usher::engine::waiting_room
