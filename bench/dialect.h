// QueueDialect: the three ways in which a service may talk to its waiting room, on the same keys, so that the load, the
// admission and the verification around them are one and the same:
//
//   native  ENTERQUEUE, MOVEACTIVE, QUEUE STATUS: one round trip each
//   lua     the equivalent scripts by EVALSHA (bench/scripts): one round trip each
//   plain   separate calls: entering is six round trips, a poll two, an admission three pipelined batches
//
// A Conversation is one person's enter or poll. The generator sends what the dialect appends and hands back each reply
// until the dialect says that it is done, so it knows nothing of commands.
//
// Thread safety: a dialect is immutable after Prepare() and shared by all threads; a Conversation belongs to one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/resp_client.h"
#include "bench/schedule.h"
#include "bench/socket.h"
#include "bench/user_name.h"

namespace usher::bench {

/// The keys of one queue.
struct QueueKeys {
  explicit QueueKeys(const std::string& queue_name);
  std::string TokenOf(std::string_view user) const { return token_prefix + std::string(user); }

  std::string name;
  std::string wait;
  std::string active;
  std::string config;
  std::string token_prefix;
};

/// What a person was told.
enum class Answer : uint8_t { kNoAnswer, kNew, kWaiting, kReady, kActive, kNone, kError };

struct Conversation {
  Work work = Work::kEnter;
  const QueueKeys* queue = nullptr;
  UserName user{0, 0};
  int64_t now_ms = 0;
  int step = 0;  // the dialect's own: how many replies it has had
  Answer answer = Answer::kNoAnswer;
};

struct AdmitOrder {
  int64_t count;
  int64_t active_max;
  int64_t ttl_s;
};

class QueueDialect {
 public:
  virtual ~QueueDialect() = default;
  virtual std::string_view Name() const = 0;
  /// Loads what the server needs before the first conversation.
  virtual void Prepare(BlockingClient&) {}
  /// Appends the first command.
  virtual void Begin(Conversation& talk, std::string& out) const = 0;
  /// Reads one reply (never an error); appends the next command and answers false, or sets talk.answer and answers
  /// true.
  virtual bool OnReply(Conversation& talk, const Reply& reply, std::string& out) const = 0;
  /// Admits people from the front; returns them in order.
  virtual std::vector<std::string> Admit(BlockingClient& client, const QueueKeys& queue,
                                         const AdmitOrder& order) const = 0;
  /// Scores are whole milliseconds, so that people who came within the same one are ordered by name.
  virtual bool BreaksTiesByName() const { return true; }
  /// Admission is several calls, between which a person is in neither set.
  virtual bool AdmitsInPieces() const { return false; }
};

/// The dialect called "native", "lua" or "plain", or null.
std::unique_ptr<QueueDialect> MakeDialect(std::string_view name);

/// The text of the script "enter", "admit" or "status", or an empty view.
std::string_view ScriptText(std::string_view name);

}  // namespace usher::bench
