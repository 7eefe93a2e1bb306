// EffectText: what it writes is RESP, and its count is that of the commands.
#include "engine/effect_text.h"

#include <doctest/doctest.h>

#include <string>

namespace usher::engine {
namespace {

TEST_CASE("EffectText: commands are arrays of bulk strings, one behind the other") {
  EffectText text;
  text.Add({"DEL", ""});
  text.Command(2);
  text.Word("GET");
  text.Integer(-12);
  CHECK(text.text() == "*2\r\n$3\r\nDEL\r\n$0\r\n\r\n*2\r\n$3\r\nGET\r\n$3\r\n-12\r\n");
  CHECK(text.commands() == 2);
}

TEST_CASE("EffectText: encoded text is taken over with its commands") {
  EffectText end;
  end.Word("key");
  end.Add({"EXEC"});
  EffectText text;
  text.Command(2);
  text.Word("GET");
  text.Encoded(end);
  CHECK(text.text() == "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n*1\r\n$4\r\nEXEC\r\n");
  CHECK(text.commands() == 2);
}

TEST_CASE("EffectText: what was added last can be dropped, and it is empty after Clear(), however large it was") {
  EffectText text;
  text.Add({"PING"});
  const std::string before(text.text());
  text.Add({"SET", "k", std::string(5'000'000, 'v')});
  text.Truncate(before.size(), 1);
  CHECK(text.text() == before);
  CHECK(text.commands() == 1);
  text.Clear();
  CHECK(text.text().empty());
  CHECK(text.commands() == 0);
  text.Add({"PING"});
  CHECK(text.text() == before);
}

}  // namespace
}  // namespace usher::engine
