// Session: what of a client belongs to whoever executes its commands: read buffer, parsed requests, replies, state. At
// home (on its worker) it is run directly; when its next command finds a shard busy the whole session is parked as a
// turn task and belongs to the thread that is granted the turns, until the returned message reaches home.
//
// Invariants: (1) one owner at a time: home, a turn queue, an executing thread, or the blocked index's claimer. (2) the
// read buffer does not move while requests of the batch are unexecuted. (3) replies are in the order of the requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/turn_scheduler.h"
#include "protocol/read_buffer.h"
#include "protocol/request.h"
#include "protocol/resp_parser.h"
#include "protocol/resp_writer.h"
#include "server/client_state.h"
#include "server/mailbox.h"
#include "server/prepared_command.h"
#include "server/visit_state.h"

namespace usher::server {

class Session;
class BlockedClient;

/// Why executing a session's requests stopped.
enum class RunEnd : uint8_t {
  kBatchDone,  // every parsed request is executed
  kParked,     // the session went to a turn queue or the pool: it must not be touched
  kNeedsHome,  // the next request must be executed by the home worker
  kBlocked,    // the client waits for a key (BZPOPMIN, QUEUE WAIT)
  kPaused,     // CLIENT PAUSE holds the next request back
  kFlush,      // replies have grown: send them before going on
  kOwnPush,    // the last command pushed a message to its own client, which comes right behind the reply
  kRefused,    // only inside the dispatcher: the request was refused, its error is written
  kRestart,    // only inside the dispatcher: a script wants all turns and another run
};

/// How a wait ended that nobody served.
enum class WaitEnd : uint8_t {
  kTimeout,   // as the command says
  kUnblocked  // CLIENT UNBLOCK ... ERROR
};

/// The home worker's side, told on its own thread.
class SessionHome {
 public:
  virtual ~SessionHome() = default;
  /// A parked session came back.
  virtual void OnReturned(RunEnd end) = 0;
  /// A blocked session was served: its reply is written.
  virtual void OnServed() = 0;
  /// Appends pushed bytes (messages, MONITOR lines) behind the replies written so far.
  virtual void Push(std::string_view bytes) = 0;
  /// Posts to the home's mailbox. Any thread.
  virtual void PostHome(Message& message) = 0;
};

class Session final : public engine::TurnTask {
 public:
  Session(SessionHome& session_home, std::shared_ptr<ClientInfo> info);
  ~Session() override;

  /// Granted all turns it was parked for (TurnTask).
  void Run(engine::TurnExecutor& executor) override;

  /// Takes the session out of the running if it has not started: true when this call decided so.
  bool Cancel() { return TryMove(RunState::kParked, RunState::kCancelled); }
  bool TryStart() { return TryMove(RunState::kParked, RunState::kRunning); }
  void MarkParked() { run_state_.store(RunState::kParked, std::memory_order_relaxed); }

  SessionHome& home;
  protocol::ReadBuffer input;
  protocol::RespParser parser;
  protocol::RequestBatch batch;
  size_t next_request = 0;
  size_t read_ahead_until = 0;  // requests before this one have been read ahead
  protocol::ReplyBuffer replies;
  protocol::RespWriter writer{replies};
  ClientState client;

  PreparedCommand prepared;  // of request next_request, when is_prepared
  bool is_prepared = false;
  uint64_t admission_generation = 0;
  VisitState visit;
  std::shared_ptr<BlockedClient> blocked;
  bool wait_is_over = false;   // the next request waited until its deadline and must reply now
  bool carries_turns = false;  // it comes home with the turns of the next request, which must run there
  engine::ShardSet carried;

  /// Posts itself home with the reason why it stopped.
  void ReturnHome(RunEnd end);
  void ReportServed();
  /// Posts home that whoever calls this has claimed the waiter: the wait is over without having been served.
  void ReportWaitEnd(WaitEnd end);
  /// Ends a claimed wait on the home's thread: writes its reply and goes on to the next request.
  void EndWait(WaitEnd end);

 private:
  enum class RunState : uint8_t { kParked, kRunning, kCancelled };
  bool TryMove(RunState from, RunState to) {
    return run_state_.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  struct ReturnedMessage final : Message {
    explicit ReturnedMessage(Session& owner) : session(owner) {}
    void Deliver() override { session.home.OnReturned(end); }
    Session& session;
    RunEnd end = RunEnd::kBatchDone;
  };
  struct ServedMessage final : Message {
    explicit ServedMessage(Session& owner) : session(owner) {}
    void Deliver() override { session.home.OnServed(); }
    Session& session;
  };

  struct WaitEndMessage final : Message {
    explicit WaitEndMessage(Session& owner) : session(owner) {}
    void Deliver() override {
      session.EndWait(end);
      session.home.OnServed();
    }
    Session& session;
    WaitEnd end = WaitEnd::kTimeout;
  };

  ReturnedMessage returned_{*this};
  ServedMessage served_{*this};
  WaitEndMessage wait_end_{*this};
  std::atomic<RunState> run_state_{RunState::kRunning};
};

}  // namespace usher::server
