// Error texts: Redis's words, and one of its own for each error.
#include "server/error_text.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/redis_oracle.h"

namespace usher::server {
namespace {

using engine::Error;

TEST_CASE("ErrorText: every error has a text of its own that starts with a code word") {
  std::set<std::string> texts;
  const int last = static_cast<int>(Error::kQueueFieldValue);
  for (int i = 1; i <= last; ++i) {
    const std::string text = ErrorText(static_cast<Error>(i));
    CAPTURE(text);
    CHECK(text[0] >= 'A');
    CHECK(text[0] <= 'Z');
    CHECK(text.find(' ') != std::string::npos);
    texts.insert(text);
  }
  CHECK(texts.size() == static_cast<size_t>(last));
}

TEST_CASE("ErrorText: an invalid expire time names its command") {
  CHECK(ErrorText(Error::kInvalidExpire, "set") == "ERR invalid expire time in 'set' command");
}

TEST_CASE("ErrorText: the words are those of redis-server") {
  tests::RedisOracle redis;
  if (!redis.available()) {
    MESSAGE("no redis-server here: nothing compared");
    return;
  }
  for (const char* setup :
       {"SET s abc", "SET n 9223372036854775807", "SET f 1", "HSET h f abc", "ZADD z inf b", "RPUSH l a"}) {
    redis.Call(setup);
  }
  const struct {
    const char* command;
    Error error;
    const char* name = "";
  } cases[] = {
      {"SET s v FOO", Error::kSyntax},
      {"GET l", Error::kWrongType},
      {"INCR s", Error::kNotAnInteger},
      {"INCRBYFLOAT s 1", Error::kNotAFloat},
      {"HINCRBY h f 1", Error::kHashValueNotInteger},
      {"HINCRBYFLOAT h f 1", Error::kHashValueNotFloat},
      {"INCR n", Error::kOverflow},
      {"INCRBYFLOAT f inf", Error::kNanOrInfinity},
      {"ZINCRBY z -inf b", Error::kScoreNan},
      {"ZRANGEBYSCORE z a b", Error::kMinMaxNotFloat},
      {"ZRANGEBYLEX z a b", Error::kMinMaxNotString},
      {"LSET nokey 0 a", Error::kNoSuchKey},
      {"SETRANGE s -1 x", Error::kOffsetOutOfRange},
      {"LSET l 5 x", Error::kIndexOutOfRange},
      {"SET s v EX 0", Error::kInvalidExpire, "set"},
      {"SETRANGE s 536870912 x", Error::kStringTooLong},
      {"SELECT 99", Error::kDbIndexOutOfRange},
      {"SCAN x", Error::kInvalidCursor},
      {"MOVE s 0", Error::kSameObject},
      {"BLPOP none x", Error::kTimeoutNotFloat},
      {"BLPOP none -1", Error::kTimeoutNegative},
      {"ZPOPMIN z -1", Error::kMustBePositive},
  };
  for (const auto& one : cases) {
    CAPTURE(one.command);
    CHECK("-" + ErrorText(one.error, one.name) + "\r\n" == redis.Call(one.command));
  }
  redis.Call("CONFIG SET maxmemory 1");
  CHECK("-" + ErrorText(Error::kOutOfMemory) + "\r\n" == redis.Call("SET a b"));
}

}  // namespace
}  // namespace usher::server
