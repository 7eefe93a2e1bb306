// LoadWorker: one generator thread. It owns a share of the connections and works off every threads-th arrival of the
// schedule on an epoll loop of its own:
//
//   arrival due -> an idle connection (least recently used first, so that all are used) -> the dialect's commands, one
//   outstanding per connection -> answer -> histogram (latency from the intended time) and the person's EntryRecord
//
// When no connection is idle the arrival waits in the schedule, at the cost of its own latency; nothing is dropped
// before the drain time after the schedule's end is over.
//
// Thread safety: Run() runs on its own thread. Counters are atomics, readable at any time; everything else only before
// Run() starts and after it has returned. An EntryRecord is written only by the worker whose arrival it is.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "bench/dialect.h"
#include "bench/histogram.h"
#include "bench/schedule.h"
#include "bench/socket.h"
#include "bench/verification.h"

namespace usher::bench {

/// What all the workers of a run share.
struct LoadPlan {
  Address address;
  const Schedule* schedule;
  const QueueDialect* dialect;
  const std::vector<QueueKeys>* queues;
  std::vector<EntryRecord>* entries;
  uint64_t seed;
  size_t workers;
  int64_t drain_ns;     // how long unanswered arrivals are waited for after the schedule's end
  int64_t hopeless_ns;  // an arrival that could not be sent for so long ends the run early
  const std::atomic<bool>* stop;
};

struct LoadCounters {
  std::atomic<uint64_t> entered{0};
  std::atomic<uint64_t> polled{0};
  std::atomic<uint64_t> failed{0};
  std::atomic<int64_t> behind_ns{0};  // how late the last arrival was sent
};

struct LoadResults {
  Histogram enter;  // from the intended time
  Histogram poll;
  Histogram send_lag;  // from the intended time to sending: what the generator, or having no idle connection, added
  std::vector<LostPoll> lost_polls;
  std::map<std::string, uint64_t> errors;
  int64_t last_answer_ns = 0;
  double cpu_s = 0;
};

class LoadWorker {
 public:
  /// Opens the connections; throws when the server refuses one.
  LoadWorker(const LoadPlan& plan, size_t index, size_t connections);

  /// Works until all arrivals are answered or the drain time is over; the schedule's 0 is at `start_ns`.
  void Run(int64_t start_ns);

  const LoadCounters& counters() const { return counters_; }
  const LoadResults& results() const { return results_; }

 private:
  struct Connection {
    FileDescriptor fd;
    std::string out;  // not yet sent; empty unless the socket is full
    std::string in;   // an incomplete reply; empty unless one came in pieces
    ReplyScanner scanner;
    Conversation talk;
    size_t entry = 0;
    int64_t intended_ns = 0;
    int64_t sent_ns = 0;
    bool is_busy = false;
    bool wants_write = false;  // EPOLLOUT is asked for
  };

  bool IsFinished(int64_t now_ns) const;
  void StartDueArrivals(int64_t now_ns);
  void StartArrival(Connection& connection, const Arrival& arrival, int64_t now_ns);
  void WaitForEvents(int64_t now_ns);
  void OnReadable(Connection& connection);
  void OnBytes(Connection& connection, std::string_view bytes);
  void OnReply(Connection& connection, const Reply& reply);
  void Finish(Connection& connection);
  void Send(Connection& connection);
  void FlushOut(Connection& connection);
  void Fail(Connection& connection, const std::string& why);
  void Lose(Connection& connection, const std::string& why);

  const LoadPlan plan_;
  FileDescriptor epoll_;
  std::vector<Connection> connections_;
  std::deque<Connection*> idle_;
  std::string scratch_;  // commands on their way out
  std::vector<char> read_buffer_;
  size_t next_;  // the next arrival of this worker
  size_t outstanding_ = 0;
  size_t lost_connections_ = 0;
  int64_t start_ns_ = 0;
  LoadCounters counters_;
  LoadResults results_;
};

}  // namespace usher::bench
