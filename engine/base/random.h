// Random: a small, fast, seedable generator (xoshiro256++, Blackman and Vigna 2019, public domain algorithm) for
// sampling and tests, and FillSecure for what must not be guessed (tokens). Thread safety: one Random per owner.
#pragma once

#include <cstddef>
#include <cstdint>

namespace usher::engine {

class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {  // splitmix64 spreads any seed, zero included
      seed += 0x9E3779B97F4A7C15u;
      uint64_t mixed = seed;
      mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
      mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
      word = mixed ^ (mixed >> 31);
    }
  }

  uint64_t Next() {
    const uint64_t result = RotateLeft(state_[0] + state_[3], 23) + state_[0];
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = RotateLeft(state_[3], 45);
    return result;
  }

  /// Uniform in [0, bound); bound > 0. (Lemire's multiply-shift; the bias is below 2^-32 for bounds below 2^32.)
  uint64_t Below(uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<Wide>(Next()) * bound) >> 64);
  }

  /// Uniform in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  static uint64_t RotateLeft(uint64_t value, int bits) { return (value << bits) | (value >> (64 - bits)); }
  uint64_t state_[4];
};

/// Fills `size` bytes with unguessable randomness from the kernel's generator, through a thread-local pool so that a
/// small request costs no system call. Aborts if the kernel has none.
void FillSecure(void* bytes, size_t size);

}  // namespace usher::engine
