// Prefetch hints that the optimiser cannot lose. Thread safety: pure.
#pragma once

namespace usher::engine {

/// Asks the processor to fetch the cache line at `address`, which need not be valid.
inline void PrefetchLine(const void* address) {
  __builtin_prefetch(address);
  // GCC 12 takes a function that does nothing but prefetch for one without effect and drops its calls. This is an
  // effect in its eyes and no instruction.
  asm volatile("" : : "r"(address));
}

}  // namespace usher::engine
