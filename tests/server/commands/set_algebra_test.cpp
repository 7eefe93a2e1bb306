// Intersection, union and difference through the dispatcher.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

using Model = std::set<std::string>;

Model Texts(const Reply& reply) {
  Model texts;
  for (const Reply& element : reply.elements) texts.insert(element.text);
  CHECK(texts.size() == reply.elements.size());
  return texts;
}

Model Intersected(const std::vector<Model>& models) {
  Model result = models.front();
  for (const Model& model : models) std::erase_if(result, [&](const std::string& m) { return model.count(m) == 0; });
  return result;
}

Model United(const std::vector<Model>& models) {
  Model result;
  for (const Model& model : models) result.insert(model.begin(), model.end());
  return result;
}

Model Subtracted(const std::vector<Model>& models) {
  Model result = models.front();
  for (size_t i = 1; i < models.size(); ++i) {
    for (const std::string& member : models[i]) result.erase(member);
  }
  return result;
}

TEST_CASE("Set algebra: agrees with a model for sets of all forms and sizes") {
  engine::Random random{TestSeed()};
  TestServer server;
  for (int round = 0; round < 60; ++round) {
    server.Run("FLUSHALL");
    std::vector<Model> models;
    std::string keys;
    const size_t inputs = 1 + random.Below(4);
    for (size_t i = 0; i < inputs; ++i) {
      const std::string key = "k" + std::to_string(random.Below(5));
      const std::string prefix = random.Below(2) == 0 ? "" : "m";
      for (uint64_t n = random.Below(3) == 0 ? 0 : random.Below(random.Below(2) == 0 ? 20 : 700); n > 0; --n) {
        server.Run("SADD " + key + " " + prefix + std::to_string(random.Below(800)));
      }
      keys += " " + key;
    }
    for (size_t at = 1; at < keys.size(); at += 3)
      models.push_back(Texts(server.Run("SMEMBERS " + keys.substr(at, 2))));
    CHECK(Texts(server.Run("SINTER" + keys)) == Intersected(models));
    CHECK(Texts(server.Run("SUNION" + keys)) == United(models));
    CHECK(Texts(server.Run("SDIFF" + keys)) == Subtracted(models));
    const auto count = static_cast<int64_t>(Intersected(models).size());
    CHECK(server.Run("SINTERCARD " + std::to_string(inputs) + keys) == Integer(count));
    CHECK(server.Run("SINTERCARD " + std::to_string(inputs) + keys + " LIMIT 7") ==
          Integer(std::min<int64_t>(count, 7)));
    CHECK(server.Run("SDIFFSTORE k0" + keys).integer == static_cast<int64_t>(Subtracted(models).size()));
    CHECK(Texts(server.Run("SMEMBERS k0")) == Subtracted(models));
  }
}

TEST_CASE("SDIFF: few members to remove are removed, many to ask for are asked for") {
  TestServer server;
  for (int i = 0; i < 500; ++i) server.Run("SADD large m" + std::to_string(i));
  server.Run("SADD b m1 m2 m3");
  server.Run("SADD c m4 x");
  CHECK(server.Run("SDIFF large b c").elements.size() == 496);
  CHECK(server.Run("SDIFF b large").elements.empty());
  CHECK(Texts(server.Run("SDIFF c large nokey")) == Model{"x"});
}

TEST_CASE("SINTERSTORE: replaces whatever was there, and an empty result removes it") {
  TestServer server;
  server.Run("SADD x a 1 2");
  server.Run("SADD y 1 2 3");
  server.Run("SET d text");
  server.Run("EXPIRE d 100");
  CHECK(server.Run("SINTERSTORE d x y") == Integer(2));
  CHECK(server.Run("TTL d") == Integer(-1));
  CHECK(server.Run("OBJECT ENCODING d") == "intset");
  CHECK(server.Run("SINTERSTORE x x y") == Integer(2));
  CHECK(Texts(server.Run("SMEMBERS x")) == Model{"1", "2"});
  CHECK(server.Run("SUNIONSTORE x none") == Integer(0));
  CHECK(server.Run("EXISTS x") == Integer(0));
}

TEST_CASE("SINTERCARD: errors as in Redis, in its order") {
  TestServer server;
  server.Run("SET text v");
  CHECK(server.Run("SINTERCARD 0 text") == "ERR numkeys should be greater than 0");
  CHECK(server.Run("SINTERCARD x text") == "ERR numkeys should be greater than 0");
  CHECK(server.Run("SINTERCARD 2 text") == "ERR Number of keys can't be greater than number of args");
  CHECK(server.Run("SINTERCARD 1 text LIMIT -1") == "ERR LIMIT can't be negative");
  CHECK(server.Run("SINTERCARD 1 text LIMIT") == "ERR syntax error");
  CHECK(server.Run("SINTERCARD 2 none text") == "WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST_CASE("Set algebra: a key of another type is an error wherever it stands") {
  TestServer server;
  server.Run("SADD s a");
  server.Run("SET text v");
  for (const char* command : {"SINTER none text", "SUNION s text", "SDIFF none text", "SINTERSTORE s none text"}) {
    CHECK(server.Run(command) == "WRONGTYPE Operation against a key holding the wrong kind of value");
  }
  CHECK(server.Run("SCARD s") == Integer(1));
}

}  // namespace
}  // namespace usher::tests
