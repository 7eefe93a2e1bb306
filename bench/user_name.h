// The names of the simulated people: entry i is called "usr" and 12 digits (15 bytes, as at the measured service). The
// digits are a seeded permutation of i, because with ascending names a sorted set that breaks ties by name would keep
// the arrival order by luck. The permutation can be undone, so verifying needs no table of names.  Thread safety: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace usher::bench {

class UserName {
 public:
  static constexpr uint64_t kEntriesMax = uint64_t{1} << 32;

  UserName(uint64_t seed, uint64_t entry);
  std::string_view Text() const { return {text_, sizeof text_}; }

  /// The entry that has this name, or nothing if the name is not one of this seed's.
  static std::optional<uint64_t> EntryOf(uint64_t seed, std::string_view name);

 private:
  char text_[15];
};

}  // namespace usher::bench
