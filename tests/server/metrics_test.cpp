// The metrics endpoint: its text, read back by a small parser of the Prometheus text format, and a real scrape.
#include "server/metrics.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

namespace usher::server {
namespace {

constexpr std::array<double, 3> kBounds = {1, 5, 60};

/// A source that runs a function.
class FunctionSource final : public MetricsSource {
 public:
  explicit FunctionSource(std::function<void(MetricsSink&)> report) : report_(std::move(report)) {}
  void Collect(MetricsSink& sink) override { report_(sink); }

 private:
  std::function<void(MetricsSink&)> report_;
};

/// A page of metrics: `name{labels}` -> value, and each family's type. Fails the test on a malformed page. The
/// exposer's metrics about itself are left out: they are prometheus-cpp's, and a summary without samples is NaN there.
struct Page {
  std::map<std::string, double> samples;
  std::map<std::string, std::string> types;

  double At(const std::string& series) const {
    REQUIRE_MESSAGE(samples.contains(series), series);
    return samples.at(series);
  }
};

Page Parse(const std::string& text) {
  Page page;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (line.starts_with("# TYPE ")) {
      std::string hash, keyword, name, type;
      words >> hash >> keyword >> name >> type;
      CHECK_MESSAGE(page.types.emplace(name, type).second, "family twice: ", name);
    } else if (!line.empty() && !line.starts_with('#') && !line.starts_with("exposer_")) {
      const size_t space = line.rfind(' ');
      REQUIRE(space != std::string::npos);
      const double value = std::stod(line.substr(space + 1));
      CHECK_MESSAGE(std::isfinite(value), line);
      CHECK_MESSAGE(page.samples.emplace(line.substr(0, space), value).second, "series twice: ", line);
    }
  }
  return page;
}

Page Render(std::function<void(MetricsSink&)> report) {
  FunctionSource source(std::move(report));
  return Parse(RenderMetrics(source, "concert_id"));
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// A listening socket on a port of the kernel's choice, closed at the end of the scope.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = Loopback(0);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(socket_, generic, length) == 0);
    REQUIRE(::listen(socket_, 1) == 0);
    REQUIRE(::getsockname(socket_, generic, &length) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  uint16_t port() const { return port_; }

 private:
  int socket_;
  uint16_t port_ = 0;
};

/// Asks for a page over HTTP/1.0 and returns the whole answer; empty when nobody listens.
std::string HttpGet(uint16_t port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Loopback(port);
  std::string answer;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
    CHECK(::send(socket, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<size_t>(got));
    }
  }
  ::close(socket);
  return answer;
}

/// An endpoint on a free port. The port is free when it is asked for; should another process be faster, we try again.
std::pair<std::unique_ptr<MetricsEndpoint>, uint16_t> StartOnFreePort(MetricsSource& source) {
  MetricsOptions options;
  for (int attempt = 0; attempt < 10; ++attempt) {
    options.port = Listener().port();
    try {
      return {MetricsEndpoint::Start(options, source), options.port};
    } catch (const std::runtime_error&) {
      continue;
    }
  }
  return {};
}

TEST_CASE("Metrics: a queue has exactly the names of the product document") {
  const std::array<uint64_t, 4> counts = {2, 3, 0, 1};
  const Page page = Render([&](MetricsSink& sink) {
    sink.Queue({.name = "concert-1",
                .waiting = 10,
                .active = 4,
                .entered = 20,
                .admitted = 6,
                .expired = 1,
                .left = 3,
                .admitted_per_second = 1.5,
                .wait_seconds = {kBounds, counts, 99.5}});
  });
  CHECK(page.At("queue_wait_size{concert_id=\"concert-1\"}") == 10);
  CHECK(page.At("queue_active_size{concert_id=\"concert-1\"}") == 4);
  CHECK(page.At("queue_entered_total{concert_id=\"concert-1\"}") == 20);
  CHECK(page.At("queue_admitted_total{concert_id=\"concert-1\"}") == 6);
  CHECK(page.At("queue_expired_total{concert_id=\"concert-1\"}") == 1);
  CHECK(page.At("queue_left_total{concert_id=\"concert-1\"}") == 3);
  CHECK(page.At("queue_throughput_users_per_second{concert_id=\"concert-1\"}") == 1.5);
  CHECK(page.types.at("queue_wait_size") == "gauge");
  CHECK(page.types.at("queue_entered_total") == "counter");
  CHECK(page.types.at("queue_wait_seconds") == "histogram");
}

TEST_CASE("Metrics: the histogram's buckets are cumulative and end at +Inf") {
  const std::array<uint64_t, 4> counts = {2, 3, 0, 1};
  const Page page = Render([&](MetricsSink& sink) {
    sink.Queue({.name = "q", .wait_seconds = {kBounds, counts, 99.5}});
  });
  CHECK(page.At("queue_wait_seconds_bucket{concert_id=\"q\",le=\"1\"}") == 2);
  CHECK(page.At("queue_wait_seconds_bucket{concert_id=\"q\",le=\"5\"}") == 5);
  CHECK(page.At("queue_wait_seconds_bucket{concert_id=\"q\",le=\"60\"}") == 5);
  CHECK(page.At("queue_wait_seconds_bucket{concert_id=\"q\",le=\"+Inf\"}") == 6);
  CHECK(page.At("queue_wait_seconds_count{concert_id=\"q\"}") == 6);
  CHECK(page.At("queue_wait_seconds_sum{concert_id=\"q\"}") == 99.5);
}

TEST_CASE("Metrics: NaN and infinities are written as 0") {
  const Page page = Render([](MetricsSink& sink) {
    sink.Queue({.name = "empty",
                .admitted_per_second = std::nan(""),
                .wait_seconds = {{}, {}, std::numeric_limits<double>::infinity()}});
    sink.Server({.uptime_seconds = -std::numeric_limits<double>::infinity()});
  });
  CHECK(page.At("queue_throughput_users_per_second{concert_id=\"empty\"}") == 0);
  CHECK(page.At("queue_wait_seconds_sum{concert_id=\"empty\"}") == 0);
  CHECK(page.At("queue_wait_seconds_count{concert_id=\"empty\"}") == 0);
  CHECK(page.At("redis_uptime_in_seconds") == 0);
}

TEST_CASE("Metrics: server, databases, commands and workers are reported") {
  const Page page = Render([](MetricsSink& sink) {
    sink.Server({.usher_version = "1.2.3", .connected_clients = 7, .memory_used_bytes = 1'234'567'890'123});
    sink.Db({.index = 0, .keys = 5, .keys_expiring = 2});
    sink.Db({.index = 3, .keys = 1});
    sink.Command({.name = "config|get", .calls = 4, .usec = 2'500'000, .failed_calls = 1});
    sink.Worker({.index = 1, .connections = 8, .commands = 9, .parked_commands = 2, .busy_seconds = 0.25});
  });
  CHECK(page.At("redis_up") == 1);
  CHECK(page.At("redis_instance_info{role=\"master\",usher_version=\"1.2.3\"}") == 1);
  CHECK(page.At("redis_connected_clients") == 7);
  CHECK(page.At("redis_memory_used_bytes") == 1'234'567'890'123.0);
  CHECK(page.At("redis_db_keys{db=\"db0\"}") == 5);
  CHECK(page.At("redis_db_keys_expiring{db=\"db0\"}") == 2);
  CHECK(page.At("redis_db_keys{db=\"db3\"}") == 1);
  CHECK(page.At("redis_commands_total{cmd=\"config|get\"}") == 4);
  CHECK(page.At("redis_commands_duration_seconds_total{cmd=\"config|get\"}") == 2.5);
  CHECK(page.At("redis_commands_failed_calls_total{cmd=\"config|get\"}") == 1);
  CHECK(page.At("usher_worker_connections{worker=\"1\"}") == 8);
  CHECK(page.At("usher_worker_parked_commands{worker=\"1\"}") == 2);
  CHECK(page.At("usher_worker_busy_seconds_total{worker=\"1\"}") == 0.25);
}

TEST_CASE("Metrics: any queue name gives a valid, unique series") {
  const std::string replacement = "\xEF\xBF\xBD";
  const std::vector<std::string> names = {
      "plain",        "a\"b\\c\nd", "\xED\x95\x9C\xEA\xB5\xAD", "\xFF",    replacement, replacement + "ff", "\xC3",
      "\xED\xA0\x80", "\xC0\x80",   "\xF4\x90\x80\x80",         "\xE2\x82"};
  const Page page = Render([&](MetricsSink& sink) {
    for (const std::string& name : names) sink.Queue({.name = name, .waiting = 1});
  });
  size_t waiting = 0;
  for (const auto& [series, value] : page.samples) waiting += series.starts_with("queue_wait_size{") ? 1 : 0;
  CHECK(waiting == names.size());
  CHECK(page.At("queue_wait_size{concert_id=\"a\\\"b\\\\c\\nd\"}") == 1);
  CHECK(page.At("queue_wait_size{concert_id=\"\xED\x95\x9C\xEA\xB5\xAD\"}") == 1);
  CHECK(page.At("queue_wait_size{concert_id=\"" + replacement + "ff\"}") == 1);
}

TEST_CASE("Metrics: the queue's label name is configurable and checked") {
  FunctionSource source([](MetricsSink& sink) { sink.Queue({.name = "q", .waiting = 2}); });
  CHECK(Parse(RenderMetrics(source, "event")).At("queue_wait_size{event=\"q\"}") == 2);
  CHECK(IsMetricsLabelName("concert_id"));
  CHECK(IsMetricsLabelName("_x9"));
  for (const char* name : {"", "9a", "a-b", "__name", "le", "a b"}) CHECK_FALSE(IsMetricsLabelName(name));
  CHECK_THROWS_AS(MetricsEndpoint::Start({.port = 1, .queue_label = "a-b"}, source), std::runtime_error);
}

TEST_CASE("MetricsEndpoint: a scrape over loopback asks the source each time") {
  uint64_t scrapes = 0;
  FunctionSource source([&](MetricsSink& sink) { sink.Queue({.name = "q", .waiting = ++scrapes}); });
  const auto [endpoint, port] = StartOnFreePort(source);
  REQUIRE(endpoint != nullptr);
  for (uint64_t expected = 1; expected <= 3; ++expected) {
    const std::string answer = HttpGet(port, "/metrics");
    CHECK(answer.starts_with("HTTP/1."));
    CHECK(answer.find(" 200 ") < answer.find("\r\n"));
    const size_t body = answer.find("\r\n\r\n");
    REQUIRE(body != std::string::npos);
    CHECK(Parse(answer.substr(body + 4)).At("queue_wait_size{concert_id=\"q\"}") == static_cast<double>(expected));
  }
}

TEST_CASE("MetricsEndpoint: nothing is served after it is destroyed, nor when the port is 0") {
  FunctionSource source([](MetricsSink&) {});
  auto [endpoint, port] = StartOnFreePort(source);
  REQUIRE(endpoint != nullptr);
  CHECK_FALSE(HttpGet(port, "/metrics").empty());
  const auto begin = std::chrono::steady_clock::now();
  endpoint.reset();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
  CHECK(HttpGet(port, "/metrics").empty());
  CHECK(MetricsEndpoint::Start({.port = 0}, source) == nullptr);
}

TEST_CASE("MetricsEndpoint: a port in use is an error that names the address") {
  const Listener taken;
  FunctionSource source([](MetricsSink&) {});
  const std::string expected = "cannot serve metrics on 127.0.0.1:" + std::to_string(taken.port());
  CHECK_THROWS_WITH_AS(MetricsEndpoint::Start({.port = taken.port()}, source), expected.c_str(), std::runtime_error);
}

}  // namespace
}  // namespace usher::server
