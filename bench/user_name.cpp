// See user_name.h.
#include "bench/user_name.h"

#include <algorithm>
#include <charconv>

namespace usher::bench {
namespace {

constexpr std::string_view kPrefix = "usr";
constexpr uint32_t kMultiplier = 2'654'435'761u;  // odd, so that multiplying modulo 2^32 can be undone

constexpr uint32_t InverseOf(uint32_t odd) {
  uint32_t inverse = odd;                                     // right in the lowest 3 bits
  for (int i = 0; i < 4; ++i) inverse *= 2u - odd * inverse;  // each step doubles the bits that are right
  return inverse;
}
static_assert(kMultiplier * InverseOf(kMultiplier) == 1u);

}  // namespace

UserName::UserName(uint64_t seed, uint64_t entry) {
  uint32_t number = (static_cast<uint32_t>(entry) ^ static_cast<uint32_t>(seed)) * kMultiplier;
  std::copy(kPrefix.begin(), kPrefix.end(), text_);
  for (size_t i = sizeof text_; i-- > kPrefix.size(); number /= 10) text_[i] = static_cast<char>('0' + number % 10);
}

std::optional<uint64_t> UserName::EntryOf(uint64_t seed, std::string_view name) {
  if (name.size() != sizeof text_ || !name.starts_with(kPrefix)) return std::nullopt;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number >= kEntriesMax) return std::nullopt;
  return (static_cast<uint32_t>(number) * InverseOf(kMultiplier)) ^ static_cast<uint32_t>(seed);
}

}  // namespace usher::bench
