// Tests of bench/verification: a good run passes, and every way of being wrong is found.
#include "bench/verification.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "bench/timing.h"
#include "tests/support/test_seed.h"

using namespace usher::bench;

namespace {

/// Ten people a second apart; the first four are admitted.
Evidence GoodRun() {
  Evidence evidence;
  evidence.queues.resize(1);
  evidence.active_max = 4;
  evidence.ttl_ns = 300 * kNsPerSecond;
  evidence.read_ns = 100 * kNsPerSecond;
  for (size_t entry = 0; entry < 10; ++entry) {
    const int64_t sent_ns = static_cast<int64_t>(entry + 1) * kNsPerSecond;
    evidence.entries.push_back({sent_ns, sent_ns + kNsPerMs, Answer::kNew});
    if (entry < 4) {
      evidence.queues[0].admitted.push_back({entry, 50 * kNsPerSecond});
      evidence.queues[0].active.push_back({entry, true});
    } else {
      evidence.queues[0].waiting.push_back(entry);
    }
  }
  evidence.queues[0].active_seen_max = 4;
  return evidence;
}

bool FailsWith(const Evidence& evidence, const std::string& text) {
  const Verdict verdict = Judge(evidence);
  return std::any_of(verdict.failures.begin(), verdict.failures.end(),
                     [&](const std::string& failure) { return failure.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("Judge: a good run passes") {
  Evidence evidence = GoodRun();
  const Verdict verdict = Judge(evidence);
  CHECK(verdict.Passed());
  CHECK(verdict.entered == 10);
  CHECK(verdict.dropped == 0);
  evidence.ties_by_name = true;
  CHECK(Judge(evidence).Passed());
  CHECK(Judge(Evidence()).Passed());
}

TEST_CASE("Judge: finds lost, doubled and unknown people") {
  Evidence lost = GoodRun();
  lost.queues[0].waiting.pop_back();
  CHECK(FailsWith(lost, "acknowledged but in neither set"));
  CHECK(Judge(lost).entered == 9);

  Evidence doubled = GoodRun();
  doubled.queues[0].waiting.push_back(9);
  CHECK(FailsWith(doubled, "waiting twice"));

  Evidence admitted_twice = GoodRun();
  admitted_twice.queues[0].admitted.push_back(admitted_twice.queues[0].admitted[0]);
  CHECK(FailsWith(admitted_twice, "admitted twice"));

  Evidence both = GoodRun();
  both.queues[0].waiting.insert(both.queues[0].waiting.begin(), 3);
  CHECK(FailsWith(both, "in both sets"));
  CHECK(FailsWith(both, "admitted and still waiting"));

  Evidence stranger = GoodRun();
  stranger.queues[0].strangers = 1;
  CHECK(FailsWith(stranger, "names that nobody has"));

  Evidence unsent = GoodRun();
  unsent.entries[9] = {};
  CHECK(FailsWith(unsent, "never sent"));
  CHECK(FailsWith(unsent, "not answered"));
}

TEST_CASE("Judge: finds actives without place or token") {
  Evidence not_active = GoodRun();
  not_active.queues[0].active.pop_back();
  CHECK(FailsWith(not_active, "admitted but not active"));
  not_active.read_ns = 350 * kNsPerSecond;  // by then the token has expired, as it should
  CHECK(Judge(not_active).Passed());

  Evidence no_token = GoodRun();
  no_token.queues[0].active[0].token_fits = false;
  CHECK(FailsWith(no_token, "without a fitting token"));

  Evidence unnamed = GoodRun();
  unnamed.queues[0].waiting.erase(unnamed.queues[0].waiting.begin());
  unnamed.queues[0].active.push_back({4, true});
  CHECK(FailsWith(unnamed, "named by no admission"));

  Evidence too_many = GoodRun();
  too_many.queues[0].active_seen_max = 5;
  CHECK(FailsWith(too_many, "went over its 4"));
}

TEST_CASE("Judge: finds wrong answers, errors and drops") {
  Evidence waiting = GoodRun();
  waiting.entries[5].answer = Answer::kWaiting;
  CHECK(FailsWith(waiting, "not answered NEW"));

  Evidence error = GoodRun();
  error.entries[5].answer = Answer::kError;
  error.queues[0].waiting.erase(error.queues[0].waiting.begin() + 1);
  CHECK(Judge(error).dropped == 1);
  CHECK_FALSE(Judge(error).Passed());

  Evidence unanswered = GoodRun();
  unanswered.entries[5].answered_ns = 0;
  CHECK(Judge(unanswered).dropped == 1);
}

TEST_CASE("Judge: finds people out of order, in the wait set, among the admitted and between them") {
  Evidence waiting = GoodRun();
  std::swap(waiting.queues[0].waiting[0], waiting.queues[0].waiting[5]);
  CHECK(FailsWith(waiting, "further behind"));

  Evidence admitted = GoodRun();
  std::swap(admitted.queues[0].admitted[1], admitted.queues[0].admitted[2]);
  CHECK(FailsWith(admitted, "further behind"));

  Evidence between = GoodRun();
  std::swap(between.queues[0].admitted[3].entry, between.queues[0].waiting[0]);
  between.queues[0].active[3].entry = 4;
  CHECK(FailsWith(between, "further behind"));
}

TEST_CASE("Judge: overlapping requests may come in any order, ties by name only within a millisecond") {
  Evidence evidence = GoodRun();
  std::swap(evidence.queues[0].waiting[4], evidence.queues[0].waiting[5]);  // entry 9 now stands in front of 8
  evidence.entries[8].answered_ns = evidence.entries[9].sent_ns;
  CHECK(Judge(evidence).Passed());
  evidence.entries[8].answered_ns -= 1;
  CHECK_FALSE(Judge(evidence).Passed());
  evidence.ties_by_name = true;
  CHECK(Judge(evidence).Passed());
  CHECK(Judge(evidence).swapped_ties == 1);
  evidence.entries[8].answered_ns -= kNsPerMs;
  CHECK_FALSE(Judge(evidence).Passed());
}

TEST_CASE("Judge: a poll that finds an acknowledged person nowhere") {
  Evidence evidence = GoodRun();
  evidence.lost_polls = {{3, evidence.entries[3].answered_ns - 1}};  // asked before the answer: fair
  CHECK(Judge(evidence).Passed());
  evidence.lost_polls = {{3, evidence.entries[3].answered_ns}};
  CHECK(FailsWith(evidence, "told NONE"));
  evidence.admits_in_pieces = true;
  CHECK(Judge(evidence).Passed());
  CHECK(Judge(evidence).lost_polls == 1);
}

TEST_CASE("Judge: several queues, and people in the wrong one") {
  Evidence evidence;
  evidence.queues.resize(2);
  for (size_t entry = 0; entry < 6; ++entry) {
    const auto sent_ns = static_cast<int64_t>(entry + 1) * kNsPerSecond;
    evidence.entries.push_back({sent_ns, sent_ns + 1, Answer::kNew});
    evidence.queues[entry % 2].waiting.push_back(entry);
  }
  CHECK(Judge(evidence).Passed());
  std::swap(evidence.queues[0].waiting[2], evidence.queues[1].waiting[2]);
  CHECK(FailsWith(evidence, "wrong queue"));
}

TEST_CASE("Judge: agrees with comparing all pairs on random lines") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  int failed = 0;
  for (int round = 0; round < 500; ++round) {
    Evidence evidence;
    evidence.queues.resize(1);
    const size_t people = 2 + random() % 6;
    for (size_t entry = 0; entry < people; ++entry) {
      const auto sent_ns = static_cast<int64_t>(1 + random() % 20);
      evidence.entries.push_back({sent_ns, sent_ns + 1 + static_cast<int64_t>(random() % 15), Answer::kNew});
      evidence.queues[0].waiting.push_back(entry);
    }
    std::shuffle(evidence.queues[0].waiting.begin(), evidence.queues[0].waiting.end(), random);
    const std::vector<size_t>& line = evidence.queues[0].waiting;
    bool ordered = true;
    for (size_t i = 0; i < people; ++i) {
      for (size_t j = i + 1; j < people; ++j) {
        ordered = ordered && evidence.entries[line[j]].answered_ns >= evidence.entries[line[i]].sent_ns;
      }
    }
    CHECK(Judge(evidence).Passed() == ordered);
    failed += ordered ? 0 : 1;
  }
  CHECK(failed > 0);
  CHECK(failed < 500);
}
