// CRC-64 as Redis's files and DUMP payloads carry it (the "Jones" polynomial, reflected, starting with 0).
// Complexity: linear, eight bytes a step (slicing by 8). Thread safety: pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace usher::engine {

/// The checksum of what `crc` is the checksum of, followed by `bytes`. It begins with 0.
uint64_t Crc64(uint64_t crc, std::string_view bytes);

}  // namespace usher::engine
