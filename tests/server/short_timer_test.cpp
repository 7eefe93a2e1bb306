// ShortTimer: calls on the loop's thread, while a period is set.
#include "server/short_timer.h"

#include <doctest/doctest.h>

namespace usher::tests {
namespace {

TEST_CASE("ShortTimer: calls again and again until its period is taken back") {
  server::EventLoop loop;
  int calls = 0;
  server::ShortTimer timer(loop, [&] { ++calls; });
  loop.RunOnce(server::EventLoop::Wait::kPoll);
  CHECK(calls == 0);
  timer.SetPeriod(200'000);
  while (calls < 3) loop.RunOnce(server::EventLoop::Wait::kBlock);
  timer.SetPeriod(0);
  loop.RunOnce(server::EventLoop::Wait::kPoll);  // what has expired before
  const int before = calls;
  for (int i = 0; i < 100; ++i) loop.RunOnce(server::EventLoop::Wait::kPoll);
  CHECK(calls == before);
}

}  // namespace
}  // namespace usher::tests
