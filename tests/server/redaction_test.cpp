// RedactedArgs: passwords are hidden, nothing else.
#include "server/redaction.h"

#include <doctest/doctest.h>

namespace usher::server {
namespace {

using Args = std::vector<std::string_view>;

TEST_CASE("RedactedArgs: passwords are hidden") {
  CHECK(RedactedArgs(Args{"auth", "user", "secret"}) == Args{"auth", "(redacted)", "(redacted)"});
  CHECK(RedactedArgs(Args{"HELLO", "3", "AUTH", "user", "secret"}) ==
        Args{"HELLO", "3", "AUTH", "(redacted)", "(redacted)"});
  CHECK(RedactedArgs(Args{"CONFIG", "SET", "port", "1", "requirepass", "secret"}) ==
        Args{"CONFIG", "SET", "port", "1", "requirepass", "(redacted)"});
  CHECK(RedactedArgs(Args{"MIGRATE", "h", "1", "", "0", "1", "AUTH", "secret", "COPY", "KEYS", "auth", "k"}) ==
        Args{"MIGRATE", "h", "1", "", "0", "1", "AUTH", "(redacted)", "COPY", "KEYS", "auth", "k"});
  CHECK(RedactedArgs(Args{"MIGRATE", "h", "1", "k", "0", "1", "auth2", "user", "secret"}) ==
        Args{"MIGRATE", "h", "1", "k", "0", "1", "auth2", "(redacted)", "(redacted)"});
}

TEST_CASE("RedactedArgs: the rest is shown as it is") {
  const Args get = {"GET", "auth"};
  CHECK(RedactedArgs(get) == get);
  const Args hello = {"HELLO", "3", "SETNAME", "x"};
  CHECK(RedactedArgs(hello) == hello);
  const Args config_get = {"CONFIG", "GET", "requirepass"};
  CHECK(RedactedArgs(config_get) == config_get);
}

}  // namespace
}  // namespace usher::server
