// One user at a time, settings and totals. Batches are in waiting_room_batch.cpp. See waiting_room.h.
#include "engine/waiting_room.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/waiting_room_room.h"
#include "protocol/number_text.h"

namespace usher::engine::waiting_room {

namespace {

constexpr double kArrivalStepMs = 1.0 / 1024;

/// Behind everybody who is in the line, and not before now.
double NextArrival(const Zset& line, int64_t now_ms) {
  const double now = static_cast<double>(now_ms);
  if (line.empty()) return now;
  const double last = line.Back().score;
  if (last < now) return now;
  const double next = last + kArrivalStepMs;
  return next > last ? next : std::nextafter(last, HUGE_VAL);
}

constexpr size_t kArrivalTextBytesMax = protocol::kDoubleTextBytesMax;

/// Writes an arrival so that it reads back as the same number. Of a whole number of steps that is its exact decimal,
/// which is much cheaper than the shortest one.
size_t FormatArrival(double arrival, char* out) {
  constexpr uint64_t kSteps = 1024;
  constexpr uint64_t kStepDigits = 9'765'625;  // 10^10 / 1024
  constexpr size_t kFractionDigits = 10;
  const double steps = arrival * static_cast<double>(kSteps);
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (!(steps >= 0 && steps < kExact) || steps != std::floor(steps)) return protocol::FormatDouble(arrival, out);
  const auto count = static_cast<uint64_t>(steps);
  const size_t whole = protocol::FormatUnsigned(count / kSteps, out);
  uint64_t fraction = count % kSteps * kStepDigits;
  if (fraction == 0) return whole;
  out[whole] = '.';
  for (size_t i = kFractionDigits; i > 0; --i, fraction /= 10) out[whole + i] = static_cast<char>('0' + fraction % 10);
  return whole + 1 + kFractionDigits;
}

/// kOk, or why nobody new may enter.
Error RefusalOf(const Room& room, const EnterOptions& options) {
  if (room.settings().mode == QueueMode::kClosed) return Error::kQueueClosed;
  const int64_t most = options.waiting_max.value_or(room.settings().max_waiting);
  return most > 0 && room.waiting() >= static_cast<size_t>(most) ? Error::kQueueFull : Error::kOk;
}

Place Append(EngineContext& context, Room& room, const ZsetKey& user, const EnterOptions& options) {
  Zset& line = room.NeedLine();
  const double arrival = options.arrival_ms ? *options.arrival_ms : NextArrival(line, context.now_ms());
  AddRules rules;
  rules.only_new = true;
  const AddResult added = *line.Add(user, arrival, rules, context.settings().zset);
  if (!added.added()) return room.InLine(Standing::kWaiting, line.Rank(user)->rank);
  QueueState& state = room.state();
  ++state.totals.entered;
  ++state.expected_people;
  context.Modified(state.wait(), kNotifyZset, "zadd");
  if (context.journaling()) {
    std::array<char, kArrivalTextBytesMax> digits;
    const std::string_view score(digits.data(), FormatArrival(arrival, digits.data()));
    context.Effect({"ZADD", state.wait_name, score, user.member()});
  }
  const bool is_last = !options.arrival_ms || line.Back().member == user.member();
  return room.InLine(Standing::kNew, is_last ? line.size() - 1 : line.Rank(user)->rank);
}

/// Gives a good place and its token another expiry and the token another field.
void Renew(EngineContext& context, Room& room, std::string_view user, int64_t ttl_s, FieldValue change) {
  const int64_t expiry_s = context.now_ms() / 1000 + ttl_s;
  std::array<char, protocol::kIntegerTextBytesMax> seconds_digits;
  std::array<char, protocol::kIntegerTextBytesMax> ms_digits;
  const std::string_view seconds(seconds_digits.data(), protocol::FormatInteger(expiry_s, seconds_digits.data()));
  const std::string_view ms(ms_digits.data(), protocol::FormatInteger(expiry_s * 1000, ms_digits.data()));
  const Key active = room.state().active();
  room.ChangeActive()->Add(user, static_cast<double>(expiry_s), context.settings().zset);
  context.Modified(active, kNotifyZset, "zadd");
  context.Effect({"ZADD", active.name, seconds, user});
  const Key token = room.TokenKey(user);
  {
    const Writable<Hash> hash = *context.ForWriteAs<Hash>(token);
    hash->Set(change.first, change.second, context.settings().hash);
    hash->Set("expired_at", seconds, context.settings().hash);
  }
  context.SetExpiry(token, expiry_s * 1000);
  context.Modified(token, kNotifyHash, "hset");
  context.Notify(token, context.db(), kNotifyGeneric, "expire");
  context.Effect({"HSET", token.name, change.first, change.second, "expired_at", seconds});
  context.Effect({"PEXPIREAT", token.name, ms});
}

}  // namespace

void ReadAhead(EngineContext& context, const Key& queue, std::span<const std::string_view> users) {
  const QueueState* state = FindState(context, queue);
  if (state == nullptr) return;
  std::array<uint64_t, 32> hashes;
  const size_t count = std::min(users.size(), hashes.size());
  for (size_t i = 0; i < count; ++i) hashes[i] = Zset::HashOf(users[i]);
  const Keyspace& keyspace = context.KeyspaceOf(queue);
  for (const Key& key : {state->wait(), state->active()}) {
    const KeyEntry entry = keyspace.Find(key);
    if (entry && entry.type() == ValueType::kZset) entry.As<Zset>().PrefetchAll({hashes.data(), count});
  }
}

Result<Place> Enter(EngineContext& context, const Key& queue, std::string_view user, const EnterOptions& options) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  Room room(context, context.KeyspaceOf(queue).NeedWaitingRooms().FindOrCreate(queue));
  if (const Status opened = room.Open(Access::kWrite); !opened) return opened.error();
  const ZsetKey member(user, Zset::HashOf(user));
  const Result<std::optional<double>> place = room.GoodPlace(member);
  if (!place) return place.error();
  if (*place) return room.AtPlace(user, **place);
  if (const Error refusal = RefusalOf(room, options); refusal != Error::kOk) [[unlikely]] {
    const auto ranked = room.line() == nullptr ? std::nullopt : room.line()->Rank(member);
    if (!ranked) return refusal;
    return room.InLine(Standing::kWaiting, ranked->rank);
  }
  return Append(context, room, member, options);
}

Result<Place> Look(EngineContext& context, const Key& queue, std::string_view user) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  QueueState* state = FindState(context, queue);
  if (state == nullptr) return Place();
  Room room(context, *state);
  if (const Status opened = room.Open(Access::kRead); !opened) return opened.error();
  const ZsetKey member(user, Zset::HashOf(user));
  const Result<std::optional<double>> place = room.GoodPlace(member);
  if (!place) return place.error();
  if (*place) return room.AtPlace(user, **place);
  const auto ranked = room.line() == nullptr ? std::nullopt : room.line()->Rank(member);
  if (!ranked) return room.InLine(Standing::kNone, 0);
  return room.InLine(Standing::kWaiting, ranked->rank);
}

bool IsWaiting(EngineContext& context, const Key& queue, std::string_view user) {
  const QueueState* state = FindState(context, queue);
  if (state == nullptr) return false;
  const KeyEntry line = context.Peek(state->wait());
  return line && line.type() == ValueType::kZset && line.As<Zset>().Score(user).has_value();
}

namespace {

/// Calls fn(state, room, token) for a user with a good place in the room; 0 when there is no such room or place.
template <class Fn>
Result<int64_t> WithToken(EngineContext& context, const Key& queue, std::string_view user, Fn&& fn) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  QueueState* state = FindState(context, queue);
  if (state == nullptr) return int64_t{0};
  Room room(context, *state);
  if (const Status opened = room.Open(Access::kRead); !opened) return opened.error();
  const Result<std::optional<double>> place = room.GoodPlace(user);
  if (!place) return place.error();
  if (!*place) return int64_t{0};
  return fn(*state, room, **room.Token(user));
}

}  // namespace

Result<int64_t> Activate(EngineContext& context, const Key& queue, std::string_view user,
                         std::optional<int64_t> ttl_s) {
  return WithToken(context, queue, user, [&](QueueState& state, Room& room, const Hash& token) -> int64_t {
    PackedScratch scratch;
    if (token.Get("status", scratch) == "ACTIVE") return -1;
    Renew(context, room, user, ttl_s.value_or(room.settings().active_ttl_s), {"status", "ACTIVE"});
    ++state.totals.activated;
    return 1;
  });
}

Result<int64_t> Extend(EngineContext& context, const Key& queue, std::string_view user, std::optional<int64_t> ttl_s,
                       std::optional<int64_t> extends_max) {
  return WithToken(context, queue, user, [&](QueueState& /*state*/, Room& room, const Hash& token) -> int64_t {
    PackedScratch scratch;
    if (token.Get("status", scratch) != "ACTIVE") return 0;
    int64_t extended = 0;
    if (!protocol::ParseInteger(token.Get("extend_count", scratch).value_or("0"), extended)) extended = 0;
    if (extended >= extends_max.value_or(room.settings().max_extends)) return -1;
    std::array<char, protocol::kIntegerTextBytesMax> digits;
    const std::string_view count(digits.data(), protocol::FormatInteger(extended + 1, digits.data()));
    Renew(context, room, user, ttl_s.value_or(room.settings().active_ttl_s), {"extend_count", count});
    return 1;
  });
}

Result<int64_t> Leave(EngineContext& context, const Key& queue, std::string_view user) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  QueueState* state = FindState(context, queue);
  if (state == nullptr) return int64_t{0};
  Room room(context, *state);
  if (const Status opened = room.Open(Access::kWrite); !opened) return opened.error();
  const ZsetKey member(user, Zset::HashOf(user));
  const Result<std::optional<double>> place = room.GoodPlace(member);
  if (!place) return place.error();
  if (*place) room.RemovePlace(member, /*expired=*/false);
  const bool waited = room.line() != nullptr && room.line()->Remove(member).has_value();
  if (!waited) return int64_t{*place ? 1 : 0};
  ++state->totals.left;
  --state->expected_people;
  context.Modified(state->wait(), kNotifyZset, "zrem");
  context.Effect({"ZREM", state->wait_name, user});
  context.Signal(room.TokenKey(user), context.db());  // whoever waits for the admission hears that there is none
  room.PublishOne("left", user);
  return int64_t{1};
}

Result<QueueSettings> Settings(EngineContext& context, const Key& queue) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  QueueState* state = FindState(context, queue);
  if (state == nullptr) return QueueSettings();
  Room room(context, *state);
  if (const Status opened = room.Open(Access::kRead); !opened) return opened.error();
  return room.settings();
}

Status Configure(EngineContext& context, const Key& queue, std::span<const FieldValue> changes) {
  const Result<QueueSettings> before = Settings(context, queue);
  if (!before) return before.error();
  QueueSettings after = *before;
  for (const auto& [field, value] : changes) {
    if (const Status set = after.Set(field, value); !set) return set;
  }
  const std::string name = context.engine().queue_keys().NameOf(QueueKeyKind::kConfig, queue.name);
  const Key config = MakeKey(name);
  std::vector<std::string_view> effect{"HSET", name};
  {
    const Writable<Hash> hash = *context.ForWriteOrCreate<Hash>(config);
    for (const auto& [field, value] : changes) {
      hash->Set(field, value, context.settings().hash);
      effect.insert(effect.end(), {field, value});
    }
  }
  context.Modified(config, kNotifyHash, "hset");
  if (context.journaling()) context.Effects().Add(effect);
  return {};
}

Result<Overview> Inform(EngineContext& context, const Key& queue) {
  if (!QueueKeyTemplates::IsValidName(queue.name)) return Error::kQueueName;
  Overview overview;
  QueueState* state = FindState(context, queue);
  if (state == nullptr) return overview;
  Room room(context, *state);
  if (const Status opened = room.Open(Access::kRead); !opened) return opened.error();
  overview.waiting = room.waiting();
  overview.active = room.actives();
  overview.totals = state->totals;
  overview.admitted_per_second = state->rate.PerSecond(context.now_ms());
  if (room.waiting() > 0) {
    const double waited_ms = static_cast<double>(context.now_ms()) - room.line()->Front().score;
    overview.oldest_wait_ms = static_cast<int64_t>(std::max(0.0, waited_ms));
  }
  overview.settings = room.settings();
  return overview;
}

}  // namespace usher::engine::waiting_room
