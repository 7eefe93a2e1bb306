// QueueSettings: what QUEUE CONFIG SET changes. The hash queue:config:{Q} is the source of truth; this is what its
// fields mean. A field that is absent, or that somebody wrote nonsense into by HSET, means the default.
// Thread safety: a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/result.h"

namespace usher::engine {

enum class QueueMode : uint8_t { kOpen, kPaused, kClosed };

struct QueueSettings {
  int64_t max_active = 1000;
  int64_t max_waiting = 0;  // 0: no limit
  int64_t token_ttl_s = 300;
  int64_t active_ttl_s = 300;
  int64_t max_extends = 3;
  int64_t rate = 100;  // people per interval, for `admit on`
  int64_t interval_ms = 1000;
  bool admit = false;
  QueueMode mode = QueueMode::kOpen;

  static constexpr size_t kFieldCount = 9;
  /// The name of field number `index`, as the hash and the commands spell it.
  static std::string_view FieldName(size_t index);

  /// Takes one field over. kQueueFieldUnknown, kQueueFieldValue: nothing is changed.
  Status Set(std::string_view field, std::string_view value);

  /// Calls fn(name, text) for every field.
  template <class Fn>
  void ForEach(Fn&& fn) const {
    char digits[24];
    for (size_t index = 0; index < kFieldCount; ++index) fn(FieldName(index), TextOf(index, digits));
  }

 private:
  std::string_view TextOf(size_t index, char* digits) const;
};

}  // namespace usher::engine
