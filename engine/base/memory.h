// Allocation through mimalloc (the system allocator under sanitizers), the one place that includes it. Sizes are what
// the allocator really hands out, so that accounting by UsableBytes() is real memory.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>

#if defined(USHER_MIMALLOC)
#include <mimalloc.h>
#else
#include <malloc.h>
#endif

namespace usher::engine {

/// At least `bytes` of uninitialised memory, 16-byte aligned. Aborts when the machine has none left.
void* Allocate(size_t bytes);
/// Resizes as realloc does; aborts when the machine has none left.
void* Reallocate(void* memory, size_t bytes);
/// Frees what Allocate() or Reallocate() gave; null is allowed. Any thread may free.
inline void Free(void* memory) {
#if defined(USHER_MIMALLOC)
  mi_free(memory);
#else
  std::free(memory);
#endif
}
/// The bytes really occupied by an allocation (0 for null).
inline size_t UsableBytes(const void* memory) {
#if defined(USHER_MIMALLOC)
  return mi_usable_size(memory);
#else
  return malloc_usable_size(const_cast<void*>(memory));
#endif
}
/// `bytes` zeroed, aligned to `alignment` (a power of two). Freed with Free().
void* AllocateZeroedAligned(size_t bytes, size_t alignment);

/// The allocator's name and version, as INFO shows them.
std::string AllocatorName();
/// Its statistics, for people.
std::string AllocatorReport();
/// Gives unused memory back to the system as far as possible.
void ReleaseUnusedMemory();

}  // namespace usher::engine
