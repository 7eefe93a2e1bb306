// LuaReply: the sink of redis.call(). It builds the reply as a Lua value on the stack, by the rules of Redis:
//
//   RESP2   integer -> number    bulk -> string    array -> table    +x -> {ok=x}    -x -> {err=x}    null -> false
//   RESP3   as RESP2, and  null -> nil    #t -> true    ,x -> {double=x}    (x -> {big_number=x}    % -> {map={}}
//           ~ -> {set={x=true}}    =x -> {verbatim_string={string=x, format=y}};  attributes are dropped
//
// An aggregate under construction is a frame: its table is on the stack, the values written next go into it. A map's
// key waits on the stack for its value. Deferred aggregates are filled as arrays and turned into maps or sets at their
// end. Invariant: outside of aggregates the stack is as before, plus the one value once it is complete.
// Complexity: O(1) per value, no allocation besides Lua's. Thread safety: as the lua_State.
#pragma once

#include <lua5.4/lua.hpp>
#include <string_view>

#include "protocol/reply_sink.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {

class LuaReply final : public protocol::ReplySink {
 public:
  /// The value is pushed on `lua`, whose memory limit is lifted (UnlimitedMemory).
  explicit LuaReply(lua_State* lua)
      : lua_(lua), frames_(StateOf(lua).reply_frames), version_(StateOf(lua).version), bottom_(lua_gettop(lua)) {
    frames_.clear();
  }

  protocol::RespVersion version() const override { return version_; }
  void SimpleString(std::string_view text) override;
  void Error(std::string_view text) override;
  void Integer(int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void NullArray() override { Null(); }
  void Double(double value) override;
  void Boolean(bool value) override;
  void BigNumber(std::string_view digits) override;
  void Verbatim(std::string_view format, std::string_view text) override;
  void Array(size_t elements) override;
  void Map(size_t pairs) override;
  void Set(size_t elements) override;
  void Push(size_t elements) override { Array(elements); }
  void Attribute(size_t pairs) override;
  Deferred BeginDeferred() override;
  void EndArray(Deferred start, size_t elements) override;
  void EndMap(Deferred start, size_t pairs) override;
  void EndSet(Deferred start, size_t elements) override;

  /// The reply was nested too deeply: nothing of it is on the stack.
  bool overflown() const { return overflown_; }
  /// Exactly one value was written.
  bool complete() const { return done_ && frames_.empty(); }
  /// That value is an error reply.
  bool is_error() const { return is_error_; }

 private:
  bool resp3() const { return version_ == protocol::RespVersion::kResp3; }
  bool Room();
  void PushField(const char* name, std::string_view text);
  void Begin(ReplyFrame::Kind kind, size_t expected, bool deferred);
  void Place();
  void PlaceInto(ReplyFrame& frame);
  void Close();
  void CloseDeferred(ReplyFrame::Kind kind);

  lua_State* lua_;
  std::vector<ReplyFrame>& frames_;
  protocol::RespVersion version_;
  int bottom_;
  bool done_ = false;
  bool is_error_ = false;
  bool overflown_ = false;
};

}  // namespace usher::scripting
