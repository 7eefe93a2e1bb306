// What the bench reads from, and clears in, the server's queues outside the measured time: the keys of a queue as
// evidence for the verification, and a clean start.  Complexity: O(people in the queue), in batches.  Thread safety:
// the client's.
#pragma once

#include <cstdint>

#include "bench/dialect.h"
#include "bench/verification.h"

namespace usher::bench {

/// Deletes the queue's keys, its active people's tokens included.
void ClearQueue(BlockingClient& client, const QueueKeys& queue);

/// Adds what the keys say (waiting, active, tokens) to `evidence`; names that are not one of `entries` are strangers.
void ReadQueue(BlockingClient& client, const QueueKeys& queue, uint64_t seed, size_t entries, QueueEvidence& evidence);

}  // namespace usher::bench
