// BackgroundFree: what is freed by whom.
#include "engine/background_free.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "engine/hash_value.h"

namespace usher::tests {
namespace {

using engine::BackgroundFree;
using engine::EntryBuilder;
using engine::Keyspace;
using engine::MakeKey;

void WaitUntilFreed(const BackgroundFree& background) {
  for (int i = 0; i < 2000 && background.pending() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

engine::OwnedEntry MakeString(size_t bytes) {
  return engine::OwnedEntry(EntryBuilder::String(std::string(bytes, 'x')).Build("key", engine::kNoExpiry));
}

TEST_CASE("BackgroundFree: small values are freed by the caller") {
  BackgroundFree background;
  background.Free(MakeString(10));
  background.Free(MakeString(10'000));
  background.Free(engine::OwnedEntry());
  CHECK(background.pending() == 0);
  CHECK(background.freed() == 0);
}

TEST_CASE("BackgroundFree: large values are freed by the thread") {
  BackgroundFree background;
  for (int i = 0; i < 100; ++i) background.Free(MakeString(1'000'000));
  WaitUntilFreed(background);
  CHECK(background.freed() == 100);
  CHECK(background.pending() == 0);
}

TEST_CASE("BackgroundFree: a keyspace counts as many objects as it has keys") {
  BackgroundFree background;
  Keyspace keyspace;
  for (int i = 0; i < 5000; ++i) keyspace.SetString(MakeKey("key" + std::to_string(i)), "value");
  background.Free(std::move(keyspace));
  background.Free(Keyspace());
  WaitUntilFreed(background);
  CHECK(background.freed() == 5000);
}

TEST_CASE("BackgroundFree: what waits at the end is freed, from several givers at once") {
  BackgroundFree background;
  std::vector<std::thread> givers;
  for (int giver = 0; giver < 4; ++giver) {
    givers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) background.Free(MakeString(100'000));
    });
  }
  for (std::thread& giver : givers) giver.join();
  CHECK(background.freed() + background.pending() <= 800);
}

}  // namespace
}  // namespace usher::tests
