// Commands at random that make, change and delete keys of every type in several databases, transactions, scripts and a
// waiting room among them; the client is back in database 0 afterwards.
#pragma once

#include "engine/base/random.h"
#include "tests/support/test_server.h"

namespace usher::tests {

void WriteAtRandom(TestServer& server, engine::Random& random, int count);

}  // namespace usher::tests
