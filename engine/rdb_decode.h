// Values read from Redis's files and DUMP payloads, in every layout that versions 1 to 12 of the format know. Nothing
// of what is read is trusted: structure, counts, order and duplicates are checked, and what is wrong becomes the
// reader's error and leaves nothing behind. A value takes the encoding that our limits give it, whatever it had.
// Complexity: as building the value. Thread safety: none.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/engine_settings.h"
#include "engine/key_entry.h"
#include "engine/rdb_reader.h"

namespace usher::engine {

/// A value without a key. Frees what was not taken.
class DecodedValue {
 public:
  DecodedValue() = default;
  ~DecodedValue() { Clear(); }
  DecodedValue(const DecodedValue&) = delete;
  DecodedValue& operator=(const DecodedValue&) = delete;

  /// A container without elements, which has no place in a keyspace.
  bool is_void() const { return kind_ == Kind::kVoid; }
  /// The value passes to whoever builds the entry, and must be built. A string's bytes are still the reader's.
  EntryBuilder Take();
  void Clear();

  void SetText(std::string_view text);
  void SetInteger(int64_t integer);
  template <class T>
  void SetContainer(const T& value) {
    kind_ = Kind::kContainer;
    type_ = kTypeOf<T>;
    static_assert(sizeof(T) == sizeof(word_));
    std::memcpy(&word_, &value, sizeof word_);
  }

 private:
  enum class Kind : uint8_t { kVoid, kText, kInteger, kContainer };
  Kind kind_ = Kind::kVoid;
  ValueType type_ = ValueType::kString;
  alignas(8) uint64_t word_ = 0;  // the container, or the integer's bits
  std::string_view text_;
};

/// Whether `type` is the type of a value (of which we may still not be able to read some).
bool IsRdbValueType(uint8_t type);

/// Reads a value of an rdb::Type. False: reader.error() says why.
bool DecodeRdbValue(RdbReader& reader, uint8_t type, const EngineSettings& settings, DecodedValue& value);

}  // namespace usher::engine
