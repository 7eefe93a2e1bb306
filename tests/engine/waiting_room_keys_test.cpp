// Names of a waiting room's keys.
#include "engine/waiting_room_keys.h"

#include <doctest/doctest.h>

namespace usher::engine {
namespace {

const QueueKeyTemplates kDefaults("queue:wait:{Q}", "queue:active:{Q}", "queue:config:{Q}", "active:token:{Q}:USER");

TEST_CASE("QueueKeyTemplates: names are put together and recognised") {
  CHECK(kDefaults.NameOf(QueueKeyKind::kWait, "x y") == "queue:wait:{x y}");
  CHECK(kDefaults.NameOf(QueueKeyKind::kActive, "x") == "queue:active:{x}");
  CHECK(kDefaults.NameOf(QueueKeyKind::kConfig, "x") == "queue:config:{x}");
  CHECK(kDefaults.TokenPrefix("x") == "active:token:{x}:");
  CHECK(kDefaults.token_suffix().empty());
  const auto recognised = kDefaults.Recognise("queue:active:{x y}");
  CHECK(recognised.kind == QueueKeyKind::kActive);
  CHECK(recognised.queue == "x y");
}

TEST_CASE("QueueKeyTemplates: other names are not recognised") {
  for (const char* name : {"", "}", "queue:wait:{}", "queue:wait:{a}b", "queue:wait:{a{b}", "queue:wait:{a}}",
                           "queue:wait:a", "Queue:wait:{a}", "active:token:{x}:u"}) {
    CHECK_MESSAGE(kDefaults.Recognise(name).kind == QueueKeyKind::kNone, name);
  }
}

TEST_CASE("QueueKeyTemplates: all keys of a queue have the slot of its name") {
  const QueueKeyTemplates own("w{Q}x", "{Q}", "c:{Q}:{Q}", "t:{Q}/USER/end");
  for (const char* queue : {"a", "concert-1", "\xC3\xA9 b"}) {
    for (const QueueKeyKind kind : {QueueKeyKind::kWait, QueueKeyKind::kActive, QueueKeyKind::kConfig}) {
      CHECK(KeySlot(own.NameOf(kind, queue)) == KeySlot(queue));
      CHECK(own.Recognise(own.NameOf(kind, queue)).kind == kind);
      CHECK(own.MayBeQueueKey(own.NameOf(kind, queue)));
    }
    const std::string token = own.TokenPrefix(queue) + "u{er}" + std::string(own.token_suffix());
    CHECK(token.ends_with("/end"));
    CHECK(KeySlot(token) == KeySlot(queue));
    CHECK(own.IsQueueKey(token));
  }
}

TEST_CASE("QueueKeyTemplates: queue keys are told from others, for eviction") {
  CHECK(kDefaults.IsQueueKey("active:token:{q}:u"));
  CHECK(kDefaults.IsQueueKey("queue:config:{q}"));
  for (const char* name : {"", "x", "queue:wait:q", "{q}", "active:token:q"}) CHECK_FALSE(kDefaults.IsQueueKey(name));
}

TEST_CASE("JoinedName: long names are whole") {
  JoinedName name;
  const std::string user(1000, 'u');
  CHECK(name.Join("p:", user, "") == "p:" + user);
  CHECK(name.Join("p:", "u", ":s") == "p:u:s");
  CHECK(name.Join("", "", "").empty());
}

}  // namespace
}  // namespace usher::engine
