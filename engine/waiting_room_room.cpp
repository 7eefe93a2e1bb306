// See waiting_room_room.h.
#include "engine/waiting_room_room.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "protocol/json_text.h"

namespace usher::engine::waiting_room {

namespace {

/// The value of type T behind `entry`; null without an entry.
template <class T>
Result<T*> ValueOf(KeyEntry entry) {
  if (!entry) return static_cast<T*>(nullptr);
  if (entry.type() != kTypeOf<T>) return Error::kWrongType;
  return &entry.As<T>();
}

}  // namespace

Status Room::Open(Access access) {
  if (const Status read = ReadSettings(); !read) return read;
  if (access == Access::kWrite) {
    Result<Writable<Zset>> line = context_.ForWriteAs<Zset>(state_.wait());
    if (!line) return line.error();
    line_writable_ = *std::move(line);
    line_ = line_writable_ ? &*line_writable_ : nullptr;
  } else {
    const Result<Zset*> line = ValueOf<Zset>(context_.Peek(state_.wait()));
    if (!line) return line.error();
    line_ = *line;
  }
  const Result<Zset*> active = ValueOf<Zset>(context_.Peek(state_.active()));
  if (!active) return active.error();
  active_ = *active;
  state_.Reconcile(waiting(), actives());
  return {};
}

Status Room::ReadSettings() {
  const WaitingRooms& rooms = *context_.KeyspaceOf(state_.wait()).waiting_rooms();
  const bool current = state_.settings_version == rooms.config_version() && now_ms() <= state_.settings_until_ms;
  if (!current) [[unlikely]] {
    const KeyEntry entry = context_.Peek(state_.config());
    const Result<Hash*> hash = ValueOf<Hash>(entry);
    state_.settings_wrong_type = !hash;
    state_.settings = QueueSettings();
    if (hash && *hash != nullptr) {
      (*hash)->ForEach([&](std::string_view field, std::string_view value) {
        static_cast<void>(state_.settings.Set(field, value));  // nonsense means the default
      });
    }
    state_.settings_until_ms = entry && entry.HasExpiry() ? entry.expiry_ms() : std::numeric_limits<int64_t>::max();
    state_.settings_version = rooms.config_version();
  }
  if (state_.settings_wrong_type) return Error::kWrongType;
  return {};
}

Zset& Room::NeedLine() {
  if (line_ == nullptr) {
    line_writable_ = *context_.ForWriteOrCreate<Zset>(state_.wait());
    line_ = &*line_writable_;
  }
  return *line_;
}

Writable<Zset> Room::ChangeActive() {
  Writable<Zset> active = *context_.ForWriteOrCreate<Zset>(state_.active());
  active_ = &*active;
  return active;
}

void Room::Reopen() {
  line_writable_.Finish();
  const KeyEntry line = context_.Peek(state_.wait());
  line_ = line ? &line.As<Zset>() : nullptr;
  const KeyEntry active = context_.Peek(state_.active());
  active_ = active ? &active.As<Zset>() : nullptr;
}

Key Room::TokenKey(std::string_view user) {
  const std::string_view name =
      token_name_.Join(state_.token_prefix, user, context_.engine().queue_keys().token_suffix());
  return {name, HashBytes(name), state_.slot};
}

Result<Hash*> Room::Token(std::string_view user) {
  return ValueOf<Hash>(context_.Peek(TokenKey(user)));
}

Result<std::optional<double>> Room::GoodPlace(const ZsetKey& user) {
  if (active_ == nullptr) return std::optional<double>();
  const std::optional<double> expiry_s = active_->Score(user);
  if (!expiry_s) return expiry_s;
  if (!IsOver(*expiry_s, now_ms())) {
    const Result<Hash*> token = Token(user.member());
    if (!token) return token.error();
    if (*token != nullptr) return expiry_s;
  }
  RemovePlace(user, /*expired=*/true);
  return std::optional<double>();
}

void Room::RemovePlace(const ZsetKey& user, bool expired) {
  const Key active = state_.active();
  {
    const Writable<Zset> set = ChangeActive();
    set->Remove(user);
    context_.Modified(active, kNotifyZset, "zrem");
    context_.Effect({"ZREM", active.name, user.member()});
  }
  const KeyEntry left = context_.Peek(active);
  active_ = left ? &left.As<Zset>() : nullptr;
  const Key token = TokenKey(user.member());
  if (context_.Delete(token)) {
    context_.Modified(token, kNotifyGeneric, "del");
    context_.Effect({"DEL", token.name});
  }
  ++(expired ? state_.totals.expired : state_.totals.left);
  --state_.expected_people;
  PublishOne(expired ? "expired" : "left", user.member());
}

Place Room::InLine(Standing standing, size_t position) {
  Place place;
  place.standing = standing;
  place.position = position;
  place.waiting = waiting();
  place.eta_ms = EtaMs(position);
  return place;
}

Result<Place> Room::AtPlace(std::string_view user, double expiry_s) {
  const Result<Hash*> token = Token(user);
  if (!token) return token.error();
  PackedScratch scratch;
  Place place;
  place.standing = (*token)->Get("status", scratch) == "ACTIVE" ? Standing::kActive : Standing::kReady;
  place.token = (*token)->Get("token", scratch).value_or("");
  place.waiting = waiting();
  place.expires_at_s = static_cast<int64_t>(expiry_s);
  return place;
}

// From the measured rate; while there is none, from what `admit on` promises.
int64_t Room::EtaMs(size_t position) {
  const QueueSettings& set = settings();
  if (set.mode == QueueMode::kPaused) return -1;
  const double ahead = static_cast<double>(position + 1);
  const double per_second = state_.rate.PerSecond(now_ms());
  if (per_second > 0) return static_cast<int64_t>(std::ceil(ahead * 1000 / per_second));
  if (!set.admit || set.rate == 0) return -1;
  const int64_t rounds = static_cast<int64_t>(position) / set.rate;
  return std::max<int64_t>(0, state_.next_admission_ms - now_ms()) + rounds * set.interval_ms;
}

void Room::PublishOne(std::string_view event, std::string_view user) {
  EventWriter writer(context_, state_, event);
  writer.User(user);
  writer.Publish();
}

EventWriter::EventWriter(EngineContext& context, const QueueState& state, std::string_view event)
    : context_(context), state_(state), heard_(context.HasSubscribers(state.events_channel)) {
  if (!heard_) return;
  text_ = R"({"event":")";
  (text_ += event) += R"(","queue":)";
  Quote(state.name);
  text_ += R"(,"users":[)";
}

void EventWriter::User(std::string_view user) {
  if (!heard_) return;
  if (!empty_) text_ += ',';
  empty_ = false;
  Quote(user);
}

void EventWriter::Publish() {
  if (!heard_ || empty_) return;
  text_ += "]}";
  context_.Publish(state_.events_channel, text_);
}

void EventWriter::Quote(std::string_view text) {
  protocol::AppendJsonString(text_, text);
}

}  // namespace usher::engine::waiting_room
