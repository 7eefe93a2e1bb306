// Verification: whether everybody got in exactly once, in order, and nobody is in both sets or in neither. The evidence
// is what the generator's own clock saw (when each person's request was sent and answered), whom each admission named,
// and the server's keys, read after the load has ended. Judging is a pure function of it, so that the tests can forge
// evidence.
//
// Order: an entry that was answered before another was sent must be in front of it. That is all that clients can
// observe; entries whose requests overlapped may come in either order. The line is whom was admitted, in order, then
// who waits.
//
// Complexity: O(entries).  Thread safety: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/dialect.h"

namespace usher::bench {

/// One person's entering, in monotonic time; 0 = did not happen.
struct EntryRecord {
  int64_t sent_ns = 0;
  int64_t answered_ns = 0;
  Answer answer = Answer::kNoAnswer;
};

/// A poll that was told NONE.
struct LostPoll {
  size_t entry;
  int64_t sent_ns;
};

struct Admitted {
  size_t entry;
  int64_t at_ns;  // when the admission that named the person was sent
};

struct ActivePlace {
  size_t entry;
  bool token_fits;  // the token exists, is READY and expires with the place
};

/// What is known of one queue. Entries are indexes into Evidence::entries.
struct QueueEvidence {
  std::vector<Admitted> admitted;  // in the order of the admissions' replies
  std::vector<size_t> waiting;     // in the order of the wait set
  std::vector<ActivePlace> active;
  size_t strangers = 0;         // names in these that nobody of ours has
  int64_t active_seen_max = 0;  // by every sample of the run
};

struct Evidence {
  std::vector<EntryRecord> entries;  // entry i belongs to queue i mod queues.size()
  std::vector<QueueEvidence> queues;
  std::vector<LostPoll> lost_polls;
  int64_t active_max = 0;
  int64_t ttl_ns = 0;
  int64_t read_ns = 0;            // when the keys had been read
  bool ties_by_name = false;      // within one millisecond the order is the names', not the arrivals'
  bool admits_in_pieces = false;  // a poll may find a person in neither set during an admission
};

struct Verdict {
  size_t entered = 0;       // answered NEW and found exactly once
  size_t dropped = 0;       // never answered, or answered with an error
  size_t swapped_ties = 0;  // out of order within one millisecond, where names break ties
  size_t lost_polls = 0;    // told NONE although entering had been acknowledged
  std::vector<std::string> failures;

  bool Passed() const { return failures.empty(); }
};

/// Judges the evidence; each kind of failure is named once, with its count and an example.
Verdict Judge(const Evidence& evidence);

}  // namespace usher::bench
