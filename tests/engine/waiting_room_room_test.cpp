// What the functions of the waiting room share: events, arrivals in the journal, the rate.
#include "engine/waiting_room_room.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/engine_fixture.h"

namespace usher::engine::waiting_room {
namespace {

using tests::EngineFixture;

TEST_CASE("Room: a place is over at its very second") {
  CHECK(IsOver(10, 10'000));
  CHECK_FALSE(IsOver(10, 9'999));
  CHECK(IsOver(10.5, 10'500));
  CHECK_FALSE(IsOver(10.5, 10'499));
}

TEST_CASE("EventWriter: batches are published as JSON, and only to subscribers") {
  EngineFixture fixture;
  const Key queue = MakeKey("q\"1");
  class Users final : public BatchSink {
   public:
    void Begin(size_t) override {}
    void User(std::string_view, std::string_view) override {}
  } users;
  const auto use = [&] {
    fixture.Run([&](EngineContext& context) {
      for (const char* user : {"a", "b", "c"}) static_cast<void>(Enter(context, queue, user, {}));
      CHECK(Admit(context, queue, {.count = 2, .ttl_s = 10}, users));
      CHECK(*Leave(context, queue, "c") == 1);
      CHECK(*Leave(context, queue, "a") == 1);
    });
    fixture.now_ms += 10'000;
    fixture.Run([&](EngineContext& context) { CHECK(Expire(context, queue, 10, users)); });
  };
  use();
  CHECK(fixture.observer.messages.empty());
  fixture.observer.channels.insert("queue:events:{q\"1}");
  use();
  CHECK(fixture.observer.messages ==
        std::vector<std::string>{R"({"event":"admitted","queue":"q\"1","users":["a","b"]})",
                                 R"({"event":"left","queue":"q\"1","users":["c"]})",
                                 R"({"event":"left","queue":"q\"1","users":["a"]})",
                                 R"({"event":"expired","queue":"q\"1","users":["b"]})"});
}

TEST_CASE("AdmissionRate: unknown until the second admission, then near the truth, then forgotten") {
  AdmissionRate rate;
  int64_t now_ms = 5'000;
  CHECK(rate.PerSecond(now_ms) == 0);
  rate.Record(now_ms, 1000);
  CHECK(rate.PerSecond(now_ms + 100) == 0);
  for (int i = 0; i < 20; ++i) {
    now_ms += 5'000;
    rate.Record(now_ms, 1000);
    CHECK(rate.PerSecond(now_ms) > 180);
    CHECK(rate.PerSecond(now_ms) < 225);
  }
  CHECK(rate.PerSecond(now_ms + 60'000) < 60);
  CHECK(rate.PerSecond(now_ms + 150'001) == 0);
  rate.Record(now_ms + 200'000, 1000);
  CHECK(rate.PerSecond(now_ms + 200'500) == 0);
}

TEST_CASE("WaitingRoom: an arrival in the journal reads back as the very same number") {
  EngineFixture fixture(1 << 20);
  const Key queue = MakeKey("q");
  std::vector<double> arrivals{0, 0.5, 1e-7, 123.456, 4.9e-324, 1.5e300, 9007199254740991.0, 1763744000123.0};
  for (int step = 1; step < 1024; step += 13) arrivals.push_back(1763744000123.0 + step / 1024.0);
  for (size_t i = 0; i < arrivals.size(); ++i) {
    EnterOptions options;
    options.arrival_ms = arrivals[i];
    REQUIRE(fixture.Run([&](EngineContext& context) { return Enter(context, queue, std::to_string(i), options); }));
  }
  size_t at = 0;
  fixture.engine.journal()->Read(0, [&](const Journal::RecordInfo&, std::string_view bytes) {
    const std::string start = "*4\r\n$4\r\nZADD\r\n$14\r\nqueue:wait:{q}\r\n$";
    REQUIRE(bytes.starts_with(start));
    const std::string score(bytes.substr(bytes.find("\r\n", start.size()) + 2));
    CHECK(std::strtod(score.c_str(), nullptr) == arrivals.at(at++));
  });
  CHECK(at == arrivals.size());
}

}  // namespace
}  // namespace usher::engine::waiting_room
