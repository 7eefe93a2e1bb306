// Result<T>: a value or an Error, for failures that are expected. Reading a missing value aborts: there is no default.
// Error is an enum; server/error_text.cpp alone maps it to Redis's wording.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "engine/base/assert.h"

namespace usher::engine {

/// Every expected failure of the engine. The texts clients see are in server/error_text.cpp.
enum class Error : uint8_t {
  kOk = 0,
  kSyntax,
  kWrongType,
  kNotAnInteger,         // value is not an integer or out of range
  kNotAFloat,            // value is not a valid float
  kHashValueNotInteger,  // hash value is not an integer
  kHashValueNotFloat,    // hash value is not a float
  kOverflow,             // increment or decrement would overflow
  kNanOrInfinity,        // increment would produce NaN or Infinity
  kScoreNan,             // resulting score is not a number (NaN)
  kMinMaxNotFloat,       // min or max is not a float
  kMinMaxNotString,      // min or max not valid string range item
  kNoSuchKey,
  kOffsetOutOfRange,
  kIndexOutOfRange,
  kInvalidExpire,  // invalid expire time in '<command>' command
  kStringTooLong,  // string exceeds maximum allowed size (proto-max-bulk-len)
  kDbIndexOutOfRange,
  kInvalidDbIndex,
  kInvalidCursor,
  kSameObject,  // source and destination objects are the same
  kTimeoutNotFloat,
  kTimeoutNegative,
  kTimeoutOutOfRange,
  kMustBePositive,  // value is out of range, must be positive
  kOutOfMemory,     // OOM
  kStreamIdInvalid,
  kStreamIdTooSmall,     // the ID is not above the stream's last one
  kStreamExhausted,      // the stream has used the last possible ID
  kStreamEntryTooLarge,  // elements are too large to be stored
  kQueueName,            // a queue's name is empty or holds a brace
  kQueueFull,
  kQueueClosed,
  kQueueScoreInvalid,
  kQueueFieldUnknown,
  kQueueFieldValue,
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                         // NOLINT(google-explicit-constructor)
  Result(Error error) : error_(error) { ASSERT(error != Error::kOk); }  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return error_ == Error::kOk; }
  Error error() const { return error_; }
  T& operator*() & { return Checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->Checked(); }
  T&& operator*() && { return std::move(Checked()); }
  T* operator->() { return &Checked(); }

 private:
  T& Checked() {
    ASSERT(error_ == Error::kOk);
    return *value_;
  }
  std::optional<T> value_;
  Error error_ = Error::kOk;
};

/// Success or an Error, where there is no value to return.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(error) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return error_ == Error::kOk; }
  Error error() const { return error_; }

 private:
  Error error_ = Error::kOk;
};

}  // namespace usher::engine
