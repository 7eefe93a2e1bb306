// Many users at once: admission, expiry, deletion, and what runs on time. Names of tokens are gathered in batches whose
// lookups are started together. See waiting_room.h.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/waiting_room.h"
#include "engine/waiting_room_room.h"
#include "protocol/number_text.h"

namespace usher::engine::waiting_room {

namespace {

constexpr size_t kTokenHexBytes = 32;
using TokenText = std::array<char, kTokenHexBytes>;

TokenText DrawToken() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<unsigned char, kTokenHexBytes / 2> bytes;
  FillSecure(bytes.data(), bytes.size());
  TokenText text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = kHex[bytes[i] >> 4];
    text[2 * i + 1] = kHex[bytes[i] & 15];
  }
  return text;
}

/// Token keys on their way: named and hashed when their user is met, used a little later when what they need has been
/// fetched.
class TokenStage {
 public:
  static constexpr size_t kKeysMax = 16;

  TokenStage(EngineContext& context, const QueueState& state)
      : keyspace_(context.KeyspaceOf(state.wait())),
        prefix_(state.token_prefix),
        suffix_(context.engine().queue_keys().token_suffix()),
        slot_(state.slot) {}

  bool full() const { return count_ == kKeysMax; }
  void Add(std::string_view user) {
    Staged& staged = staged_[count_++];
    const std::string_view name = staged.name.Join(prefix_, user, suffix_);
    staged.key = {name, HashBytes(name), slot_};
    keyspace_.Prefetch(staged.key);
  }
  TokenText& last_token() { return staged_[count_ - 1].token; }
  /// Calls fn(key, token) for what is staged and starts afresh.
  template <class Fn>
  void Flush(Fn&& fn) {
    for (size_t i = 0; i < count_; ++i) fn(staged_[i].key, staged_[i].token);
    count_ = 0;
  }

 private:
  struct Staged {
    JoinedName name;
    Key key;
    TokenText token;
  };
  Keyspace& keyspace_;
  const std::string_view prefix_;
  const std::string_view suffix_;
  const uint16_t slot_;
  size_t count_ = 0;
  std::array<Staged, kKeysMax> staged_;
};

std::string_view View(const TokenText& token) {
  return {token.data(), token.size()};
}

/// What is in the places of tokens already.
struct OldTokens {
  bool any = false;
  bool wrong_type = false;
};

/// Looks where the tokens of the first `count` people in the line will be.
OldTokens FindOldTokens(EngineContext& context, Room& room, size_t count) {
  TokenStage stage(context, room.state());
  const Keyspace& keyspace = context.KeyspaceOf(room.state().wait());
  OldTokens old;
  const auto look = [&](const Key& key, const TokenText&) {
    const KeyEntry entry = keyspace.Find(key);
    if (!entry) return;
    old.any = true;
    if (entry.type() != ValueType::kHash && !entry.IsExpired(context.now_ms())) old.wrong_type = true;
  };
  room.line()->ForEach({0, count}, Order::kAscending, [&](std::string_view user, double) {
    stage.Add(user);
    if (stage.full()) stage.Flush(look);
  });
  stage.Flush(look);
  return old;
}

/// How many of the active set, from the front, are over; at most `limit`.
size_t CountOver(const Room& room, size_t limit) {
  if (room.actives() == 0 || !IsOver(room.active()->Front().score, room.now_ms())) return 0;
  const ScoreRange over{-HUGE_VAL, static_cast<double>(room.now_ms()) / 1000.0};
  return std::min(room.active()->RanksOf(over).count, limit);
}

/// Removes the first `count` of the active set with their tokens.
void DropFirst(EngineContext& context, Room& room, size_t count, BatchSink* sink) {
  if (count == 0) return;
  QueueState& state = room.state();
  const Key active = state.active();
  EventWriter event(context, state, "expired");
  EffectText places;
  EffectText tokens;
  const bool journaling = context.journaling();
  if (journaling) {
    places.Command(count + 2);
    places.Word("ZREM");
    places.Word(active.name);
    tokens.Command(count + 1);
    tokens.Word("DEL");
  }
  TokenStage stage(context, state);
  const auto remove = [&](const Key& key, const TokenText&) {
    if (context.Delete(key)) context.Modified(key, kNotifyGeneric, "del");
    if (journaling) tokens.Word(key.name);
  };
  {
    const Writable<Zset> set = room.ChangeActive();
    set->RemoveRange({0, count}, Order::kAscending, [&](std::string_view user, double) {
      if (sink != nullptr) sink->User(user, {});
      event.User(user);
      if (journaling) places.Word(user);
      stage.Add(user);
      if (stage.full()) stage.Flush(remove);
    });
    stage.Flush(remove);
    context.Modified(active, kNotifyZset, "zrem");
  }
  room.Reopen();
  state.totals.expired += count;
  state.expected_people -= count;
  if (journaling) {
    context.Effects().Encoded(places);
    context.Effects().Encoded(tokens);
  }
  event.Publish();
}

/// Moves people from the line to the active set and makes their tokens.
class Admission {
 public:
  Admission(EngineContext& context, Room& room, int64_t ttl_s, size_t count, bool clear_old, BatchSink& sink)
      : context_(context),
        room_(room),
        state_(room.state()),
        sink_(sink),
        count_(count),
        clear_old_(clear_old),
        expiry_s_(context.now_ms() / 1000 + ttl_s),
        journaling_(context.journaling()),
        event_(context, state_, "admitted"),
        stage_(context, state_) {}

  void Run() {
    MakePrototype();
    if (journaling_) BeginEffects();
    {
      const Writable<Zset> line = *context_.ForWriteAs<Zset>(state_.wait());
      const Writable<Zset> active = room_.ChangeActive();
      line->MoveMin(count_, *active, static_cast<double>(expiry_s_), context_.settings().zset,
                    [this](std::string_view user, double arrival_ms) { Take(user, arrival_ms); });
      Flush();
      context_.Modified(state_.wait(), kNotifyZset, "zrem");
      context_.Modified(state_.active(), kNotifyZset, "zadd");
    }
    prototype_.Destroy();
    room_.Reopen();
    state_.totals.admitted += count_;
    state_.expected_people = room_.waiting() + room_.actives();
    state_.rate.Record(context_.now_ms(), count_);
    if (journaling_) {
      context_.Effects().Encoded(leaving_);
      context_.Effects().Encoded(coming_);
    }
    event_.Publish();
  }

 private:
  // All tokens of a batch have the same fields and expiry but for the token itself, so they are copies of one.
  void MakePrototype() {
    const TokenText any = DrawToken();
    const HashLimits& limits = context_.settings().hash;
    const size_t length = protocol::FormatInteger(expiry_s_, expiry_digits_.data());
    expiry_text_ = {expiry_digits_.data(), length};
    prototype_.Set("token", View(any), limits);
    prototype_.Set("status", "READY", limits);
    prototype_.Set("extend_count", "0", limits);
    prototype_.Set("expired_at", expiry_text_, limits);
  }

  void BeginEffects() {
    leaving_.Command(count_ + 2);
    leaving_.Word("ZREM");
    leaving_.Word(state_.wait_name);
    coming_.Command(2 * count_ + 2);
    coming_.Word("ZADD");
    coming_.Word(state_.active_name);
    fields_before_.Word("token");
    for (const std::string_view word : {"status", "READY", "extend_count", "0", "expired_at"}) fields_after_.Word(word);
    fields_after_.Word(expiry_text_);
    fields_after_.Command(3);
    fields_after_.Word("PEXPIREAT");
    expiry_ms_.Integer(expiry_s_ * 1000);
  }

  void Take(std::string_view user, double arrival_ms) {
    stage_.Add(user);
    stage_.last_token() = DrawToken();
    sink_.User(user, View(stage_.last_token()));
    event_.User(user);
    const double waited_ms = static_cast<double>(context_.now_ms()) - arrival_ms;
    state_.wait_seconds.Record(std::max(0.0, waited_ms) / 1000);
    if (journaling_) {
      leaving_.Word(user);
      coming_.Word(expiry_text_);
      coming_.Word(user);
    }
    if (stage_.full()) Flush();
  }

  void Flush() {
    stage_.Flush([this](const Key& key, const TokenText& token) {
      Hash hash = prototype_.Copy();
      hash.Set("token", View(token), context_.settings().hash);
      context_.SetValue(key, hash, expiry_s_ * 1000);
      context_.Modified(key, kNotifyHash, "hset");
      context_.Notify(key, context_.db(), kNotifyGeneric, "expire");
      if (journaling_) WriteToken(key, token);
    });
  }

  // HSET key token T status READY extend_count 0 expired_at S, PEXPIREAT key MS: all but the key and the token is the
  // same for everybody and encoded already.
  void WriteToken(const Key& key, const TokenText& token) {
    EffectText& effects = context_.Effects();
    if (clear_old_) effects.Add({"DEL", key.name});  // they may have fields of their own
    effects.Command(10);
    effects.Word("HSET");
    effects.Word(key.name);
    effects.Encoded(fields_before_);
    effects.Word(View(token));
    effects.Encoded(fields_after_);
    effects.Word(key.name);
    effects.Encoded(expiry_ms_);
  }

  EngineContext& context_;
  Room& room_;
  QueueState& state_;
  BatchSink& sink_;
  const size_t count_;
  const bool clear_old_;  // some tokens are there already
  const int64_t expiry_s_;
  const bool journaling_;
  EventWriter event_;
  EffectText leaving_;
  EffectText coming_;
  EffectText fields_before_;
  EffectText fields_after_;
  EffectText expiry_ms_;
  TokenStage stage_;
  Hash prototype_;
  std::array<char, protocol::kIntegerTextBytesMax> expiry_digits_;
  std::string_view expiry_text_;
};

Status AdmitInto(EngineContext& context, QueueState& state, const AdmitOptions& options, BatchSink& sink) {
  Room room(context, state);
  if (const Status opened = room.Open(Access::kRead); !opened) return opened;
  const size_t over = CountOver(room, kSliceMax);
  const size_t active = room.actives() - over;
  const size_t most = static_cast<size_t>(options.active_max.value_or(room.settings().max_active));
  size_t count =
      std::min({static_cast<size_t>(options.count), most - std::min(active, most), room.waiting(), kSliceMax});
  if (room.settings().mode == QueueMode::kPaused) count = 0;
  OldTokens old;
  if (count > 0) old = FindOldTokens(context, room, count);
  if (old.wrong_type) return Error::kWrongType;
  sink.Begin(count);
  DropFirst(context, room, over, nullptr);
  const int64_t ttl_s = options.ttl_s.value_or(room.settings().token_ttl_s);
  if (count > 0) Admission(context, room, ttl_s, count, old.any, sink).Run();
  return {};
}

}  // namespace

void DeleteTokens(EngineContext& context, Room& room) {
  TokenStage stage(context, room.state());
  const auto remove = [&](const Key& key, const TokenText&) {
    if (!context.Delete(key)) return;
    context.Modified(key, kNotifyGeneric, "del");
    context.Effect({"DEL", key.name});
  };
  room.active()->ForEach({0, room.actives()}, Order::kAscending, [&](std::string_view user, double) {
    stage.Add(user);
    if (stage.full()) stage.Flush(remove);
  });
  stage.Flush(remove);
}

// Walks the line or what the shard's clients wait for, whichever is shorter: a line may hold a million people.
void SignalWaiting(EngineContext& context, Room& room) {
  const BlockedIndex& blocked = context.ShardOf(room.state().wait()).blocked;
  if (blocked.keys() < room.waiting()) {
    return blocked.ForEachKey([&](int db, std::string_view name) {
      if (db == context.db() && name.starts_with(room.state().token_prefix)) context.Signal(MakeKey(name), db);
    });
  }
  room.line()->ForEach({0, room.waiting()}, Order::kAscending,
                       [&](std::string_view user, double) { context.Signal(room.TokenKey(user), context.db()); });
}

Status Admit(EngineContext& context, const Key& queue, const AdmitOptions& options, BatchSink& sink) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  if (QueueState* state = FindState(context, queue)) return AdmitInto(context, *state, options, sink);
  sink.Begin(0);
  return {};
}

Status Expire(EngineContext& context, const Key& queue, size_t limit, BatchSink& sink) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  QueueState* state = FindState(context, queue);
  if (state == nullptr) {
    sink.Begin(0);
    return {};
  }
  Room room(context, *state);
  if (const Status opened = room.Open(Access::kRead); !opened) return opened;
  const size_t over = CountOver(room, std::min(limit, kSliceMax));
  sink.Begin(over);
  DropFirst(context, room, over, &sink);
  return {};
}

}  // namespace usher::engine::waiting_room
