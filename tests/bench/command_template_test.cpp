// Tests of bench/command_template.
#include "bench/command_template.h"

#include <doctest/doctest.h>

using usher::bench::CommandTemplate;

TEST_CASE("CommandTemplate: fills every placeholder of one repetition and leaves the others alone") {
  const CommandTemplate commands(
      {"ZADD", "z", "__rand_score__", "m:__rand__", ";", "GET", "a__seq__b__rand__", "__now__"});
  CHECK(commands.commands() == 2);
  std::string batch = commands.MakeBatch(2);
  CHECK(batch.size() == 2 * commands.bytes());
  commands.Fill(batch, 1, 12, 345, 6'789, 1'700'000'000'123);
  const std::string filled =
      "*4\r\n$4\r\nZADD\r\n$1\r\nz\r\n$12\r\n000000000345\r\n$14\r\nm:000000000012\r\n"
      "*3\r\n$3\r\nGET\r\n$26\r\na000000006789b000000000012\r\n$13\r\n1700000000123\r\n";
  CHECK(batch.substr(commands.bytes()) == filled);
  CHECK(batch.substr(0, 60) != filled.substr(0, 60));
  commands.Fill(batch, 0, 12, 345, 6'789, 1'700'000'000'123);
  CHECK(batch == filled + filled);
}

TEST_CASE("CommandTemplate: an empty command is refused") {
  CHECK_THROWS(CommandTemplate({}));
  CHECK_THROWS(CommandTemplate({"PING", ";"}));
  CHECK_THROWS(CommandTemplate({";", "PING"}));
}
