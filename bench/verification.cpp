// See verification.h.
#include "bench/verification.h"

#include <algorithm>
#include <limits>
#include <map>

#include "bench/timing.h"

namespace usher::bench {
namespace {

/// Counts failures by kind and keeps the first entry of each as the example.
class FailureList {
 public:
  void Add(const std::string& what, size_t entry) {
    const auto [place, is_first] = kinds_.try_emplace(what, Kind{0, entry});
    ++place->second.count;
  }

  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const auto& [what, kind] : kinds_) {
      lines.push_back(std::to_string(kind.count) + " x " + what + " (first: entry " + std::to_string(kind.example) +
                      ")");
    }
    return lines;
  }

 private:
  struct Kind {
    size_t count;
    size_t example;
  };
  std::map<std::string, Kind> kinds_;
};

/// Where each entry was found.
struct Sighting {
  uint8_t admitted = 0;
  uint8_t waiting = 0;
  uint8_t active = 0;
  int64_t admitted_ns = 0;
};

void CountUp(uint8_t& count) {
  count = static_cast<uint8_t>(std::min(count + 1, 2));
}

std::vector<Sighting> LookForEverybody(const Evidence& evidence, FailureList& failures) {
  std::vector<Sighting> sightings(evidence.entries.size());
  for (size_t q = 0; q < evidence.queues.size(); ++q) {
    const QueueEvidence& queue = evidence.queues[q];
    const auto see = [&](size_t entry) -> Sighting& {
      if (entry % evidence.queues.size() != q) failures.Add("person in the wrong queue", entry);
      return sightings[entry];
    };
    for (const Admitted& admitted : queue.admitted) {
      CountUp(see(admitted.entry).admitted);
      sightings[admitted.entry].admitted_ns = admitted.at_ns;
    }
    for (const size_t entry : queue.waiting) CountUp(see(entry).waiting);
    for (const ActivePlace& place : queue.active) {
      CountUp(see(place.entry).active);
      if (!place.token_fits) failures.Add("active without a fitting token", place.entry);
    }
    if (queue.strangers > 0)
      failures.Add("queue holds names that nobody has, so many: " + std::to_string(queue.strangers), q);
    if (queue.active_seen_max > evidence.active_max) {
      failures.Add("queue went over its " + std::to_string(evidence.active_max) + " active people, to " +
                       std::to_string(queue.active_seen_max),
                   q);
    }
  }
  return sightings;
}

/// Whether each person is where the answers say; true when this one entered exactly once.
bool JudgeEntry(const Evidence& evidence, size_t entry, const Sighting& seen, FailureList& failures) {
  const EntryRecord& record = evidence.entries[entry];
  const bool is_answered = record.answered_ns != 0 && record.answer != Answer::kError;
  if (is_answered && record.answer != Answer::kNew) failures.Add("first entry was not answered NEW", entry);
  if (record.sent_ns == 0 && seen.admitted + seen.waiting + seen.active > 0)
    failures.Add("in the queue but never sent", entry);
  if (seen.admitted > 1) failures.Add("admitted twice", entry);
  if (seen.admitted > 0 && seen.waiting > 0) failures.Add("admitted and still waiting", entry);
  if (seen.active > 0 && seen.waiting > 0) failures.Add("in both sets", entry);
  if (seen.waiting > 1) failures.Add("waiting twice", entry);
  if (seen.active > 0 && seen.admitted == 0) failures.Add("active but named by no admission", entry);
  const bool may_have_expired = evidence.read_ns - seen.admitted_ns >= evidence.ttl_ns - kNsPerSecond;
  if (seen.admitted > 0 && seen.active == 0 && seen.waiting == 0 && !may_have_expired)
    failures.Add("admitted but not active", entry);
  if (is_answered && seen.admitted + seen.waiting == 0) failures.Add("acknowledged but in neither set", entry);
  return is_answered && record.answer == Answer::kNew && seen.admitted + seen.waiting == 1;
}

// Walks the line from its back: whoever is behind must not have been answered before this one was sent.
void JudgeOrder(const Evidence& evidence, const QueueEvidence& queue, Verdict& verdict, FailureList& failures) {
  std::vector<size_t> line;
  for (const Admitted& admitted : queue.admitted) line.push_back(admitted.entry);
  line.insert(line.end(), queue.waiting.begin(), queue.waiting.end());
  const int64_t tolerance_ns = evidence.ties_by_name ? kNsPerMs : 0;
  int64_t behind_answered_first_ns = std::numeric_limits<int64_t>::max() - tolerance_ns;  // nobody yet
  for (size_t i = line.size(); i-- > 0;) {
    const EntryRecord& record = evidence.entries[line[i]];
    if (record.sent_ns == 0) continue;
    if (behind_answered_first_ns + tolerance_ns < record.sent_ns) {
      failures.Add("sent after somebody further behind had been acknowledged", line[i]);
    } else if (behind_answered_first_ns < record.sent_ns) {
      ++verdict.swapped_ties;
    }
    if (record.answered_ns != 0) behind_answered_first_ns = std::min(behind_answered_first_ns, record.answered_ns);
  }
}

}  // namespace

Verdict Judge(const Evidence& evidence) {
  Verdict verdict;
  FailureList failures;
  const std::vector<Sighting> sightings = LookForEverybody(evidence, failures);
  for (size_t entry = 0; entry < evidence.entries.size(); ++entry) {
    const EntryRecord& record = evidence.entries[entry];
    if (record.answered_ns == 0 || record.answer == Answer::kError) {
      ++verdict.dropped;
      failures.Add("not answered, or answered with an error", entry);
    }
    verdict.entered += JudgeEntry(evidence, entry, sightings[entry], failures) ? 1 : 0;
  }
  for (const QueueEvidence& queue : evidence.queues) JudgeOrder(evidence, queue, verdict, failures);
  for (const LostPoll& poll : evidence.lost_polls) {
    const int64_t answered_ns = evidence.entries[poll.entry].answered_ns;
    if (answered_ns == 0 || answered_ns > poll.sent_ns) continue;
    ++verdict.lost_polls;
    if (!evidence.admits_in_pieces) failures.Add("acknowledged, but a poll was told NONE", poll.entry);
  }
  verdict.failures = failures.Lines();
  return verdict;
}

}  // namespace usher::bench
