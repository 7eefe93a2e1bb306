// Building replies on the Lua stack; the header states the rules.
#include "scripting/lua_reply.h"

#include "engine/base/assert.h"
#include "protocol/number_text.h"

namespace usher::scripting {

/// Makes room for one more value and its helpers. Once there is none, everything is dropped.
bool LuaReply::Room() {
  constexpr int kSlots = 8;
  if (overflown_) return false;
  if (lua_checkstack(lua_, kSlots)) return true;
  overflown_ = true;
  frames_.clear();
  lua_settop(lua_, bottom_);
  return false;
}

/// Puts the value on top where it belongs.
void LuaReply::Place() {
  if (frames_.empty()) {
    ASSERT(!done_);
    done_ = true;
    return;
  }
  ReplyFrame& frame = frames_.back();
  PlaceInto(frame);
  ++frame.filled;
  if (!frame.deferred && frame.filled == frame.expected) Close();
}

void LuaReply::PlaceInto(ReplyFrame& frame) {
  switch (frame.kind) {
    case ReplyFrame::Kind::kArray:
      lua_rawseti(lua_, -2, static_cast<lua_Integer>(frame.filled) + 1);
      break;
    case ReplyFrame::Kind::kMap:
      if (frame.filled % 2 == 0) break;  // a key, which stays until its value comes
      if (lua_isnil(lua_, -2)) {
        lua_pop(lua_, 2);  // RESP3's null is no key in Lua
      } else {
        lua_rawset(lua_, -3);
      }
      break;
    case ReplyFrame::Kind::kSet:
      if (lua_isnil(lua_, -1)) {
        lua_pop(lua_, 1);
        break;
      }
      lua_pushboolean(lua_, 1);
      lua_rawset(lua_, -3);
      break;
    case ReplyFrame::Kind::kDiscard:
      lua_pop(lua_, 1);
      break;
  }
}

/// Ends the innermost frame, whose table is on top, and places that table. Maps and sets sit in a field of their own.
void LuaReply::Close() {
  const ReplyFrame::Kind kind = frames_.back().kind;
  frames_.pop_back();
  switch (kind) {
    case ReplyFrame::Kind::kDiscard:
      return;
    case ReplyFrame::Kind::kMap:
      lua_setfield(lua_, -2, "map");
      break;
    case ReplyFrame::Kind::kSet:
      lua_setfield(lua_, -2, "set");
      break;
    case ReplyFrame::Kind::kArray:
      break;
  }
  Place();
}

void LuaReply::Begin(ReplyFrame::Kind kind, size_t expected, bool deferred) {
  constexpr size_t kPresizedMax = 1 << 24;
  if (!Room()) return;
  const auto room = static_cast<int>(expected < kPresizedMax ? expected : kPresizedMax);
  switch (kind) {
    case ReplyFrame::Kind::kArray:
      lua_createtable(lua_, room, 0);
      break;
    case ReplyFrame::Kind::kMap:
      lua_createtable(lua_, 0, 1);
      lua_createtable(lua_, 0, room / 2);
      break;
    case ReplyFrame::Kind::kSet:
      lua_createtable(lua_, 0, 1);
      lua_createtable(lua_, 0, room);
      break;
    case ReplyFrame::Kind::kDiscard:
      break;
  }
  frames_.push_back({kind, deferred, expected, 0});
  if (!deferred && expected == 0) Close();
}

void LuaReply::PushField(const char* name, std::string_view text) {
  lua_createtable(lua_, 0, 1);
  lua_pushlstring(lua_, text.data(), text.size());
  lua_setfield(lua_, -2, name);
}

void LuaReply::SimpleString(std::string_view text) {
  if (!Room()) return;
  PushField("ok", text);
  Place();
}

void LuaReply::Error(std::string_view text) {
  if (!Room()) return;
  if (frames_.empty()) is_error_ = true;
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  PushField("err", text);
  lua_pushboolean(lua_, 1);
  lua_setfield(lua_, -2, "ignore_error_stats_update");
  Place();
}

void LuaReply::Integer(int64_t value) {
  if (!Room()) return;
  lua_pushnumber(lua_, static_cast<lua_Number>(value));
  Place();
}

void LuaReply::Bulk(std::string_view bytes) {
  if (!Room()) return;
  lua_pushlstring(lua_, bytes.data(), bytes.size());
  Place();
}

void LuaReply::Null() {
  if (!Room()) return;
  if (resp3()) {
    lua_pushnil(lua_);
  } else {
    lua_pushboolean(lua_, 0);
  }
  Place();
}

void LuaReply::Double(double value) {
  if (!resp3()) {
    char text[protocol::kDoubleTextBytesMax];
    Bulk({text, protocol::FormatDouble(value, text)});
    return;
  }
  if (!Room()) return;
  lua_createtable(lua_, 0, 1);
  lua_pushnumber(lua_, value);
  lua_setfield(lua_, -2, "double");
  Place();
}

void LuaReply::Boolean(bool value) {
  if (!resp3()) return Integer(value ? 1 : 0);
  if (!Room()) return;
  lua_pushboolean(lua_, value);
  Place();
}

void LuaReply::BigNumber(std::string_view digits) {
  if (!resp3()) return Bulk(digits);
  if (!Room()) return;
  PushField("big_number", digits);
  Place();
}

void LuaReply::Verbatim(std::string_view format, std::string_view text) {
  if (!resp3()) return Bulk(text);
  if (!Room()) return;
  lua_createtable(lua_, 0, 1);
  PushField("string", text);
  lua_pushlstring(lua_, format.data(), format.size());
  lua_setfield(lua_, -2, "format");
  lua_setfield(lua_, -2, "verbatim_string");
  Place();
}

void LuaReply::Array(size_t elements) {
  Begin(ReplyFrame::Kind::kArray, elements, false);
}

void LuaReply::Map(size_t pairs) {
  Begin(resp3() ? ReplyFrame::Kind::kMap : ReplyFrame::Kind::kArray, pairs * 2, false);
}

void LuaReply::Set(size_t elements) {
  Begin(resp3() ? ReplyFrame::Kind::kSet : ReplyFrame::Kind::kArray, elements, false);
}

void LuaReply::Attribute(size_t pairs) {
  if (pairs > 0) Begin(ReplyFrame::Kind::kDiscard, pairs * 2, false);
}

protocol::ReplySink::Deferred LuaReply::BeginDeferred() {
  Begin(ReplyFrame::Kind::kArray, 0, true);
  return {frames_.size()};
}

/// Makes the array that was filled one of `kind` and closes it.
void LuaReply::CloseDeferred(ReplyFrame::Kind kind) {
  if (overflown_) return;
  ASSERT(!frames_.empty() && frames_.back().deferred);
  const size_t elements = frames_.back().filled;
  if (kind == ReplyFrame::Kind::kArray) return Close();
  // The values go through a frame of the right kind, which ends by itself.
  const int source = lua_gettop(lua_);
  frames_.pop_back();
  lua_createtable(lua_, 0, 1);
  lua_createtable(lua_, 0, static_cast<int>(elements));
  ReplyFrame frame{kind, true, elements, 0};
  for (; frame.filled < elements; ++frame.filled) {
    lua_rawgeti(lua_, source, static_cast<lua_Integer>(frame.filled) + 1);
    PlaceInto(frame);
  }
  lua_setfield(lua_, -2, kind == ReplyFrame::Kind::kMap ? "map" : "set");
  lua_replace(lua_, source);
  Place();
}

void LuaReply::EndArray(Deferred, size_t) {
  CloseDeferred(ReplyFrame::Kind::kArray);
}

void LuaReply::EndMap(Deferred, size_t) {
  CloseDeferred(resp3() ? ReplyFrame::Kind::kMap : ReplyFrame::Kind::kArray);
}

void LuaReply::EndSet(Deferred, size_t) {
  CloseDeferred(resp3() ? ReplyFrame::Kind::kSet : ReplyFrame::Kind::kArray);
}

}  // namespace usher::scripting
