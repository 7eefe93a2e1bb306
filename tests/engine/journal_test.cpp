// The journal against what was appended: one thread step by step, late writers, many threads.
#include "engine/journal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 18;
constexpr size_t kSmallRing = 4 * kChunkBytes;
constexpr size_t kHeaderBytes = 16;

struct Record {
  Journal::RecordInfo info;
  std::string payload;
};

std::vector<Record> ReadAll(const Journal& journal, uint64_t from = 0) {
  std::vector<Record> records;
  const auto end = journal.Read(from, [&](const Journal::RecordInfo& info, std::string_view payload) {
    records.push_back({info, std::string(payload)});
  });
  CHECK(end == journal.position());
  return records;
}

/// Text that shows a shifted or torn copy.
std::string Text(size_t bytes, uint64_t salt) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 26 + salt) % 26);
  return text;
}

/// Appends small records until the log is `bytes` longer.
void AppendFor(Journal& journal, uint64_t bytes) {
  const uint64_t end = journal.position() + bytes;
  while (journal.position() < end) journal.Append({}, Text(1000, journal.position()));
}

TEST_CASE("Journal: records come back in order and whole, with what is known about them") {
  Journal journal(kSmallRing);
  CHECK(ReadAll(journal).empty());
  CHECK(journal.Append({.slot = 16383, .db = 15, .targets = Journal::kAof, .time_ms = -5}, "abc") == 24);
  CHECK(journal.Append({.slot = 7, .db = 0, .targets = Journal::kReplicas, .time_ms = 1'700'000'000'000}, "", "") ==
        40);
  CHECK(journal.Append({.slot = 0, .db = 1}, "12345678", "9") == 72);
  const std::vector<Record> records = ReadAll(journal);
  REQUIRE(records.size() == 3);
  CHECK(records[0].payload == "abc");
  CHECK(records[0].info.slot == 16383);
  CHECK(records[0].info.db == 15);
  CHECK(records[0].info.targets == Journal::kAof);
  CHECK(records[0].info.time_ms == -5);
  CHECK(records[1].payload.empty());
  CHECK(records[1].info.targets == Journal::kReplicas);
  CHECK(records[1].info.time_ms == 1'700'000'000'000);
  CHECK(records[2].payload == "123456789");
  CHECK(records[2].info.targets == Journal::kAll);
  CHECK(ReadAll(journal, 24).size() == 2);
}

TEST_CASE("Journal: agrees with a vector under random sizes, also where records cross chunks") {
  Random random{tests::TestSeed()};
  Journal journal(64 * kChunkBytes);
  std::vector<std::string> model;
  std::vector<uint64_t> starts;
  while (journal.position() < 40 * kChunkBytes) {
    const size_t bytes = random.Below(50) == 0 ? random.Below(3 * kChunkBytes) : random.Below(2000);
    model.push_back(Text(bytes, model.size()));
    starts.push_back(journal.position());
    const size_t cut = random.Below(bytes + 1);
    const std::string_view whole = model.back();
    const uint64_t end =
        journal.Append({.slot = static_cast<uint16_t>(model.size() % 16384)}, whole.substr(0, cut), whole.substr(cut));
    REQUIRE(end == starts.back() + ((kHeaderBytes + bytes + 7) & ~size_t{7}));
  }
  const std::vector<Record> records = ReadAll(journal);
  REQUIRE(records.size() == model.size());
  for (size_t i = 0; i < records.size(); ++i) {
    REQUIRE(records[i].payload == model[i]);
    REQUIRE(records[i].info.slot == (i + 1) % 16384);
  }
  const size_t middle = records.size() / 2;
  CHECK(ReadAll(journal, starts[middle]).size() == records.size() - middle);
}

TEST_CASE("Journal: a header that ends a chunk, and a record that fills one exactly") {
  for (const size_t left : {8u, 16u, 24u}) {
    Journal journal(kSmallRing);
    journal.Append({}, Text(kChunkBytes - kHeaderBytes - left, 1));
    REQUIRE(journal.position() == kChunkBytes - left);
    journal.Append({.slot = 3, .time_ms = 77}, "payload");
    journal.Append({}, "after");
    const std::vector<Record> records = ReadAll(journal);
    REQUIRE(records.size() == 3);
    CHECK(records[1].payload == "payload");
    CHECK(records[1].info.time_ms == 77);
    CHECK(records[2].payload == "after");
  }
  Journal journal(kSmallRing);
  journal.Append({}, Text(kChunkBytes - kHeaderBytes, 1));
  journal.Append({}, Text(kChunkBytes - kHeaderBytes, 2));
  CHECK(journal.position() == 2 * kChunkBytes);
  CHECK(ReadAll(journal).size() == 2);
}

TEST_CASE("Journal: the ring keeps the newest records and its memory stays bounded") {
  Journal journal(kSmallRing);
  uint64_t recent = 0;
  for (int i = 0; i < 40'000; ++i) {
    recent = journal.position();
    journal.Append({}, Text(600, static_cast<uint64_t>(i)));
  }
  CHECK(journal.position() > 20 * kSmallRing);
  CHECK_FALSE(journal.Read(0, [](const auto&, auto) {}).has_value());
  const std::vector<Record> newest = ReadAll(journal, recent);
  REQUIRE(newest.size() == 1);
  CHECK(newest[0].payload == Text(600, 39'999));
  const auto two_chunks_ago = recent - 2 * kChunkBytes / 616 * 616;
  CHECK(ReadAll(journal, two_chunks_ago).size() == 2 * kChunkBytes / 616 + 1);
  CHECK(journal.GetStats().memory_bytes < 6 * (kChunkBytes + 256));
  CHECK(journal.GetStats().position == journal.position());
}

TEST_CASE("Journal: a reader stops before a record that is reserved but not filled in") {
  Journal journal(kSmallRing);
  journal.Append({}, "first");
  const uint64_t late = journal.Reserve(4);
  journal.Append({}, "third");
  size_t seen = 0;
  CHECK(journal.Read(0, [&](const auto&, auto) { ++seen; }) == late);
  CHECK(seen == 1);
  journal.Fill(late, {}, "late");
  CHECK(ReadAll(journal).size() == 3);
}

TEST_CASE("Journal: writers so late that the ring has gone round twice harm nobody") {
  Journal journal(kSmallRing);
  const uint64_t late = journal.Reserve(100);
  AppendFor(journal, kChunkBytes - 400 - journal.position() % kChunkBytes);
  const uint64_t late_crossing = journal.Reserve(2000);
  // Nobody else writes in the middle chunks of this one, so they are made by the late writer, out of the ring.
  const uint64_t late_large = journal.Reserve(3 * kChunkBytes);
  AppendFor(journal, 2 * kSmallRing);
  const uint64_t before = journal.position();
  journal.Fill(late, {}, Text(100, 1));
  journal.Fill(late_large, {}, Text(3 * kChunkBytes, 2));
  journal.Fill(late_crossing, {}, Text(1000, 3), Text(1000, 4));
  const std::vector<Record> kept = ReadAll(journal, late);
  CHECK(kept.front().payload == Text(100, 1));
  journal.Append({}, "after");
  CHECK(ReadAll(journal, before).size() == 1);
  const size_t memory_bytes = journal.GetStats().memory_bytes;
  AppendFor(journal, 3 * kSmallRing);
  CHECK_FALSE(journal.Read(late, [](const auto&, auto) {}).has_value());
  const uint64_t start = journal.position();
  journal.Append({}, Text(5000, 9));
  CHECK(ReadAll(journal, start)[0].payload == Text(5000, 9));
  CHECK(journal.GetStats().memory_bytes == memory_bytes);  // the late ones' chunks are used again
}

TEST_CASE("Journal: what the consumer has not read stays, and is recycled after") {
  Journal journal(kSmallRing);
  journal.Attach(0);
  std::vector<std::string> model;
  for (size_t i = 0; journal.position() < 3 * kSmallRing; ++i) {
    model.push_back(Text(1000 + i % 7, i));
    journal.Append({}, model.back());
  }
  size_t seen = 0;
  uint64_t position = 0;
  while (position < journal.position()) {
    const auto end = journal.Read(
        position,
        [&](const auto&, std::string_view payload) {
          REQUIRE(payload == model[seen]);
          ++seen;
        },
        position + 10'000);
    REQUIRE(end.has_value());
    REQUIRE(*end > position);
    REQUIRE(*end <= position + 10'000 + 1'100);
    position = *end;
  }
  CHECK(seen == model.size());
  const size_t memory_bytes = journal.GetStats().memory_bytes;
  journal.Consumed(position);
  AppendFor(journal, 2 * kSmallRing);
  CHECK(journal.GetStats().memory_bytes == memory_bytes);
  CHECK_FALSE(journal.Read(0, [](const auto&, auto) {}).has_value());
}

TEST_CASE("Journal: a record larger than the ring passes through") {
  Journal journal(kSmallRing);
  journal.Append({}, "before");
  journal.Append({}, Text(3 * kSmallRing, 1));
  const uint64_t start = journal.position();
  journal.Append({}, "after");
  const std::vector<Record> records = ReadAll(journal, start);
  REQUIRE(records.size() == 1);
  CHECK(records[0].payload == "after");
}

/// Appends the records of one thread: its number, a sequence number and a text of random length.
void AppendNumbered(Journal& journal, size_t thread, size_t count, uint64_t seed) {
  Random random{seed};
  for (size_t i = 0; i < count; ++i) {
    const size_t bytes = random.Below(200) == 0 ? random.Below(40'000) : random.Below(150);
    const std::string text = Text(bytes, i);
    journal.Append({.slot = static_cast<uint16_t>(thread), .time_ms = static_cast<int64_t>(i)}, text);
  }
}

constexpr size_t kThreads = 16;

/// Checks that every thread's records follow one another without a gap.
struct SequenceCheck {
  void operator()(const Journal::RecordInfo& info, std::string_view payload) {
    if (info.slot >= kThreads || payload != Text(payload.size(), static_cast<uint64_t>(info.time_ms))) return Spoil();
    int64_t& next = next_of[info.slot];
    if (next >= 0 && info.time_ms != next) return Spoil();
    next = info.time_ms + 1;
    ++records;
  }
  void Spoil() { ++spoiled; }
  std::array<int64_t, kThreads> next_of;
  size_t records = 0;
  size_t spoiled = 0;
};

TEST_CASE("Journal: 16 threads append while one reads: every thread's records are there, in order, whole") {
  constexpr size_t kRecordsEach = 1'500;
  Journal journal(64 * kChunkBytes);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&journal, i] { AppendNumbered(journal, i, kRecordsEach, tests::TestSeed() + i); });
  }
  SequenceCheck check;
  check.next_of.fill(0);
  uint64_t position = 0;
  while (check.records < kThreads * kRecordsEach && check.spoiled == 0) {
    const auto end = journal.Read(position, [&](const auto& info, auto payload) { check(info, payload); });
    REQUIRE(end.has_value());
    if (*end == position) std::this_thread::yield();
    position = *end;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(check.spoiled == 0);
  CHECK(position == journal.position());
}

TEST_CASE("Journal: 16 threads go round the ring many times, the newest part stays whole") {
  Journal journal(kSmallRing);
  const auto append_all = [&journal](size_t count) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&journal, i, count] { AppendNumbered(journal, i, count, tests::TestSeed() ^ i); });
    }
    for (std::thread& thread : threads) thread.join();
  };
  append_all(3'000);
  CHECK(journal.position() > 8 * kSmallRing);
  const uint64_t start = journal.position();
  append_all(40);
  REQUIRE(journal.position() - start < 3 * kChunkBytes);
  SequenceCheck check;
  check.next_of.fill(0);
  CHECK(journal.Read(start, [&](const auto& info, auto payload) { check(info, payload); }) == journal.position());
  CHECK(check.records == kThreads * 40);
  CHECK(check.spoiled == 0);
  CHECK(journal.GetStats().memory_bytes < (5 + 2 * kThreads) * (kChunkBytes + 256));
}

}  // namespace
}  // namespace usher::engine
