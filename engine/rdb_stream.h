// Streams read from Redis's files and DUMP payloads. A node is kept in the bytes it came in, so every element of it is
// checked, with the numbers by which we will walk it later.
// Complexity: linear; O(log n) per pending entry. Thread safety: none.
#pragma once

#include <cstdint>

#include "engine/rdb_reader.h"
#include "engine/stream_value.h"

namespace usher::engine {

/// Reads a value of the types rdb::kStream, kStream2, kStream3 into `stream`, which exists and is empty. False:
/// reader.error() says why, and what the stream holds is to be destroyed.
bool DecodeRdbStream(RdbReader& reader, uint8_t type, Stream& stream);

}  // namespace usher::engine
