// Config: CONFIG GET and SET, snapshots, vetoes and observers.
#include "server/config.h"

#include <doctest/doctest.h>

namespace usher::server {
namespace {

using Pairs = std::vector<ConfigPair>;

std::string Set(Config& config, const Pairs& pairs) {
  return config.Set(pairs, Config::Caller::kRemote);
}

std::string Get(const Config& config, std::string_view name) {
  const std::string_view patterns[] = {name};
  const Pairs found = config.Get(patterns);
  REQUIRE(found.size() == 1);
  return found[0].value;
}

TEST_CASE("Config: GET takes several patterns, in any case, and answers each directive once") {
  const Config config;
  const std::string_view patterns[] = {"maxmem*", "MAXMEMORY", "max[m]emory"};
  size_t maxmemory = 0;
  for (const ConfigPair& pair : config.Get(patterns)) {
    CHECK(pair.name.starts_with("maxmemory"));
    maxmemory += pair.name == "maxmemory" ? 1 : 0;
  }
  CHECK(maxmemory == 1);
}

TEST_CASE("Config: GET lists aliases, and hidden directives by their exact name only") {
  const Config config;
  const std::string_view lua[] = {"lua-*"};
  REQUIRE(config.Get(lua).size() == 1);
  CHECK(config.Get(lua)[0].name == "lua-time-limit");
  CHECK(Get(config, "watchdog-period") == "0");
}

TEST_CASE("Config: SET shows in GET and in the snapshot, an older snapshot keeps its values") {
  Config config;
  const ConfigValues* before = config.Current();
  CHECK(Set(config, {{"MaxMemory", "100mb"}, {"timeout", "7"}}).empty());
  CHECK(Get(config, "maxmemory") == "104857600");
  CHECK(config.Current()->maxmemory_bytes == 104857600);
  CHECK(config.Current()->idle_timeout_seconds == 7);
  CHECK(before->maxmemory_bytes == 0);
}

TEST_CASE("Config: going back publishes the same snapshot again") {
  Config config;
  const ConfigValues* start = config.Current();
  CHECK(Set(config, {{"timeout", "7"}}).empty());
  CHECK(config.Current() != start);
  CHECK(Set(config, {{"timeout", "0"}}).empty());
  CHECK(config.Current() == start);
}

TEST_CASE("Config: SET is all or nothing") {
  Config config;
  CHECK(Set(config, {{"maxmemory", "1gb"}, {"timeout", "x"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer");
  CHECK(Get(config, "maxmemory") == "0");
}

TEST_CASE("Config: the errors of SET name the argument as Redis does") {
  Config config;
  CHECK(Set(config, {{"FOO", "1"}}) == "ERR Unknown option or number of arguments for CONFIG SET - 'FOO'");
  CHECK(Set(config, {{"maxmemory", "x"}, {"foo", "1"}}) ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
  CHECK(Set(config, {{"IO-THREADS", "2"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'IO-THREADS') - can't set immutable config");
  CHECK(Set(config, {{"dir", "/"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config");
  CHECK(Set(config, {{"Maxmemory", "1"}, {"maxmemory", "2"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - duplicate parameter");
  CHECK(Set(config, {{"MAXMEMORY", "x"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value");
}

TEST_CASE("Config: a promise that is not kept is refused, its harmless value accepted") {
  Config config;
  CHECK(Set(config, {{"min-replicas-to-write", "0"}}).empty());
  CHECK(Set(config, {{"min-replicas-to-write", "1"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'min-replicas-to-write') - Usher does not support this "
        "yet; only '0' is accepted");
  CHECK(Get(config, "min-replicas-to-write") == "0");
}

TEST_CASE("Config: an alias and its directive are one value") {
  Config config;
  CHECK(Set(config, {{"lua-time-limit", "7"}}).empty());
  CHECK(Get(config, "busy-reply-threshold") == "7");
}

TEST_CASE("Config: a directive that needs a hook cannot change without one") {
  Config config;
  CHECK(Set(config, {{"port", "6379"}}).empty());
  CHECK(Set(config, {{"port", "7000"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'port') - can't be changed while the server runs yet");
  config.AddVeto({"port"}, [](const ConfigChange&) { return std::string(); });
  CHECK(Set(config, {{"port", "7000"}}).empty());
  CHECK(config.Current()->port == 7000);
}

TEST_CASE("Config: a veto refuses the change, and those before it take theirs back") {
  Config config;
  std::vector<int> ports;
  config.AddVeto({"port"}, [&](const ConfigChange& change) {
    ports.push_back(change.after.port);
    return std::string();
  });
  config.AddVeto({"timeout"}, [](const ConfigChange&) { return std::string("no"); });
  CHECK(Set(config, {{"port", "7000"}, {"timeout", "5"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'timeout') - no");
  CHECK(ports == std::vector<int>{7000, 6379});
  CHECK(config.Current()->port == 6379);
}

TEST_CASE("Config: observers run after the change, with what changed, and not for a value that stays") {
  Config config;
  int calls = 0;
  config.AddObserver([&](const ConfigChange& change) {
    ++calls;
    CHECK(change.Has("timeout"));
    CHECK_FALSE(change.Has("maxmemory"));
    CHECK(change.before.idle_timeout_seconds == 0);
    CHECK(&change.after == config.Current());
  });
  CHECK(Set(config, {{"timeout", "5"}, {"maxmemory", "0"}}).empty());
  CHECK(Set(config, {{"timeout", "5"}}).empty());
  CHECK(calls == 1);
}

TEST_CASE("Config: without a file there is nothing to rewrite") {
  const Config config;
  CHECK(config.Rewrite() == "ERR The server is running without a config file");
}

}  // namespace
}  // namespace usher::server
