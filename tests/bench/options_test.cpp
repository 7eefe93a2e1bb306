// Tests of bench/options and bench/json_writer.
#include "bench/options.h"

#include <doctest/doctest.h>

#include <cmath>

#include "bench/json_writer.h"

using namespace usher::bench;

TEST_CASE("OptionTable: sets variables, keeps defaults, stops at the command") {
  std::string host = "here";
  int64_t port = 1;
  double scale = 1;
  bool plot = false;
  OptionTable table;
  table.Add("--host", "h", &host);
  table.Add("--port", "p", &port);
  table.Add("--scale", "s", &scale);
  table.AddFlag("--plot", "d", &plot);
  std::vector<std::string> rest;
  CHECK(table.Parse({"--port", "77", "--plot", "--scale", "0.5", "GET", "--host"}, &rest) == "");
  CHECK(host == "here");
  CHECK(port == 77);
  CHECK(scale == 0.5);
  CHECK(plot);
  CHECK(rest == std::vector<std::string>{"GET", "--host"});
  CHECK(table.Parse({"--", "--host"}, &rest) == "");
  CHECK(rest == std::vector<std::string>{"--host"});
}

TEST_CASE("OptionTable: says what is wrong") {
  int64_t port = 1;
  OptionTable table;
  table.Add("--port", "p", &port);
  CHECK(table.Parse({"--nope"}) == "unknown option --nope");
  CHECK(table.Parse({"word"}) == "unknown option word");
  CHECK(table.Parse({"--port"}) == "--port needs a value");
  CHECK(table.Parse({"--port", "7x"}) == "--port does not take the value 7x");
  CHECK(table.Parse({"--port", "-7"}) == "--port does not take the value -7");
  CHECK(table.Help().find("--port VALUE") != std::string::npos);
}

TEST_CASE("JsonWriter: commas, nesting, quoting") {
  JsonWriter json;
  json.OpenObject();
  json.Number("a", 1.5);
  json.OpenArray("b");
  json.String({}, "x\"\\\n");
  json.Bool({}, false);
  json.CloseArray();
  json.OpenObject("c");
  json.CloseObject();
  json.Number("d", std::nan(""));
  json.CloseObject();
  CHECK(json.Text() == R"({"a":1.5,"b":["x\"\\\u000a",false],"c":{},"d":null})");
}
