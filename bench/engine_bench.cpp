// engine-bench: cost of the key table and the keyspace without a server around them.
//
//   engine-bench [keys ...]     default 1000 1000000; 10000000 takes about 1.5 GB
//
// For each count: inserts into a bare SegmentTable (mean and worst single insert, occupancy), then SET (new and
// existing), GET (one by one and in prefetched batches of 16), EXPIRE and DEL through Keyspace with 14-byte keys and
// 16-byte values, and the memory they take by the allocator's count and by the kernel's (RSS).
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/keyspace.h"

namespace usher::engine {
namespace {

constexpr size_t kBatch = 16;
constexpr size_t kOperationsMin = 2'000'000;

// The thread's CPU time: what other processes take of a busy machine does not count.
double NowNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

size_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0;
  unsigned long resident = 0;
  const bool read = file != nullptr && std::fscanf(file, "%lu %lu", &total, &resident) == 2;
  if (file != nullptr) std::fclose(file);
  return read ? resident * 4096 : 0;
}

struct MixPolicy {
  using Slot = uint64_t;
  uint64_t HashOf(uint64_t slot) const { return Random(slot).Next(); }
};

void BenchTable(size_t count) {
  SegmentTable<MixPolicy> table;
  double occupancy_sum = 0;
  const double start = NowNs();
  for (size_t key = 0; key < count; ++key) {
    table.Insert(MixPolicy().HashOf(key), key);
    occupancy_sum += static_cast<double>(table.size()) / static_cast<double>(table.SlotCapacity());
  }
  const double inserting_ns = NowNs() - start;
  SegmentTable<MixPolicy> timed;
  double worst_ns = 0;
  double occupancy_max = 0;
  for (size_t key = 0; key < count; ++key) {
    const double before = NowNs();
    timed.Insert(MixPolicy().HashOf(key), key);
    worst_ns = std::max(worst_ns, NowNs() - before);
    if (key < 1000) continue;  // a table of one small segment can be full to the last slot
    occupancy_max =
        std::max(occupancy_max, static_cast<double>(timed.size()) / static_cast<double>(timed.SlotCapacity()));
  }
  const double keys = static_cast<double>(count);
  std::printf("%9zu table insert   %6.1f ns, worst %.0f us; occupancy mean %.3f max %.3f\n", count, inserting_ns / keys,
              worst_ns / 1000, occupancy_sum / keys, occupancy_max);
}

// 14 bytes, as "key:0000001234".
struct Name {
  explicit Name(size_t number = 0) {
    for (size_t i = sizeof(text); i > 4; number /= 10) text[--i] = static_cast<char>('0' + number % 10);
  }
  std::string_view view() const { return {text, sizeof(text)}; }
  char text[14] = {'k', 'e', 'y', ':'};
};

class KeyspaceBench {
 public:
  explicit KeyspaceBench(size_t count) : count_(count) {
    Random random{7};
    const size_t operations = std::max(count, kOperationsMin);
    order_.reserve(operations);
    for (size_t i = 0; i < operations; ++i) order_.push_back(static_cast<uint32_t>(random.Below(count)));
  }

  void Run() {
    Fill();
    Report("SET existing", [&](size_t i) { keyspace_.SetString(NameKey(i), value_); });
    IntegerScratch scratch;
    size_t found_bytes = 0;
    Report("GET", [&](size_t i) { found_bytes += keyspace_.Find(NameKey(i)).StringBytes(scratch).size(); });
    std::printf("%9zu %-14s %6.1f ns/op\n", count_, "GET batch 16",
                GetInBatches() / static_cast<double>(order_.size()));
    Report("names alone", [&](size_t i) { found_bytes += NameKey(i).slot; });
    Report("EXPIRE", [&](size_t i) {
      keyspace_.SetExpiry(keyspace_.Find(NameKey(i)), 1'700'000'000'000 + static_cast<int64_t>(i % 3'600'000));
    });
    std::printf("%9zu with expiry: %.1f bytes per key, %zu index records for %zu keys (%zu)\n", count_,
                static_cast<double>(keyspace_.memory_bytes()) / static_cast<double>(count_),
                keyspace_.expiry_record_count(), keyspace_.keys_with_expiry(), found_bytes & 1);
    Drain();
  }

 private:
  Key NameKey(size_t i) {
    name_ = Name(order_[i]);
    return MakeKey(name_.view());
  }

  template <class Fn>
  void Report(const char* what, Fn&& fn) {
    const double start = NowNs();
    for (size_t i = 0; i < order_.size(); ++i) fn(i);
    std::printf("%9zu %-14s %6.1f ns/op\n", count_, what, (NowNs() - start) / static_cast<double>(order_.size()));
  }

  void Fill() {
    const size_t rss_before = ResidentBytes();
    double worst_per_key = 0;
    size_t worst_at = 0;
    const double start = NowNs();
    for (size_t key = 0; key < count_; ++key) {
      keyspace_.SetString(MakeKey(Name(key).view()), value_);
      if (key < count_ * 7 / 10) continue;
      const double per_key = static_cast<double>(keyspace_.memory_bytes()) / static_cast<double>(key + 1);
      if (per_key <= worst_per_key) continue;
      worst_per_key = per_key;
      worst_at = key + 1;
    }
    const double keys = static_cast<double>(count_);
    std::printf("%9zu %-14s %6.1f ns/op\n", count_, "SET new", (NowNs() - start) / keys);
    std::printf(
        "%9zu memory: %.1f bytes per key counted, %.1f resident (first count only); worst since 70%%: %.1f at %zu\n",
        count_, static_cast<double>(keyspace_.memory_bytes()) / keys,
        static_cast<double>(ResidentBytes() - rss_before) / keys, worst_per_key, worst_at);
  }

  double GetInBatches() {
    IntegerScratch scratch;
    size_t bytes = 0;
    const double start = NowNs();
    for (size_t i = 0; i + kBatch <= order_.size(); i += kBatch) {
      std::array<Name, kBatch> names;
      std::array<Key, kBatch> keys;
      for (size_t j = 0; j < kBatch; ++j) {
        names[j] = Name(order_[i + j]);
        keys[j] = MakeKey(names[j].view());
      }
      for (const Key& key : keys) keyspace_.Prefetch(key);
      for (const Key& key : keys) keyspace_.PrefetchEntry(key);
      for (const Key& key : keys) bytes += keyspace_.Find(key).StringBytes(scratch).size();
    }
    return NowNs() - start + static_cast<double>(bytes & 0);
  }

  void Drain() {
    const double start = NowNs();
    size_t expired = 0;
    double worst_ns = 0;
    for (bool more = true; more;) {
      const double before = NowNs();
      more = keyspace_.ExpireDue(1'800'000'000'000, 1000, [&](KeyEntry entry) {
        ++expired;
        keyspace_.Erase(entry);
      });
      worst_ns = std::max(worst_ns, NowNs() - before);
    }
    std::printf("%9zu %-14s %6.1f ns/op, worst step of 1000 %.0f us\n", count_, "expire",
                (NowNs() - start) / static_cast<double>(expired), worst_ns / 1000);
  }

  size_t count_;
  Keyspace keyspace_;
  std::vector<uint32_t> order_;
  std::string value_ = std::string(16, 'v');
  Name name_;
};

}  // namespace
}  // namespace usher::engine

int main(int argc, char** argv) {
  std::vector<size_t> counts;
  for (int i = 1; i < argc; ++i) counts.push_back(std::strtoull(argv[i], nullptr, 10));
  if (counts.empty()) counts = {1'000, 1'000'000};
  for (const size_t count : counts) usher::engine::KeyspaceBench(count).Run();
  for (const size_t count : counts) usher::engine::BenchTable(count);
}
