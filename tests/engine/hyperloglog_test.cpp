// HyperLogLog: registers against a plain array, the bytes against a real Redis, and the estimates.
#include "engine/hyperloglog.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/random.h"
#include "tests/support/redis_oracle.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

namespace hll = hyperloglog;
using usher::tests::TestSeed;

constexpr uint64_t kSparseBytesMax = 3000;

hll::Registers RegistersOf(const RawString& bytes) {
  hll::Registers registers{};
  hll::Collect(bytes.view(), registers);
  return registers;
}

TEST_CASE("HyperLogLog: an empty one is sparse and estimates nothing") {
  RawString bytes = RawString::Make(hll::Empty());
  CHECK(bytes.size() == 18);
  CHECK(hll::HasHeader(bytes.view()));
  CHECK(hll::IsSound(bytes.view()));
  CHECK_FALSE(hll::IsDense(bytes.view()));
  CHECK(hll::StoredEstimate(bytes.view()) == 0);
  CHECK(hll::Estimate(RegistersOf(bytes)) == 0);
  bytes.Destroy();
}

TEST_CASE("HyperLogLog: registers agree with an array while sparse and when dense") {
  Random random{TestSeed()};
  for (const uint64_t sparse_bytes_max : {uint64_t{0}, kSparseBytesMax, uint64_t{1} << 20}) {
    RawString bytes = RawString::Make(hll::Empty());
    hll::Registers model{};
    for (int step = 0; step < 4'000; ++step) {
      // Neighbouring registers with few values, so that runs are cut and joined.
      const hll::Mark mark{static_cast<uint32_t>(random.Below(10) == 0 ? random.Below(16'384) : random.Below(300)),
                           static_cast<uint8_t>(1 + random.Below(random.Below(500) == 0 ? 51 : 4))};
      CHECK(hll::Raise(bytes, mark, sparse_bytes_max) == (model[mark.index] < mark.value));
      model[mark.index] = std::max(model[mark.index], mark.value);
      if (step % 100 == 0) {
        CHECK(hll::IsSound(bytes.view()));
        CHECK((RegistersOf(bytes) == model));
      }
    }
    CHECK(hll::HasHeader(bytes.view()));
    hll::ToDense(bytes);
    CHECK(bytes.size() == hll::kDenseBytes);
    CHECK((RegistersOf(bytes) == model));
    CHECK_FALSE(hll::ToDense(bytes));
    bytes.Destroy();
  }
}

TEST_CASE("HyperLogLog: what is none, or is cut short, is recognised") {
  CHECK_FALSE(hll::HasHeader("HYLL"));
  CHECK_FALSE(hll::HasHeader(std::string(30, 'x')));
  std::string dense = hll::Empty();
  dense[4] = 0;
  CHECK_FALSE(hll::HasHeader(dense));  // too short for a dense one
  std::string unknown = hll::Empty();
  unknown[4] = 2;
  CHECK_FALSE(hll::HasHeader(unknown));
  const std::string empty = hll::Empty();
  CHECK_FALSE(hll::IsSound(std::string_view(empty).substr(0, 17)));
  CHECK_FALSE(hll::IsSound(std::string_view(empty).substr(0, 16)));
  CHECK_FALSE(hll::IsSound(empty + '\x80'));
}

TEST_CASE("HyperLogLog: the stored estimate can be out of date") {
  RawString bytes = RawString::Make(hll::Empty());
  hll::StoreEstimate(bytes, 12'345);
  CHECK(hll::StoredEstimate(bytes.view()) == 12'345);
  hll::Outdate(bytes);
  CHECK(hll::StoredEstimate(bytes.view()) == std::nullopt);
  bytes.Destroy();
}

TEST_CASE("HyperLogLog: estimates are within six standard deviations") {
  RawString bytes = RawString::Make(hll::Empty());
  int added = 0;
  for (const int count : {1, 10, 100, 1'000, 10'000, 100'000, 300'000}) {
    for (; added < count; ++added) hll::Raise(bytes, hll::MarkOf("user:" + std::to_string(added)), kSparseBytesMax);
    const double error = std::abs(static_cast<double>(hll::Estimate(RegistersOf(bytes))) - count);
    CHECK(error <= 6 * 1.04 / 128 * count);
  }
  bytes.Destroy();
}

TEST_CASE("HyperLogLog: the bytes and the estimates are those of Redis") {
  tests::RedisOracle redis;
  if (!redis.available()) return;
  Random random{TestSeed()};
  RawString bytes = RawString::Make(hll::Empty());
  hll::Outdate(bytes);
  redis.Call("PFADD h");
  int dense_rounds = 0;  // the same on both sides of the change to dense, whenever it comes
  for (int round = 0; dense_rounds < 20; ++round) {
    REQUIRE(round < 1000);
    dense_rounds += hll::IsDense(bytes.view()) ? 1 : 0;
    std::string command = "PFADD h";
    for (uint64_t i = random.Below(60); i > 0; --i) {
      const std::string element = "e" + std::to_string(random.Next() >> random.Below(60));
      command += ' ' + element;
      if (hll::Raise(bytes, hll::MarkOf(element), kSparseBytesMax)) hll::Outdate(bytes);
    }
    redis.Call(command);
    if (round % 2 == 0) {
      const uint64_t estimate = hll::Estimate(RegistersOf(bytes));
      CHECK(redis.Call("PFCOUNT h") == ":" + std::to_string(estimate) + "\r\n");
      hll::StoreEstimate(bytes, estimate);
    }
    const std::string reply = "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes.view()) + "\r\n";
    CHECK((redis.Call("GET h") == reply));
  }
  bytes.Destroy();
}

}  // namespace
}  // namespace usher::engine
