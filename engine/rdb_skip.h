// Stepping over values of Redis's RDB format: where they end is found without looking at what is in them, so that one
// thread finds the keys of a file that others decode.
// Complexity: packed values and strings O(1), others O(elements). Thread safety: none.
#pragma once

#include <cstdint>

#include "engine/rdb_reader.h"

namespace usher::engine {

/// Steps over a value of an rdb::Type. False: it is not all there, or of no type that we can read.
bool SkipRdbValue(RdbReader& reader, uint8_t type);

}  // namespace usher::engine
