// HyperLogLog: an estimate of how many different elements were added, in a string laid out as Redis lays it out.
//
//   header   "HYLL" [encoding: 0 dense, 1 sparse][0 0 0][estimate, 8 bytes little endian; top bit set: out of date]
//   dense    16384 registers of 6 bits, the lowest bits first: 12288 bytes
//   sparse   runs of equal registers:
//              00nnnnnn            n + 1 registers are 0
//              01nnnnnn nnnnnnnn   n + 1 registers are 0 (high byte first)
//              1vvvvvnn            n + 1 registers are v + 1
//
// An element's hash chooses a register by its low 14 bits; the register keeps the longest run of zeros (plus one) seen
// in the rest. Sparse ones hold registers up to 32 and turn dense at a limit of bytes. The bytes are the same as those
// of Redis after the same additions, so a key can move between the two.
//
// Complexity: adding is O(bytes) when sparse, O(1) when dense; the rest is linear. Thread safety: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/string_value.h"

namespace usher::engine::hyperloglog {

inline constexpr uint32_t kRegisterCount = 16384;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kDenseBytes = kHeaderBytes + kRegisterCount * 6 / 8;

using Registers = std::array<uint8_t, kRegisterCount>;

/// Where an element counts: its register, and the value that this needs at least (1 to 51).
struct Mark {
  uint32_t index;
  uint8_t value;
};
Mark MarkOf(std::string_view element);

/// The bytes of one without elements.
std::string Empty();
/// Whether the header and the size are those of a HyperLogLog.
bool HasHeader(std::string_view bytes);
/// Whether all registers can be read as well. `bytes` has a header.
bool IsSound(std::string_view bytes);
bool IsDense(std::string_view bytes);

// What follows expects sound bytes.

/// Raises a register to `mark`; true if it was lower. A sparse string turns dense above `sparse_bytes_max`.
bool Raise(RawString& bytes, Mark mark, uint64_t sparse_bytes_max);
/// False: it was dense already.
bool ToDense(RawString& bytes);
/// Raises `registers` to those of `bytes`.
void Collect(std::string_view bytes, Registers& registers);
/// Calls for each run of a sparse string fn(value, length, is_long): is_long tells the two-byte run of zeros.
template <class Fn>
bool ForEachRun(std::string_view bytes, Fn&& fn);

/// How many different elements these registers tell of.
uint64_t Estimate(const Registers& registers);
/// The stored estimate, unless it is out of date.
std::optional<uint64_t> StoredEstimate(std::string_view bytes);
void StoreEstimate(RawString& bytes, uint64_t estimate);
/// Marks the stored estimate as out of date.
void Outdate(RawString& bytes);

// ---- Implementation

/// One run of a sparse string.
struct Run {
  uint8_t value;    // of its registers
  uint32_t length;  // registers
  uint32_t bytes;   // 1 or 2; 0: the string ends within the run
};
Run RunAt(std::string_view bytes, size_t at);

template <class Fn>
bool ForEachRun(std::string_view bytes, Fn&& fn) {
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    const Run run = RunAt(bytes, at);
    if (run.bytes == 0) return false;
    fn(run.value, run.length, run.bytes == 2);
    at += run.bytes;
  }
  return true;
}

}  // namespace usher::engine::hyperloglog
