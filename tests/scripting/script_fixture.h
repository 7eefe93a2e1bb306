// A runtime with a host that knows a few commands, for the tests of scripting/. Replies are compared as RESP with '|'
// for line ends.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/resp_writer.h"
#include "scripting/lua_runtime.h"

namespace usher::tests {

/// SET, GET, ECHO, FAIL, ALL (one value of every kind), DEEP n (n nested arrays), ABANDON, NEST (deferred aggregates).
class FakeHost : public scripting::ScriptHost {
 public:
  CallStatus Call(std::span<const std::string_view> args, protocol::ReplySink& reply) override {
    ++calls;
    const std::string_view name = args[0];
    if (name == "SET") {
      values[std::string(args[1])] = args[2];
      reply.Ok();
    } else if (name == "GET") {
      const auto found = values.find(std::string(args[1]));
      found == values.end() ? reply.Null() : reply.Bulk(found->second);
    } else if (name == "ECHO") {
      reply.Bulk(args[1]);
    } else if (name == "ALL") {
      WriteAll(reply);
    } else if (name == "NEST") {
      WriteDeferred(reply);
    } else if (name == "DEEP") {
      for (int depth = std::stoi(std::string(args[1])); depth > 0; --depth) reply.Array(1);
      reply.Integer(7);
    } else if (name == "ABANDON") {
      return CallStatus::kAbandon;
    } else {
      reply.Error("ERR Unknown Redis command called from script");
    }
    return CallStatus::kReplied;
  }
  Interrupt Poll() override {
    ++polls;
    return polls >= polls_before_interrupt ? interrupt : Interrupt::kNone;
  }
  void Log(scripting::LogLevel level, std::string_view text) override {
    log.push_back(std::to_string(static_cast<int>(level)) + ' ' + std::string(text));
  }
  void SetReplication(uint32_t targets) override { replication = targets; }
  AclVerdict AclCheck(std::span<const std::string_view> args) override {
    if (args[0] == "GET") return AclVerdict::kAllowed;
    return args[0] == "SET" ? AclVerdict::kDenied : AclVerdict::kUnknownCommand;
  }

  std::map<std::string, std::string> values;
  std::vector<std::string> log;
  uint32_t replication = 3;
  int calls = 0;
  int polls = 0;
  int polls_before_interrupt = 1;
  Interrupt interrupt = Interrupt::kNone;

 private:
  static void WriteAll(protocol::ReplySink& reply) {
    reply.Array(8);
    reply.Integer(1);
    reply.Null();
    reply.Double(1.5);
    reply.Boolean(true);
    reply.BigNumber("123");
    reply.Verbatim("txt", "text");
    reply.Map(1);
    reply.Bulk("key");
    reply.Array(0);
    reply.Set(2);
    reply.Bulk("a");
    reply.Bulk("b");
  }
  static void WriteDeferred(protocol::ReplySink& reply) {
    const auto outer = reply.BeginDeferred();
    const auto map = reply.BeginDeferred();
    reply.Bulk("key");
    const auto set = reply.BeginDeferred();
    reply.Integer(5);
    reply.EndSet(set, 1);
    reply.EndMap(map, 1);
    reply.EndArray(outer, 1);
  }
};

inline std::string Shown(std::string_view resp) {
  std::string shown;
  for (const char c : resp) {
    if (c != '\r') shown += c == '\n' ? '|' : c;
  }
  return shown;
}

/// Runs scripts one after another in one runtime.
class ScriptFixture {
 public:
  explicit ScriptFixture(const scripting::LuaSettings& settings = {})
      : runtime(scripting::RuntimeKind::kEval, settings) {}

  std::string Eval(std::string_view body, std::initializer_list<std::string_view> keys = {},
                   std::initializer_list<std::string_view> args = {}) {
    std::string error;
    const auto script = runtime.Compile(body, "SHA", &error);
    if (!script) return "no script: " + error;
    protocol::ReplyBuffer buffer;
    protocol::RespWriter writer(buffer, version);
    outcome = runtime.Run(*script, {keys.begin(), keys.size()}, {args.begin(), args.size()}, host, writer);
    runtime.Drop(*script);
    return Shown(buffer.Pending());
  }

  scripting::LuaRuntime runtime;
  FakeHost host;
  protocol::RespVersion version = protocol::RespVersion::kResp2;
  scripting::RunOutcome outcome;
};

}  // namespace usher::tests
