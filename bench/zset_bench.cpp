// zset-bench: what a sorted set costs by itself, without protocol or sockets. Prints ns per operation, bytes per member
// and the longest single operation while growing. Run a release build on an idle machine.
//   zset-bench [members]     (300000 unless told)
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/zset.h"

namespace {

using usher::engine::Order;
using usher::engine::Random;
using usher::engine::RankRange;
using usher::engine::Zset;
using usher::engine::ZsetLimits;

// What this thread has run, so that a busy machine does not look like a slow operation.
double CpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Times `count` calls of body(i) and prints the mean.
template <class Body>
void Measure(const char* what, size_t count, Body&& body) {
  const double start = CpuNs();
  for (size_t i = 0; i < count; ++i) body(i);
  std::printf("%-52s %9.1f ns/op\n", what, (CpuNs() - start) / static_cast<double>(count));
}

std::vector<std::string> Names(size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (size_t i = 0; i < count; ++i) names.push_back("user-" + std::to_string(1'000'000'000 + i));
  return names;
}

double ResidentMiB() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * 4096 / (1 << 20);
}

void RandomScores(size_t members) {
  Random random{1};
  const ZsetLimits limits;
  const std::vector<std::string> names = Names(members * 2);
  std::vector<size_t> picks(members);
  for (size_t& pick : picks) pick = random.Below(members);
  Zset zset;
  Measure("add, random scores, growing from empty", members,
          [&](size_t i) { zset.Add(names[i], random.Unit(), limits); });
  std::printf("%-52s %9.1f bytes\n", "memory per member, random scores",
              static_cast<double>(zset.MemoryBytes()) / static_cast<double>(members));
  size_t sum = 0;
  Measure("rank of a random member", members, [&](size_t i) { sum += zset.Rank(names[picks[i]])->rank; });
  Measure("score of a random member", members, [&](size_t i) { sum += zset.Score(names[picks[i]]).has_value(); });
  Measure("entry at a random rank", members, [&](size_t i) { sum += zset.At(picks[i]).member.size(); });
  Measure("count by score", members, [&](size_t i) {
    const double low = static_cast<double>(picks[i]) / static_cast<double>(members);
    sum += zset.RanksOf(usher::engine::ScoreRange{low, low + 0.1}).count;
  });
  Measure("10 entries from a random rank", members / 10, [&](size_t i) {
    const RankRange range{std::min(picks[i], members - 10), 10};
    zset.ForEach(range, Order::kAscending, [&](std::string_view member, double) { sum += member.size(); });
  });
  Measure("update to a random score", members, [&](size_t i) { zset.Add(names[picks[i]], random.Unit(), limits); });
  Measure("update by a little", members,
          [&](size_t i) { zset.Add(names[picks[i]], 1e-9, {.increment = true}, limits).error(); });
  Measure("add new members to a full set, then remove one", members, [&](size_t i) {
    zset.Add(names[members + i], random.Unit(), limits);
    zset.Remove(names[i]);
  });
  const double start = CpuNs();
  zset.Destroy();
  std::printf("%-52s %9.3f ms (%zu)\n", "free the whole set", (CpuNs() - start) / 1e6, sum % 10);
}

void Queue(size_t members) {
  const ZsetLimits limits;
  const std::vector<std::string> names = Names(members);
  Zset waiting;
  Zset active;
  Measure("enter: add at the end, growing from empty", members,
          [&](size_t i) { waiting.Add(names[i], 1.7e12 + static_cast<double>(i) / 1024, limits); });
  size_t popped = 0;
  const double start = CpuNs();
  waiting.MoveMin(10'000, active, 1.7e9, limits, [&](std::string_view, double) { ++popped; });
  std::printf("%-52s %9.3f ms\n", "admit 10000: move to another set", (CpuNs() - start) / 1e6);
  const double pop_start = CpuNs();
  waiting.PopMin(10'000, [&](std::string_view, double) { ++popped; });
  std::printf("%-52s %9.3f ms\n", "pop 10000", (CpuNs() - pop_start) / 1e6);
  Measure("pop one by one", 10'000, [&](size_t) { waiting.PopMin(1, [&](std::string_view, double) { ++popped; }); });
  waiting.Destroy();
  active.Destroy();
}

void Million() {
  const ZsetLimits limits;
  const size_t members = 1'000'000;
  const std::vector<std::string> names = Names(members);
  const double resident = ResidentMiB();
  Zset zset;
  double longest = 0;
  for (size_t i = 0; i < members; ++i) {
    const double start = CpuNs();
    zset.Add(names[i], 1.7e12 + static_cast<double>(i) / 1024, limits);
    longest = std::max(longest, CpuNs() - start);
  }
  std::printf("%-52s %9.1f bytes, resident %.1f\n", "1M members appended: memory per member",
              static_cast<double>(zset.MemoryBytes()) / 1e6, (ResidentMiB() - resident) * (1 << 20) / 1e6);
  std::printf("%-52s %9.3f ms\n", "longest single add on the way", longest / 1e6);
  const double start = CpuNs();
  zset.Destroy();
  std::printf("%-52s %9.3f ms\n", "free it", (CpuNs() - start) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t members = argc > 1 ? static_cast<size_t>(std::atoll(argv[1])) : 300'000;
  Million();  // first, while no freed memory can be used again
  RandomScores(std::max<size_t>(members, 1000));
  Queue(std::max<size_t>(members, 50'000));
  return 0;
}
