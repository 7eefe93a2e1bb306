// The configuration beside a real redis-server: what CONFIG GET shows for every directive, and what CONFIG SET answers
// to good and bad values of each. Every deliberate difference is listed here.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "server/config.h"
#include "server/config_text.h"
#include "tests/support/redis_oracle.h"

namespace usher::server {
namespace {

// Where Usher's value or answer is another one on purpose, or depends on the machine or on how the oracle was started.
const std::set<std::string_view> kDifferent = {
    "dir",           // where the process started
    "port",          // the oracle listens on a unix socket only
    "unixsocket",    // the same
    "bind",          // changed by the listener's veto
    "maxclients",    // redis-server asks the system's limit of open files first
    "activedefrag",  // refused by a redis-server without its own allocator
    "loglevel",      // 7.2 has "nothing" more
    "requirepass",   // the oracle's next command would need it
    "rdb-key-save-delay",
    "key-load-delay",
    "watchdog-period",  // would slow the oracle down
};

// In Usher only, because 7.2 or Usher has them.
bool IsOurs(std::string_view name) {
  static const std::set<std::string_view> names = {"set-max-listpack-entries",
                                                   "set-max-listpack-value",
                                                   "locale-collate",
                                                   "cluster-announce-human-nodename",
                                                   "server-cpulist",
                                                   "bio-cpulist",
                                                   "aof-rewrite-cpulist",
                                                   "bgsave-cpulist",
                                                   "workers",
                                                   "shards",
                                                   "metrics-port",
                                                   "journal",
                                                   "journal-max-bytes",
                                                   "queue-wait-key",
                                                   "queue-active-key",
                                                   "queue-token-key",
                                                   "queue-config-key",
                                                   "queue-metrics-label"};
  return names.contains(name);
}

// Directives whose good values Usher refuses, or that redis-server checks again when it applies them.
bool IsPromise(std::string_view name) {
  return FindConfigDirective(name)->effect == ConfigEffect::kPromise || name.starts_with("tls-");
}

std::string Line(std::string_view command) {
  return "CONFIG " + std::string(command);
}

std::string GetReply(const Config& config, const std::string& name) {
  const std::string_view patterns[] = {name};
  std::string reply;
  for (const ConfigPair& pair : config.Get(patterns)) {
    reply += "*2\r\n";
    for (const std::string& text : {pair.name, pair.value}) {
      reply += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
  }
  return reply.empty() ? "*0\r\n" : reply;
}

std::string SetReply(Config& config, const std::string& name, const std::string& value) {
  const ConfigPair pairs[] = {{name, value}};
  const std::string error = config.Set(pairs, Config::Caller::kLocal);
  return error.empty() ? "+OK\r\n" : "-" + error + "\r\n";
}

std::vector<std::string> AllNames() {
  std::vector<std::string> names;
  for (const ConfigDirective& directive : ConfigDirectives()) {
    for (const std::string_view name : {directive.name, directive.alias}) {
      if (!name.empty() && !IsOurs(name) && !kDifferent.contains(name)) names.emplace_back(name);
    }
  }
  return names;
}

const char* const kValues[] = {"yes",
                               "NO",
                               "maybe",
                               "",
                               "0",
                               "1",
                               "-1",
                               "7",
                               "100",
                               "101",
                               "65535",
                               "65536",
                               "2147483648",
                               "4294967296",
                               "9223372036854775807",
                               "9223372036854775808",
                               "99999999999999999999",
                               "-99999999999",
                               "01",
                               "+1",
                               "1.5",
                               " 1",
                               "1 ",
                               "1k",
                               "1kb",
                               "3mb",
                               "2GB",
                               "1tb",
                               "5%",
                               "0%",
                               "-5%",
                               "kb",
                               "always",
                               "EVERYSEC",
                               "local",
                               "a b",
                               "1 2 3",
                               "3600 1 60 10",
                               "normal 1mb 2mb 60",
                               "replica 0 0 0 pubsub 1 2 3",
                               "normal 1 2",
                               "50 99.99",
                               "0.00001234 100",
                               "100.1",
                               "nan",
                               "1e1",
                               "KEA",
                               "xKg",
                               "gm",
                               "Kq",
                               "save now",
                               "nosave force",
                               "save nosave",
                               "default now",
                               "DEFAULT",
                               "10 2 1",
                               "-2000 0 2000",
                               "0 0 2001",
                               "allkeys-LFU",
                               "volatile-ttl",
                               "swapdb",
                               "clients",
                               "{title} {port}",
                               "{x}",
                               "{",
                               "}",
                               "a/b",
                               "0x10"};

TEST_CASE("ConfigOracle: CONFIG GET shows redis-server's names and defaults") {
  tests::RedisOracle redis;
  if (!redis.available()) {
    MESSAGE("no redis-server here: nothing compared");
    return;
  }
  Config config;
  SetReply(config, "save", "");  // the oracle is started so
  for (const std::string& name : AllNames()) {
    if (name == "unixsocketperm" || name == "proc-title-template") continue;
    CAPTURE(name);
    CHECK(GetReply(config, name) == redis.Call(Line("GET " + name)));
  }
}

TEST_CASE("ConfigOracle: redis-server has no directive that Usher lacks") {
  tests::RedisOracle redis;
  if (!redis.available()) return;
  std::vector<std::string> lines = SplitAt(redis.Call(Line("GET *")), '\n');
  size_t names = 0;
  for (size_t i = 2; i + 1 < lines.size(); i += 4, ++names) {
    const std::string name(Trimmed(lines[i]));
    CAPTURE(name);
    CHECK(FindConfigDirective(name) != nullptr);
  }
  CHECK(names > 180);
}

TEST_CASE("ConfigOracle: CONFIG SET answers as redis-server to good and bad values of every directive") {
  tests::RedisOracle redis;
  if (!redis.available()) return;
  Config config;
  SetReply(config, "save", "");
  size_t compared = 0;
  for (const std::string& name : AllNames()) {
    for (const std::string value : kValues) {
      CAPTURE(name);
      CAPTURE(value);
      if (name == "save" && value == "1 ") continue;  // redis-server takes the missing number for a 0
      const std::string ours = SetReply(config, name, value);
      if (IsPromise(name) && (ours == "+OK\r\n" || ours.find("Usher does not") != std::string::npos)) continue;
      CHECK(ours == redis.Call(Line("SET " + name + " " + Quoted(value))));
      if (!IsPromise(name)) CHECK(GetReply(config, name) == redis.Call(Line("GET " + name)));
      ++compared;
    }
  }
  CHECK(compared > 10'000);
}

}  // namespace
}  // namespace usher::server
