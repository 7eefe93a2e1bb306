// Listpack: elements of Redis's serialised list of that name, which its streams are made of. Stream nodes are kept in
// exactly this layout: their size decides when a node is full, so counts that clients can see depend on it, and files
// in Redis's format hold the same bytes.
//
//   block     [total bytes, 4][elements, 2; 65535: not counted][element][element] ... [0xFF]
//   element   [encoding and data][length of these, seven bits a byte, most significant first, top bit on all but the
//             first byte, so that it is read backwards]
//   encoding  0xxxxxxx             integer 0 to 127          10xxxxxx             text of up to 63 bytes
//             110xxxxx +1          signed 13 bits            1110xxxx +1          text of up to 4095 bytes
//             F1 +2, F2 +3, F3 +4, F4 +8    wider integers   F0 +4                text
// A text that is a canonical integer of 64 bits is stored as one. Numbers of several bytes are little-endian except
// the 13-bit integer and the 12-bit length. Complexity: O(bytes written or read). Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace usher::engine::listpack {

inline constexpr size_t kHeaderBytes = 6;
inline constexpr uint8_t kEnd = 0xFF;
/// An element takes at most this much more than its text.
inline constexpr size_t kOverheadMax = 10;

/// Room to spell an integer out.
struct Scratch {
  char digits[20];
};

/// One element, as read.
struct Value {
  std::string_view text;  // when it is no integer
  int64_t integer = 0;
  bool is_integer = false;

  std::string_view Text(Scratch& scratch) const;
};

/// Reads the element at `at` and returns the next one's place.
const uint8_t* Read(const uint8_t* at, Value& value);
/// The place of the next element.
const uint8_t* Skip(const uint8_t* at);
/// The place of the element before the one (or the end mark) at `at`.
const uint8_t* Previous(const uint8_t* at);
/// Reads an element known to be an integer and moves on.
int64_t TakeInteger(const uint8_t*& at);

/// Writes an element and returns the place behind it.
uint8_t* Write(uint8_t* to, std::string_view text);
uint8_t* WriteInteger(uint8_t* to, int64_t value);

}  // namespace usher::engine::listpack
