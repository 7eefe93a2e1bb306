// See monitor.h.
#include "server/monitor.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "server/execution_thread.h"
#include "server/local_subscribers.h"
#include "server/redaction.h"
#include "server/server.h"
#include "server/session.h"

namespace usher::server {

namespace {

/// A line in one worker's mailbox.
class MonitorMessage final : public Message {
 public:
  MonitorMessage(Worker& to, std::shared_ptr<const std::string> line) : worker_(to), line_(std::move(line)) {}
  void Deliver() override {
    const std::unique_ptr<MonitorMessage> self(this);
    worker_.subscribers().DeliverToMonitors(*line_);
  }

 private:
  Worker& worker_;
  const std::shared_ptr<const std::string> line_;
};

/// "+1700000000.123456 [0 127.0.0.1:5000] "SET" "key" "value"", or [0 lua].
std::string LineOf(const Session& session, int64_t now_us, bool by_script) {
  const std::string micros = std::to_string(now_us % 1'000'000);
  const ClientInfo& info = *session.client.info;
  const bool is_unix = (info.flags.load(std::memory_order_relaxed) & kClientUnixSocket) != 0;
  std::string line = "+" + std::to_string(now_us / 1'000'000) + '.' + std::string(6 - micros.size(), '0') + micros +
                     " [" + std::to_string(session.client.db) + ' ';
  if (by_script) {
    line += "lua";
  } else {
    line += is_unix ? "unix:" + info.address.substr(0, info.address.size() - 2) : info.address;
  }
  line += ']';
  for (const std::string_view arg : RedactedArgs(session.prepared.args)) {
    line += ' ';
    AppendQuoted(line, arg);
  }
  line += "\r\n";
  return line;
}

}  // namespace

void AppendQuoted(std::string& line, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  static constexpr std::pair<char, char> kNamed[] = {{'\\', '\\'}, {'"', '"'},  {'\n', 'n'}, {'\r', 'r'},
                                                     {'\t', 't'},  {'\a', 'a'}, {'\b', 'b'}};
  line += '"';
  for (const char c : bytes) {
    const auto* const named = std::find_if(std::begin(kNamed), std::end(kNamed), [&](auto n) { return n.first == c; });
    if (named != std::end(kNamed)) {
      line += '\\';
      line += named->second;
    } else if (c >= ' ' && c <= '~') {
      line += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      line += "\\x";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    }
  }
  line += '"';
}

void MonitorHub::Add(const Worker& home) {
  by_worker_[home.index()].fetch_add(1);
  total_.fetch_add(1);
}

void MonitorHub::Remove(const Worker& home) {
  total_.fetch_sub(1);
  by_worker_[home.index()].fetch_sub(1);
}

void MonitorHub::Feed(const Session& session, ExecutionThread& thread) const {
  if ((session.prepared.row->spec->flags & (kAdmin | kSkipMonitor)) == 0) Send(session, thread, false);
}

void MonitorHub::FeedCaller(const Session& session, ExecutionThread& thread) const {
  Send(session, thread, false);
}

void MonitorHub::FeedCalled(const Session& session, ExecutionThread& thread) const {
  if ((session.prepared.row->spec->flags & (kAdmin | kSkipMonitor)) == 0) Send(session, thread, true);
}

void MonitorHub::Send(const Session& session, ExecutionThread& thread, bool by_script) const {
  std::shared_ptr<const std::string> line;
  for (const auto& worker : thread.server.workers()) {
    if (by_worker_[worker->index()].load(std::memory_order_relaxed) == 0) continue;
    if (line == nullptr) line = std::make_shared<const std::string>(LineOf(session, thread.now_us(), by_script));
    worker->PostAndWake(*new MonitorMessage(*worker, line));
  }
}

}  // namespace usher::server
