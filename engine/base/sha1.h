// SHA-1 (FIPS 180-4), for names of scripts and DEBUG DIGEST; nothing here relies on it for security.
// Complexity: O(bytes). Thread safety: pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace usher::engine {

using Sha1Digest = std::array<uint8_t, 20>;

Sha1Digest Sha1(std::string_view bytes);

/// In 40 lower-case hexadecimal digits.
std::string HexOf(const Sha1Digest& digest);

}  // namespace usher::engine
