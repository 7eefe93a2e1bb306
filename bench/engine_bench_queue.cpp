// engine-bench-queue: what the waiting room costs without a server around it.
//
//   engine-bench-queue [people]     default 300000
//
// Rows: entering (new people, each a hash of its own in a large line), entering again, looking, admitting in slices of
// 10,000 with journaling off and on, expiring them.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/waiting_room.h"
#include "tests/support/engine_fixture.h"

namespace usher::engine::waiting_room {
namespace {

double NowNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

class Nobody final : public BatchSink {
 public:
  void Begin(size_t) override {}
  void User(std::string_view user, std::string_view) override { bytes += user.size(); }
  size_t bytes = 0;
};

void Row(const char* what, double start_ns, size_t count) {
  std::printf("%-28s %8.1f ns\n", what, (NowNs() - start_ns) / static_cast<double>(count));
}

void Bench(size_t people, size_t journal_bytes) {
  std::printf("%zu people, journal %s\n", people, journal_bytes > 0 ? "in memory" : "off");
  tests::EngineFixture fixture(journal_bytes);
  std::vector<std::string> users;
  for (size_t i = 0; i < people; ++i) users.push_back("user-" + std::to_string(1'000'000'000 + i));
  const Key queue = MakeKey("concert-1");
  double start_ns = NowNs();
  for (const std::string& user : users) {
    fixture.Run([&](EngineContext& context) { static_cast<void>(Enter(context, queue, user, {})); });
  }
  Row("enter, new", start_ns, people);
  start_ns = NowNs();
  for (const std::string& user : users) {
    fixture.Run([&](EngineContext& context) { static_cast<void>(Enter(context, queue, user, {})); });
  }
  Row("enter, waiting already", start_ns, people);
  start_ns = NowNs();
  for (const std::string& user : users) {
    fixture.Run([&](EngineContext& context) { static_cast<void>(Look(context, queue, user)); });
  }
  Row("look", start_ns, people);
  Nobody nobody;
  const size_t slices = people / kSliceMax;
  start_ns = NowNs();
  for (size_t slice = 0; slice < slices; ++slice) {
    fixture.Run([&](EngineContext& context) {
      static_cast<void>(Admit(context, queue, {.count = kSliceMax, .ttl_s = 300, .active_max = 1 << 30}, nobody));
    });
  }
  Row("admit, per person", start_ns, slices * kSliceMax);
  fixture.now_ms += 300'000;
  start_ns = NowNs();
  for (size_t slice = 0; slice < slices; ++slice) {
    fixture.Run([&](EngineContext& context) { static_cast<void>(Expire(context, queue, kSliceMax, nobody)); });
  }
  Row("expire, per person", start_ns, slices * kSliceMax);
}

}  // namespace
}  // namespace usher::engine::waiting_room

int main(int argc, char** argv) {
  const size_t people = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 300'000;
  usher::engine::waiting_room::Bench(people, 0);
  usher::engine::waiting_room::Bench(people, size_t{64} << 20);
}
