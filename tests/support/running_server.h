// RunningServer: a server with threads in this process, on a unix socket in a folder of its own; for tests of what only
// several threads can do. Thread safety: constructed and destroyed by one thread.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/key_slot.h"
#include "server/config.h"
#include "server/server.h"

namespace usher::tests {

/// A server with threads in this process, on a unix socket in a folder of its own.
class RunningServer {
 public:
  RunningServer(size_t workers, size_t shards, const std::vector<std::pair<std::string, std::string>>& config = {}) {
    char folder[] = "/tmp/usher-stress-XXXXXX";
    folder_ = mkdtemp(folder);
    Set("port", "0");
    Set("unixsocket", path());
    Set("enable-debug-command", "yes");
    Set("loglevel", "warning");
    Set("save", "");
    for (const auto& [name, value] : config) Set(name, value);
    config_.PublishAtStart();
    server::Server::Options options;
    options.worker_count = workers;
    options.shard_count = shards;
    server_ = std::make_unique<server::Server>(config_, options);
    REQUIRE(server_->Start().empty());
    thread_ = std::thread([this] { server_->RunUntilShutdown(); });
  }
  ~RunningServer() {
    server_->RequestShutdown();
    thread_.join();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::string path() const { return folder_ + "/socket"; }
  server::Server& server() { return *server_; }
  engine::ShardIndex ShardOf(const std::string& key) { return server_->engine().ShardOf(engine::KeySlot(key)); }

 private:
  void Set(std::string_view name, const std::string& value) {
    REQUIRE(config_.SetAtStart(*server::FindConfigDirective(name), {value}).empty());
  }

  std::string folder_;
  server::Config config_;
  std::unique_ptr<server::Server> server_;
  std::thread thread_;
};

/// Runs `body(index)` on `count` threads at once; an exception in one fails the test.
inline void OnThreads(size_t count, const std::function<void(size_t)>& body) {
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        body(i);
      } catch (const std::exception& error) {
        ++failures;
        MESSAGE(error.what());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures.load() == 0);
}

}  // namespace usher::tests
