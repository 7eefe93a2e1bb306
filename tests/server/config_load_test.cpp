// Start-up: the command line and the configuration file, against what redis-server 7.0.15 answers.
#include "server/config_load.h"

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace usher::server {
namespace {

using tests::TemporaryFolder;

struct Started {
  std::unique_ptr<Config> config = std::make_unique<Config>();
  StartDecision decision;
};

Started Start(std::vector<std::string_view> arguments, std::string input = "") {
  Started started;
  started.decision = LoadConfig(*started.config, arguments, [&] { return input; });
  return started;
}

// What is written after the first line of the fatal error.
std::string FatalText(const Started& started) {
  CHECK_FALSE(started.decision.serve);
  CHECK(started.decision.exit_code == 1);
  const std::string head = "\n*** FATAL CONFIG FILE ERROR (Usher 0.1.0) ***\n";
  REQUIRE(started.decision.errors.starts_with(head));
  return started.decision.errors.substr(head.size());
}

std::string Fatal(int line, const std::string& text, const std::string& reason) {
  return "Reading the configuration file, at line " + std::to_string(line) + "\n>>> '" + text + "'\n" + reason + "\n";
}

constexpr const char* kBad = "Bad directive or wrong number of arguments";

TEST_CASE("ConfigLoad: without arguments the defaults are served") {
  const Started started = Start({});
  CHECK(started.decision.serve);
  CHECK(started.config->Current()->port == 6379);
  CHECK(started.config->Current()->databases == 16);
  CHECK(started.config->Current()->bind_addresses == std::vector<std::string>{"*", "-::*"});
  CHECK(started.config->Current()->latency_percentiles == std::vector<double>{50, 99, 99.9});
}

TEST_CASE("ConfigLoad: options take the words that follow, several of them where the directive does") {
  const Started started = Start({"--port", "7", "--bind", "127.0.0.1", "-::1", "--maxmemory", "1gb"});
  REQUIRE(started.decision.serve);
  CHECK(started.config->Current()->port == 7);
  CHECK(started.config->Current()->bind_addresses == std::vector<std::string>{"127.0.0.1", "-::1"});
  CHECK(started.config->Current()->maxmemory_bytes == uint64_t{1} << 30);
}

TEST_CASE("ConfigLoad: a bad option is reported as the line it stands for") {
  CHECK(FatalText(Start({"--port", "a"})) == Fatal(2, "port \"a\"", "argument couldn't be parsed into an integer"));
  CHECK(FatalText(Start({"--foo", "x \"y"})) == Fatal(2, "foo \"x \\\"y\"", kBad));
  CHECK(FatalText(Start({"--port"})) == Fatal(2, "port", "wrong number of arguments"));
  CHECK(FatalText(Start({"--port", "--foo", "5"})) == Fatal(2, "port \"--foo\" \"5\"", "wrong number of arguments"));
  CHECK(FatalText(Start({"--port 7", "--foo", "1"})) == Fatal(3, "foo \"1\"", kBad));
  CHECK(FatalText(Start({"-x"})) == Fatal(2, "\"-x\"", kBad));
}

TEST_CASE("ConfigLoad: --save without values empties the save points") {
  CHECK(FatalText(Start({"--save", "--port", "8", "--foo", "1"})) == Fatal(4, "foo \"1\"", kBad));
  CHECK(Start({"--save"}).decision.serve);
}

TEST_CASE("ConfigLoad: the file, standard input and options follow each other, the last wins") {
  const TemporaryFolder folder;
  const std::string file = folder.Write("a.conf", "# x\nport 1\ntimeout 1\ntcp-keepalive 1\n");
  const Started started = Start({file, "--port", "3", "-"}, "port 2\ntimeout 2\n");
  REQUIRE(started.decision.serve);
  CHECK(started.config->Current()->port == 3);
  CHECK(started.config->Current()->idle_timeout_seconds == 2);
  CHECK(started.config->Current()->tcp_keepalive_seconds == 1);
  CHECK(started.config->file() == file);
  CHECK(FatalText(Start({file, "--port", "x"})) ==
        Fatal(6, "port \"x\"", "argument couldn't be parsed into an integer"));
}

TEST_CASE("ConfigLoad: a file that is not there ends the start") {
  const Started started = Start({"/no/such.conf"});
  CHECK(started.decision.exit_code == 1);
  CHECK(started.decision.errors == "Fatal error, can't open config file '/no/such.conf': No such file or directory\n");
}

TEST_CASE("ConfigLoad: errors of a file name the line as it is written") {
  const auto fatal = [](const std::string& text) { return FatalText(Start({"-"}, text)); };
  CHECK(fatal("\n  foo 1  \n") == Fatal(2, "foo 1", kBad));
  CHECK(fatal("port \"63\n") == Fatal(1, "port \"63", "Unbalanced quotes in configuration line"));
  CHECK(fatal("maxmemory 1gb 2\n") == Fatal(1, "maxmemory 1gb 2", "wrong number of arguments"));
  CHECK(fatal("include\n") == Fatal(1, "include", kBad));
  CHECK(fatal("rename-command a\n") == Fatal(1, "rename-command a", kBad));
  CHECK(fatal("rename-command a b\n") == Fatal(1, "rename-command a b", "Usher does not support 'rename-command' yet"));
  CHECK(fatal("sentinel foo\n") == Fatal(1, "sentinel foo", "sentinel directive while not in sentinel mode"));
  CHECK(fatal("cluster-enabled yes\n") ==
        Fatal(1, "cluster-enabled yes", "Usher does not support this yet; only 'no' is accepted"));
}

TEST_CASE("ConfigLoad: includes are read where they stand, patterns in order, relative to the working directory") {
  const TemporaryFolder folder;
  folder.Write("b1.inc", "timeout 1\nport 1\n");
  folder.Write("b2.inc", "timeout 2\n");
  const std::string file =
      folder.Write("a.conf", "dir " + folder.path.string() + "\ninclude b*.inc\ninclude none*.inc\nport 9\n");
  const Started started = Start({file});
  REQUIRE(started.decision.serve);
  CHECK(started.config->Current()->idle_timeout_seconds == 2);
  CHECK(started.config->Current()->port == 9);
  CHECK(started.config->Current()->directory == folder.path.string());
}

TEST_CASE("ConfigLoad: a file that includes itself is refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.conf";
  folder.Write("a.conf", "include " + path + "\n");
  CHECK(FatalText(Start({path})) == Fatal(1, "include " + path, "Too many nested includes"));
}

TEST_CASE("ConfigLoad: lines with save points add up, an empty one starts anew") {
  using Points = std::vector<std::string>;
  const Started some = Start({"-"}, "save 900 1\nlist-max-ziplist-entries 5\nsave 60 10\n");
  REQUIRE(some.decision.serve);
  CHECK(some.config->Current()->save_points == Points{"900", "1", "60", "10"});
  const Started none = Start({"-"}, "save 900 1\nsave \"\"\n");
  CHECK(none.config->Current()->save_points.empty());
  const Started anew = Start({"-"}, "save 900 1\nsave \"\"\nsave 5 5\n");
  CHECK(anew.config->Current()->save_points == Points{"5", "5"});
}

TEST_CASE("ConfigLoad: save points take the place of the default ones; all in one word will do") {
  using Points = std::vector<std::string>;
  const auto points = [](std::vector<std::string_view> args) {
    return Start(std::move(args)).config->Current()->save_points;
  };
  CHECK(points({}) == Points{"3600", "1", "300", "100", "60", "10000"});
  CHECK(points({"--save", "60", "1"}) == Points{"60", "1"});
  CHECK(points({"--save", "60 1"}) == Points{"60", "1"});
  CHECK(points({"--save", "60 1  7 8", "--save", "900", "2"}) == Points{"60", "1", "7", "8", "900", "2"});
  CHECK(points({"--save", ""}).empty());
}

TEST_CASE("ConfigLoad: two queue keys under one name are refused") {
  const Started started = Start({"--queue-wait-key", "q:{Q}", "--queue-active-key", "q:{Q}"});
  CHECK(FatalText(started) == "queue-wait-key, queue-active-key, queue-token-key and queue-config-key must differ\n");
}

TEST_CASE("ConfigLoad: questions are answered as the first argument only") {
  const Started version = Start({"--version"});
  CHECK(version.decision.exit_code == 0);
  CHECK(version.decision.output.starts_with("Usher server v=0.1.0"));
  CHECK(Start({"-h"}).decision.exit_code == 1);
  CHECK(Start({"--help"}).decision.errors.starts_with("Usage: "));
  CHECK(Start({"--test-memory"}).decision.errors.starts_with("Please specify the amount of memory to test"));
  CHECK(Start({"--test-memory", "5"}).decision.exit_code == 1);
  CHECK(FatalText(Start({"--port", "5", "-v"})) == Fatal(2, "port \"5\" \"-v\"", "wrong number of arguments"));
}

}  // namespace
}  // namespace usher::server
