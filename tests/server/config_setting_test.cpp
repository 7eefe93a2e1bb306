// Values of directives: what is accepted, how it is shown, the errors' exact texts, the lines of a file.
#include "server/config_setting.h"

#include <doctest/doctest.h>

#include "server/config_text.h"

namespace usher::server {
namespace {

// The text CONFIG GET would show after CONFIG SET, or "! error".
std::string Shown(std::string_view name, std::string_view argument, const ConfigSetting& before = {}) {
  const ConfigDirective* directive = FindConfigDirective(name);
  REQUIRE(directive != nullptr);
  const auto parsed = ParseSetting(*directive, WordsOfArgument(*directive, argument), before);
  return parsed.setting ? parsed.setting->text : "! " + parsed.error;
}

TEST_CASE("ConfigSetting: booleans and enums are folded to lower case") {
  CHECK(Shown("activerehashing", "YES") == "yes");
  CHECK(Shown("activerehashing", "1") == "! argument must be 'yes' or 'no'");
  CHECK(Shown("appendfsync", "ALWAYS") == "always");
  CHECK(Shown("appendfsync", "x") == "! argument(s) must be one of the following: everysec, always, no");
}

TEST_CASE("ConfigSetting: integers are strict and ranged") {
  CHECK(Shown("timeout", "10") == "10");
  for (const char* text : {"", "0x10", " 10", "+10", "10kb", "1.5"}) {
    CHECK(Shown("timeout", text) == "! argument couldn't be parsed into an integer");
  }
  CHECK(Shown("timeout", "-1") == "! argument must be between 0 and 2147483647 inclusive");
  CHECK(Shown("slowlog-log-slower-than", "-1") == "-1");
  CHECK(Shown("hz", "1000000") == "500");
  CHECK(Shown("repl-backlog-size", "5") == "16384");
}

TEST_CASE("ConfigSetting: memory sizes have units, some of them a range or a percentage") {
  CHECK(Shown("maxmemory", "100mb") == "104857600");
  CHECK(Shown("maxmemory", "99999999999999999999") == "18446744073709551615");
  CHECK(Shown("maxmemory", "-1") == "! argument must be a memory value");
  CHECK(Shown("client-query-buffer-limit", "1") ==
        "! argument must be between 1048576 and 9223372036854775807 inclusive");
  CHECK(Shown("maxmemory-clients", "5%") == "5%");
  CHECK(Shown("maxmemory-clients", "1kb") == "1024");
  CHECK(Shown("maxmemory-clients", "101%") == "! percentage argument must be less or equal to 100");
  CHECK(Shown("maxmemory-clients", "x") == "! argument must be a memory or percent value");
}

TEST_CASE("ConfigSetting: unixsocketperm is octal") {
  CHECK(Shown("unixsocketperm", "0700") == "700");
  CHECK(Shown("unixsocketperm", "9") == "! argument couldn't be parsed as an octal number");
  CHECK(Shown("unixsocketperm", "1777") == "! argument must be between 0 and 777 inclusive");
}

TEST_CASE("ConfigSetting: client-output-buffer-limit changes only the classes it names") {
  const ConfigDirective& directive = *FindConfigDirective("client-output-buffer-limit");
  const auto start = ParseSetting(directive, WordsOfArgument(directive, directive.default_text), {});
  REQUIRE(start.setting.has_value());
  CHECK(Shown(directive.name, "replica 1kb 2 3", *start.setting) ==
        "normal 0 0 0 slave 1024 2 3 pubsub 33554432 8388608 60");
  CHECK(Shown(directive.name, "normal 0 0") == "! Wrong number of arguments in buffer limit configuration.");
  CHECK(Shown(directive.name, "master 0 0 0") == "! Invalid client class specified in buffer limit configuration.");
  const std::string bad = "! Error in hard, soft or soft_seconds setting in buffer limit configuration.";
  CHECK(Shown(directive.name, "normal 0 0 -1") == bad);
  CHECK(Shown(directive.name, "normal 0 x 1") == bad);
}

TEST_CASE("ConfigSetting: save points are pairs") {
  CHECK(Shown("save", "3600 1 60 10") == "3600 1 60 10");
  CHECK(Shown("save", "") == "");
  for (const char* text : {"3600", "0 1", "10 -1", "10 x", "1 2  3 4"}) {
    CHECK(Shown("save", text) == "! Invalid save parameters");
  }
}

TEST_CASE("ConfigSetting: percentiles lose what they do not need") {
  CHECK(Shown("latency-tracking-info-percentiles", "50.0 99.99 1e1") == "50 99.99 10");
  CHECK(Shown("latency-tracking-info-percentiles", "0.1234567") == "0.123457");
  CHECK(Shown("latency-tracking-info-percentiles", "") == "");
  CHECK(Shown("latency-tracking-info-percentiles", "a") == "! Invalid latency-tracking-info-percentiles parameters");
  CHECK(Shown("latency-tracking-info-percentiles", "101") ==
        "! latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
}

TEST_CASE("ConfigSetting: event classes are shown in Redis's order, all of them as A") {
  CHECK(Shown("notify-keyspace-events", "KEA") == "AKE");
  CHECK(Shown("notify-keyspace-events", "xKg") == "gxK");
  CHECK(Shown("notify-keyspace-events", "KEtdexzhsl$g") == "AKE");
  CHECK(Shown("notify-keyspace-events", "q") == "! Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
}

TEST_CASE("ConfigSetting: shutdown flags combine, save and nosave do not") {
  CHECK(Shown("shutdown-on-sigterm", "force save") == "save force");
  CHECK(Shown("shutdown-on-sigterm", "default now") == "now");
  CHECK(Shown("shutdown-on-sigterm", "default") == "default");
  CHECK(Shown("shutdown-on-sigterm", "save nosave") ==
        "! shutdown options SAVE and NOSAVE can't be used simultaneously");
  CHECK(Shown("shutdown-on-sigterm", "") ==
        "! argument(s) must be one of the following: default, save, nosave, now, force");
}

TEST_CASE("ConfigSetting: the other directives with a syntax of their own") {
  CHECK(Shown("bind", "127.0.0.1 -::1") == "127.0.0.1 -::1");
  CHECK(Shown("bind", "a a a a a a a a a a a a a a a a a") == "! Too many bind addresses specified.");
  CHECK(Shown("replicaof", "no one") == "");
  CHECK(Shown("replicaof", "host 99999") == "! Invalid master port");
  CHECK(Shown("oom-score-adj-values", "1 2") == "! wrong number of arguments");
  CHECK(Shown("oom-score-adj-values", "1 2 9999") ==
        "! Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
  CHECK(Shown("proc-title-template", "{title} x") == "{title} x");
  CHECK(Shown("proc-title-template", "{foo}") == "! template format is invalid or contains unknown variables");
  CHECK(Shown("dbfilename", "a/b") == "! dbfilename can't be a path, just a filename");
  CHECK(Shown("appenddirname", "a/b") == "! appenddirname can't be a path, just a dirname");
  CHECK(Shown("cluster-announce-hostname", "a.b-1") == "a.b-1");
  CHECK(Shown("cluster-announce-hostname", "a_b") ==
        "! Hostnames may only contain alphanumeric characters, hyphens or dots");
  CHECK(Shown("cluster-announce-hostname", std::string(256, 'a')) == "! Hostnames must be less than 256 characters");
  CHECK(Shown("dir", "/no/such/folder") == "! No such file or directory");
}

TEST_CASE("ConfigSetting: Usher's own directives refuse what would break a queue or a shard map") {
  CHECK(Shown("shards", "8") == "8");
  CHECK(Shown("shards", "6") == "! argument must be 0 or a power of two");
  CHECK(Shown("queue-wait-key", "w:{Q}") == "w:{Q}");
  CHECK(Shown("queue-wait-key", "w:{X}:{Q}") == "! argument must hold {Q} as its first tag");
  CHECK(Shown("queue-token-key", "t:{Q}") == "! argument must hold USER behind {Q}");
  CHECK(Shown("queue-token-key", "t:USER:{Q}") == "! argument must hold USER behind {Q}");
  CHECK(Shown("queue-token-key", "USER:{Q}:USER") == "USER:{Q}:USER");
  CHECK(Shown("queue-metrics-label", "concert_id") == "concert_id");
  CHECK(Shown("queue-metrics-label", "1x").starts_with("! argument must be a label name"));
  CHECK(Shown("queue-metrics-label", "a b").starts_with("! argument must be a label name"));
}

TEST_CASE("ConfigSetting: a promise is kept at its harmless values only") {
  const auto kept = [](std::string_view name, std::string_view argument) {
    const ConfigDirective& directive = *FindConfigDirective(name);
    return IsKept(directive, *ParseSetting(directive, WordsOfArgument(directive, argument), {}).setting);
  };
  CHECK(kept("tls-cluster", "no"));
  CHECK_FALSE(kept("tls-cluster", "yes"));
  CHECK(kept("supervised", "auto"));
  CHECK_FALSE(kept("supervised", "systemd"));
  CHECK(kept("shutdown-on-sigint", "now nosave"));
  CHECK(kept("shutdown-on-sigint", "save"));
  CHECK(kept("io-threads", "4"));
}

TEST_CASE("ConfigSetting: the lines of a file give the value back") {
  const auto lines = [](std::string_view name, std::string_view argument) {
    const ConfigDirective& directive = *FindConfigDirective(name);
    return SettingLines(directive, *ParseSetting(directive, WordsOfArgument(directive, argument), {}).setting);
  };
  using Lines = std::vector<std::string>;
  CHECK(lines("maxmemory", "1073741824") == Lines{"maxmemory 1gb"});
  CHECK(lines("requirepass", "a \"b") == Lines{"requirepass \"a \\\"b\""});
  CHECK(lines("save", "") == Lines{"save \"\""});
  CHECK(lines("bind", "127.0.0.1 -::1") == Lines{"bind 127.0.0.1 -::1"});
  CHECK(lines("client-output-buffer-limit", "pubsub 1 2 3") == Lines{"client-output-buffer-limit normal 0 0 0",
                                                                     "client-output-buffer-limit slave 0 0 0",
                                                                     "client-output-buffer-limit pubsub 1 2 3"});
}

}  // namespace
}  // namespace usher::server
