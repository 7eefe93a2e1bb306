// Connection: a client's socket on its home worker. It feeds the session, sends its replies (one send per batch), and
// waits while the session is elsewhere. Pushed messages go to the same output queue, between replies.
//
//   kOpen -> kRunning -> kOpen;  kRunning -> (parks) kAway -> kOpen;  kRunning -> kWaiting (blocked on a key) -> kOpen;
//   kHeld: CLIENT PAUSE, or what the client has pushed to itself goes out first
//
// Invariants: (1) while the session runs, is away or claimed, only the transport, the output queue and the kill
// decision are touched here; that it runs is seen only by what the worker does while a script of it runs. (2) nothing
// is freed before the session is home. Thread safety: the home worker's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/resp_writer.h"
#include "server/config_values.h"
#include "server/event_loop.h"
#include "server/session.h"
#include "server/transport.h"

namespace usher::server {

class Worker;

class Connection final : public SessionHome {
 public:
  Connection(Worker& home_worker, std::unique_ptr<Transport> socket, std::shared_ptr<ClientInfo> info);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Starts reading.
  void Start();
  uint64_t id() const { return info_->id; }
  const std::shared_ptr<ClientInfo>& info() const { return info_; }

  // SessionHome.
  void OnReturned(RunEnd end) override;
  void OnServed() override;
  void Push(std::string_view bytes) override;
  void PostHome(Message& message) override;

  /// Sends replies and what was pushed, unless it has to wait for the replies of commands that run elsewhere.
  void SendOwed();
  /// Closes as soon as the session is home. `now`: without waiting for unsent replies.
  enum class CloseWhen : uint8_t { kNow, kAfterReplies };
  void Close(CloseWhen when);
  /// A wait's time is up: it ends as its command says.
  void OnDeadline();
  /// The append-only file has come to this place: sends the replies that waited for it. True when none wait any more.
  bool OnDurable(uint64_t position);
  /// Goes on after CLIENT PAUSE ended.
  void Resume();
  /// The socket is ready for what NoteReady() was told.
  void HandleReady();
  /// Called some times a second: idle timeout, buffers, soft output limit.
  void OnTick(int64_t now_ms);

 private:
  /// Replies that leave when the append-only file has come to a place.
  struct HeldReplies {
    size_t bytes = 0;
    uint64_t position = 0;
  };
  enum class State : uint8_t { kOpen, kRunning, kAway, kWaiting, kHeld };

  static void OnSocket(void* owner, int events, bool error);
  void OnReadable();
  void OnWritable();
  void Process();
  bool ParseMore();
  void HandleEnd(RunEnd end);
  void EnterWait();
  void LetOwnPushIn();
  void GiveUpWait();
  void OweFlush();
  void Flush();
  bool SendQueued();
  void QueuePushed();
  void MayHold(size_t bytes);
  void UpdateWatch();
  void EnforceOutputLimit(int64_t now_ms);
  void ReportUsage();
  ClientClass OutputClass() const;
  void EndClosed(RunEnd end);
  void DestroyIfPossible();

  Worker& worker_;
  const std::shared_ptr<ClientInfo> info_;
  const std::unique_ptr<Transport> transport_;
  std::optional<SocketWatcher> watcher_;
  Session session_;
  protocol::ReplyBuffer queued_;   // what the socket did not take yet, older than session_.replies
  protocol::ReplyBuffer pushed_;   // pushed while the session was away, younger than its replies
  std::vector<HeldReplies> held_;  // of queued_, at its end; oldest first
  size_t held_bytes_ = 0;          // of all of them
  State state_ = State::kOpen;
  bool closing_ = false;       // gone as soon as the session is home
  bool served_early_ = false;  // its wait was over before it was known to have begun
  bool close_after_send_ = false;
  bool stop_reading_ = false;  // bytes arrived while the session was away
  bool protocol_error_ = false;
  bool owes_flush_ = false;             // the worker will call SendOwed()
  int ready_events_ = 0;                // the worker will call HandleReady(), which sees to these
  std::optional<int64_t> deadline_ms_;  // of the current wait
  int64_t over_soft_limit_since_ms_ = 0;
};

}  // namespace usher::server
