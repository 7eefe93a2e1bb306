// See drive.h.
#include "bench/drive.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>

#include "bench/command_template.h"
#include "bench/json_writer.h"
#include "bench/resp_client.h"
#include "bench/schedule.h"
#include "bench/timing.h"

namespace usher::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr int kEventsMax = 128;
constexpr int kWaitMs = 100;

/// What the threads of a run share: who may still start how many operations.
class Quota {
 public:
  Quota(uint64_t operations, int64_t first, int64_t end_ns)
      : operations_(operations), first_(static_cast<uint64_t>(first)), end_ns_(end_ns) {}

  /// Takes up to `wanted` operations; *sequence is the number of the first.
  size_t Take(size_t wanted, uint64_t* sequence) {
    const uint64_t taken = taken_.fetch_add(wanted, std::memory_order_relaxed);
    *sequence = first_ + taken;
    if (operations_ == 0) return NowNs() < end_ns_ ? wanted : 0;
    return taken >= operations_ ? 0 : std::min<uint64_t>(wanted, operations_ - taken);
  }

 private:
  const uint64_t operations_;  // 0: until end_ns_
  const uint64_t first_;
  const int64_t end_ns_;
  std::atomic<uint64_t> taken_{0};
};

class DriveThread {
 public:
  DriveThread(const DriveSettings& settings, const CommandTemplate& commands, size_t index, size_t connections);
  void Run(Quota& quota);
  const DriveResult& result() const { return result_; }

 private:
  struct Connection {
    FileDescriptor fd;
    std::string batch;
    std::string in;  // an incomplete reply
    size_t pending_replies = 0;
    size_t pending_operations = 0;
    int64_t sent_ns = 0;
  };

  bool StartBatch(Connection& connection, Quota& quota);
  void OnReadable(Connection& connection, Quota& quota);
  std::string_view CountReplies(Connection& connection, std::string_view bytes);

  const DriveSettings& settings_;
  const CommandTemplate& commands_;
  FileDescriptor epoll_;
  std::vector<Connection> connections_;
  std::vector<char> read_buffer_;
  uint64_t draws_;
  size_t busy_ = 0;
  DriveResult result_;
};

DriveThread::DriveThread(const DriveSettings& settings, const CommandTemplate& commands, size_t index,
                         size_t connections)
    : settings_(settings),
      commands_(commands),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      connections_(connections),
      read_buffer_(kReadBytes),
      draws_(uint64_t{index} << 48) {
  for (Connection& connection : connections_) {
    connection.fd = ConnectTo(settings.address);
    connection.batch = commands.MakeBatch(static_cast<size_t>(settings.pipeline));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, connection.fd.Get(), &event);
  }
}

void DriveThread::Run(Quota& quota) {
  for (Connection& connection : connections_) {
    if (!StartBatch(connection, quota)) break;
  }
  std::array<epoll_event, kEventsMax> events;
  while (busy_ > 0) {
    const int ready = epoll_wait(epoll_.Get(), events.data(), kEventsMax, kWaitMs);
    for (int i = 0; i < ready; ++i)
      OnReadable(*static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr), quota);
  }
}

// Sockets block here: a batch is small, and a server that does not read it has not answered the last one either.
bool DriveThread::StartBatch(Connection& connection, Quota& quota) {
  uint64_t sequence = 0;
  const size_t operations = quota.Take(static_cast<size_t>(settings_.pipeline), &sequence);
  if (operations == 0) return false;
  const auto keyspace = static_cast<uint64_t>(settings_.keyspace);
  const int64_t now_ms = WallMs();
  for (size_t i = 0; i < operations; ++i, draws_ += 2) {
    const uint64_t random = MixBits(static_cast<uint64_t>(settings_.seed), draws_) % keyspace;
    const uint64_t score = MixBits(static_cast<uint64_t>(settings_.seed), draws_ + 1) % keyspace;
    commands_.Fill(connection.batch, i, random, score, sequence + i, now_ms);
  }
  connection.pending_operations = operations;
  connection.pending_replies = operations * commands_.commands();
  connection.sent_ns = NowNs();
  std::string_view rest = std::string_view(connection.batch).substr(0, operations * commands_.bytes());
  while (!rest.empty()) {
    const ssize_t bytes = send(connection.fd.Get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) throw std::runtime_error("the server closed a connection");
    rest.remove_prefix(static_cast<size_t>(bytes));
  }
  ++busy_;
  return true;
}

void DriveThread::OnReadable(Connection& connection, Quota& quota) {
  const ssize_t bytes = recv(connection.fd.Get(), read_buffer_.data(), read_buffer_.size(), 0);
  if (bytes < 0 && errno == EINTR) return;
  if (bytes <= 0) throw std::runtime_error("the server closed a connection");
  const std::string_view fresh(read_buffer_.data(), static_cast<size_t>(bytes));
  if (connection.in.empty()) {
    connection.in = CountReplies(connection, fresh);
  } else {
    connection.in += fresh;
    connection.in = std::string(CountReplies(connection, connection.in));
  }
  if (connection.pending_replies > 0) return;
  result_.operations += connection.pending_operations;
  result_.batch_latency.Record(NowNs() - connection.sent_ns);
  --busy_;
  StartBatch(connection, quota);
}

/// Counts the whole replies in `bytes`; returns what is left over.
std::string_view DriveThread::CountReplies(Connection& connection, std::string_view bytes) {
  while (!bytes.empty()) {
    ReplyScanner scanner;
    const ReplyScanner::Result scanned = scanner.Scan(bytes);
    if (scanned == ReplyScanner::Result::kIncomplete) break;
    if (scanned == ReplyScanner::Result::kBroken || connection.pending_replies == 0) {
      throw std::runtime_error("reply that is not RESP, or without a request");
    }
    if (bytes[0] == '-' && ++result_.errors == 1) result_.first_error = bytes.substr(1, scanner.Length() - 3);
    --connection.pending_replies;
    bytes.remove_prefix(scanner.Length());
  }
  return bytes;
}

void RunThreads(std::vector<std::unique_ptr<DriveThread>>& drivers, Quota& quota, DriveResult& result) {
  std::vector<std::thread> threads;
  std::vector<std::string> failures(drivers.size());
  for (size_t i = 0; i < drivers.size(); ++i) {
    threads.emplace_back([&drivers, &quota, &failures, i] {
      try {
        drivers[i]->Run(quota);
      } catch (const std::exception& error) {
        failures[i] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < drivers.size(); ++i) {
    if (!failures[i].empty()) throw std::runtime_error(failures[i]);
    const DriveResult& part = drivers[i]->result();
    result.operations += part.operations;
    result.errors += part.errors;
    if (result.first_error.empty()) result.first_error = part.first_error;
    result.batch_latency.Merge(part.batch_latency);
  }
}

}  // namespace

DriveResult RunDrive(const DriveSettings& settings) {
  if (settings.connections == 0 || settings.pipeline == 0 || settings.threads == 0 || settings.keyspace == 0) {
    throw std::runtime_error("connections, pipeline, threads and keyspace must be positive");
  }
  const CommandTemplate commands(settings.words);
  const auto threads = static_cast<size_t>(settings.threads);
  const auto connections = static_cast<size_t>(settings.connections);
  std::vector<std::unique_ptr<DriveThread>> drivers;
  for (size_t i = 0; i < threads; ++i) {
    const size_t share = connections * (i + 1) / threads - connections * i / threads;
    drivers.push_back(std::make_unique<DriveThread>(settings, commands, i, share));
  }
  DriveResult result;
  std::unique_ptr<BlockingClient> client = std::make_unique<BlockingClient>(settings.address);
  if (settings.server_pid > 0) result.server_cpu = ReadServerCpu(*client, settings.server_pid);
  const int64_t cpu_before_ns = ReadClockNs(CLOCK_PROCESS_CPUTIME_ID);
  const int64_t start_ns = NowNs();
  Quota quota(static_cast<uint64_t>(settings.requests), settings.first,
              start_ns + static_cast<int64_t>(settings.seconds * static_cast<double>(kNsPerSecond)));
  RunThreads(drivers, quota, result);
  result.wall_s = Seconds(NowNs() - start_ns);
  result.generator_cpu_s = Seconds(ReadClockNs(CLOCK_PROCESS_CPUTIME_ID) - cpu_before_ns);
  if (result.server_cpu) {
    const std::optional<CpuTime> after = ReadServerCpu(*client, settings.server_pid);
    result.server_cpu = after ? std::optional<CpuTime>(UsedBetween(*result.server_cpu, *after)) : std::nullopt;
  }
  return result;
}

std::string DriveLine(const DriveResult& result) {
  const auto operations = static_cast<double>(std::max<uint64_t>(result.operations, 1));
  char line[512];
  int length = std::snprintf(line, sizeof line, "%.0f operations in %.2f s: %.0f/s, generator %.2f us each", operations,
                             result.wall_s, operations / result.wall_s, result.generator_cpu_s * 1e6 / operations);
  std::string text(line, static_cast<size_t>(length));
  if (result.server_cpu) {
    length =
        std::snprintf(line, sizeof line, ", server %.2f us user + %.2f us system",
                      result.server_cpu->user_s * 1e6 / operations, result.server_cpu->system_s * 1e6 / operations);
    text.append(line, static_cast<size_t>(length));
  }
  if (result.errors > 0) text += ", " + std::to_string(result.errors) + " errors: " + result.first_error;
  return text + "\n";
}

std::string DriveJson(const DriveResult& result) {
  JsonWriter json;
  json.OpenObject();
  json.Number("operations", static_cast<double>(result.operations));
  json.Number("errors", static_cast<double>(result.errors));
  json.String("first_error", result.first_error);
  json.Number("wall_s", result.wall_s);
  json.Number("per_s", static_cast<double>(result.operations) / result.wall_s);
  json.Number("generator_cpu_s", result.generator_cpu_s);
  if (result.server_cpu) {
    json.Number("server_user_s", result.server_cpu->user_s);
    json.Number("server_system_s", result.server_cpu->system_s);
  }
  json.Number("batch_p50_ms", static_cast<double>(result.batch_latency.ValueAt(0.5)) / static_cast<double>(kNsPerMs));
  json.Number("batch_p99_ms", static_cast<double>(result.batch_latency.ValueAt(0.99)) / static_cast<double>(kNsPerMs));
  json.CloseObject();
  return json.Text() + "\n";
}

}  // namespace usher::bench
