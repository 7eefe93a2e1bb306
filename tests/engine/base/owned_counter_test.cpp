// OwnedCounter: one writer, readers at any time.
#include "engine/base/owned_counter.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace usher::engine {
namespace {

TEST_CASE("OwnedCounter: adds and sets") {
  OwnedCounter counter;
  CHECK(counter.Get() == 0);
  counter.Add(3);
  counter.Add(4);
  CHECK(counter.Get() == 7);
  counter.Set(2);
  CHECK(counter.Get() == 2);
}

TEST_CASE("OwnedCounter: a reader beside the writer sees it grow, never shrink") {
  constexpr uint64_t kAdds = 50'000;
  OwnedCounter counter;
  std::thread writer([&counter] {
    for (uint64_t i = 0; i < kAdds; ++i) counter.Add(1);
  });
  bool shrank = false;
  for (uint64_t last = 0; last < kAdds;) {
    const uint64_t now = counter.Get();
    shrank = shrank || now < last;
    last = now;
  }
  writer.join();
  CHECK_FALSE(shrank);
  CHECK(counter.Get() == kAdds);
}

}  // namespace
}  // namespace usher::engine
