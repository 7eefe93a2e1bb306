// RaiseOpenFilesFor: what fits is allowed, what cannot fit is answered with less.
#include "server/open_files.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace usher::server {
namespace {

TEST_CASE("RaiseOpenFilesFor: a few clients always fit, and the limit is raised to the hard one") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(RaiseOpenFilesFor(10) == 10);
  const auto hard = static_cast<int64_t>(before.rlim_max);
  if (hard > 100) {
    CHECK(RaiseOpenFilesFor(hard - 50) == hard - 50);
    rlimit after{};
    getrlimit(RLIMIT_NOFILE, &after);
    CHECK(static_cast<int64_t>(after.rlim_cur) >= hard - 50);
  }
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace usher::server
