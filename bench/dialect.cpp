// See dialect.h.
#include "bench/dialect.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bench/script_texts.h"  // generated from bench/scripts by CMake
#include "bench/timing.h"

namespace usher::bench {
namespace {

constexpr std::array<std::pair<std::string_view, Answer>, 5> kStatusNames = {{{"NEW", Answer::kNew},
                                                                              {"WAITING", Answer::kWaiting},
                                                                              {"READY", Answer::kReady},
                                                                              {"ACTIVE", Answer::kActive},
                                                                              {"NONE", Answer::kNone}}};

Answer AnswerOf(std::string_view status) {
  for (const auto& [name, answer] : kStatusNames) {
    if (name == status) return answer;
  }
  return Answer::kError;
}

/// The text of "status" in the scripts' JSON.
std::string_view StatusInJson(std::string_view json) {
  constexpr std::string_view kKey = "\"status\":\"";
  const size_t found = json.find(kKey);
  if (found == std::string_view::npos) return {};
  const size_t begin = found + kKey.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

/// The names in a JSON array of plain strings.
std::vector<std::string> NamesInJson(std::string_view json) {
  std::vector<std::string> names;
  size_t open;
  while ((open = json.find('"')) != std::string_view::npos) {
    const size_t close = json.find('"', open + 1);
    if (close == std::string_view::npos) break;
    names.emplace_back(json.substr(open + 1, close - open - 1));
    json.remove_prefix(close + 1);
  }
  return names;
}

std::vector<std::string> NamesIn(const Reply& reply, size_t stride) {
  std::vector<std::string> names;
  for (size_t i = 0; i < reply.elements.size(); i += stride) names.emplace_back(reply.elements[i].text);
  return names;
}

/// 32 hex digits, made by the service where the server does not make them.
std::string MakeToken(int64_t salt, uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string token;
  for (uint64_t half = 0; half < 2; ++half) {
    uint64_t bits = MixBits(static_cast<uint64_t>(salt), 2 * number + half);
    for (int i = 0; i < 16; ++i, bits >>= 4) token.push_back(kDigits[bits & 15]);
  }
  return token;
}

class NativeDialect final : public QueueDialect {
 public:
  std::string_view Name() const override { return "native"; }
  bool BreaksTiesByName() const override { return false; }

  void Begin(Conversation& talk, std::string& out) const override {
    if (talk.work == Work::kEnter) return AppendCommand(out, {"ENTERQUEUE", talk.queue->name, talk.user.Text()});
    AppendCommand(out, {"QUEUE", "STATUS", talk.queue->name, talk.user.Text()});
  }

  bool OnReply(Conversation& talk, const Reply& reply, std::string&) const override {
    talk.answer = AnswerOf(reply.Field("status").text);
    return true;
  }

  std::vector<std::string> Admit(BlockingClient& client, const QueueKeys& queue,
                                 const AdmitOrder& order) const override {
    return NamesIn(client.CallOk({"MOVEACTIVE", queue.name, std::to_string(order.count), "TTL",
                                  std::to_string(order.ttl_s), "MAXACTIVE", std::to_string(order.active_max)}),
                   1);
  }
};

class LuaDialect final : public QueueDialect {
 public:
  std::string_view Name() const override { return "lua"; }

  void Prepare(BlockingClient& client) override {
    enter_sha_ = client.CallOk({"SCRIPT", "LOAD", ScriptText("enter")}).text;
    admit_sha_ = client.CallOk({"SCRIPT", "LOAD", ScriptText("admit")}).text;
    status_sha_ = client.CallOk({"SCRIPT", "LOAD", ScriptText("status")}).text;
  }

  void Begin(Conversation& talk, std::string& out) const override {
    const QueueKeys& queue = *talk.queue;
    const std::string token_key = queue.TokenOf(talk.user.Text());
    if (talk.work == Work::kEnter) {
      const std::string now = std::to_string(talk.now_ms);
      AppendCommand(out, {"EVALSHA", enter_sha_, "3", queue.wait, token_key, queue.config, talk.user.Text(), now});
    } else {
      AppendCommand(out, {"EVALSHA", status_sha_, "2", queue.wait, token_key, talk.user.Text()});
    }
  }

  bool OnReply(Conversation& talk, const Reply& reply, std::string&) const override {
    talk.answer = AnswerOf(StatusInJson(reply.text));
    return true;
  }

  std::vector<std::string> Admit(BlockingClient& client, const QueueKeys& queue,
                                 const AdmitOrder& order) const override {
    const int64_t now_ms = WallMs();
    std::vector<std::string> words = {"EVALSHA",
                                      admit_sha_,
                                      "2",
                                      queue.wait,
                                      queue.active,
                                      queue.token_prefix,
                                      std::to_string(order.count),
                                      std::to_string(order.active_max),
                                      std::to_string(order.ttl_s),
                                      std::to_string(now_ms / 1000)};
    for (int64_t i = 0; i < order.count; ++i) words.push_back(MakeToken(now_ms, static_cast<uint64_t>(i)));
    return NamesInJson(client.CallOk(std::vector<std::string_view>(words.begin(), words.end())).text);
  }

 private:
  std::string enter_sha_;
  std::string admit_sha_;
  std::string status_sha_;
};

class PlainDialect final : public QueueDialect {
 public:
  std::string_view Name() const override { return "plain"; }
  bool AdmitsInPieces() const override { return true; }

  void Begin(Conversation& talk, std::string& out) const override {
    if (talk.work == Work::kPoll) return AppendCommand(out, {"ZRANK", talk.queue->wait, talk.user.Text()});
    AppendCommand(out, {"HGETALL", talk.queue->TokenOf(talk.user.Text())});
  }

  bool OnReply(Conversation& talk, const Reply& reply, std::string& out) const override {
    const int step = talk.step++;
    return talk.work == Work::kEnter ? OnEnterReply(talk, step, reply, out) : OnPollReply(talk, step, reply, out);
  }

  std::vector<std::string> Admit(BlockingClient& client, const QueueKeys& queue,
                                 const AdmitOrder& order) const override {
    const int64_t now_ms = WallMs();
    client.Queue({"ZREMRANGEBYSCORE", queue.active, "-inf", std::to_string(now_ms / 1000)});
    client.Queue({"ZCARD", queue.active});
    client.Flush();
    client.Receive();
    const int64_t count = std::min(order.count, order.active_max - client.Receive().integer);
    if (count <= 0) return {};
    std::vector<std::string> users = NamesIn(client.CallOk({"ZPOPMIN", queue.wait, std::to_string(count)}), 2);
    for (size_t begin = 0; begin < users.size(); begin += kBatchUsers) {
      const size_t end = std::min(begin + kBatchUsers, users.size());
      for (size_t i = begin; i < end; ++i) QueueToken(client, queue, users[i], now_ms / 1000 + order.ttl_s, i);
      client.Flush();
      for (size_t i = begin; i < end; ++i) {
        for (int reply = 0; reply < 3; ++reply) client.Receive();
      }
    }
    return users;
  }

 private:
  static constexpr size_t kBatchUsers = 500;

  static void QueueToken(BlockingClient& client, const QueueKeys& queue, const std::string& user, int64_t expires_s,
                         size_t i) {
    const std::string key = queue.TokenOf(user);
    const std::string expires = std::to_string(expires_s);
    client.Queue({"ZADD", queue.active, expires, user});
    client.Queue(
        {"HSET", key, "token", MakeToken(expires_s, i), "status", "READY", "extend_count", "0", "expired_at", expires});
    client.Queue({"PEXPIREAT", key, expires + "000"});
  }

  // HGETALL token, HGETALL config, ZRANK, ZADD NX, ZRANK, ZCARD
  static bool OnEnterReply(Conversation& talk, int step, const Reply& reply, std::string& out) {
    const QueueKeys& queue = *talk.queue;
    switch (step) {
      case 0:
        if (!reply.elements.empty()) {
          talk.answer = AnswerOf(reply.Field("status").text);
          return true;
        }
        AppendCommand(out, {"HGETALL", queue.config});
        return false;
      case 2:
        talk.answer = reply.IsNull() ? Answer::kNew : Answer::kWaiting;
        AppendCommand(out, {"ZADD", queue.wait, "NX", std::to_string(talk.now_ms), talk.user.Text()});
        return false;
      case 1:
      case 3:
        AppendCommand(out, {"ZRANK", queue.wait, talk.user.Text()});
        return false;
      case 4:
        AppendCommand(out, {"ZCARD", queue.wait});
        return false;
      default:
        return true;
    }
  }

  static bool OnPollReply(Conversation& talk, int step, const Reply& reply, std::string& out) {
    if (step == 0 && reply.IsNull()) {
      AppendCommand(out, {"HGETALL", talk.queue->TokenOf(talk.user.Text())});
      return false;
    }
    if (step == 0) {
      talk.answer = Answer::kWaiting;
    } else {
      talk.answer = reply.elements.empty() ? Answer::kNone : AnswerOf(reply.Field("status").text);
    }
    return true;
  }
};

}  // namespace

QueueKeys::QueueKeys(const std::string& queue_name)
    : name(queue_name),
      wait("queue:wait:{" + queue_name + "}"),
      active("queue:active:{" + queue_name + "}"),
      config("queue:config:{" + queue_name + "}"),
      token_prefix("active:token:{" + queue_name + "}:") {}

std::unique_ptr<QueueDialect> MakeDialect(std::string_view name) {
  if (name == "native") return std::make_unique<NativeDialect>();
  if (name == "lua") return std::make_unique<LuaDialect>();
  if (name == "plain") return std::make_unique<PlainDialect>();
  return nullptr;
}

std::string_view ScriptText(std::string_view name) {
  if (name == "enter") return kEnterScript;
  if (name == "admit") return kAdmitScript;
  if (name == "status") return kStatusScript;
  return {};
}

}  // namespace usher::bench
