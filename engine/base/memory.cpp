// The allocating half of memory.h, and the process's operator new/delete, which go to mimalloc too.
#include "engine/base/memory.h"

#include <cstring>

#include "engine/base/assert.h"

#if defined(USHER_MIMALLOC)
#include <mimalloc-new-delete.h>
#endif

namespace usher::engine {

void* Allocate(size_t bytes) {
#if defined(USHER_MIMALLOC)
  void* memory = mi_malloc(bytes);
#else
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
#endif
  ASSERT(memory != nullptr);
  return memory;
}

void* Reallocate(void* memory, size_t bytes) {
#if defined(USHER_MIMALLOC)
  void* grown = mi_realloc(memory, bytes);
#else
  void* grown = std::realloc(memory, bytes == 0 ? 1 : bytes);
#endif
  ASSERT(grown != nullptr);
  return grown;
}

void* AllocateZeroedAligned(size_t bytes, size_t alignment) {
#if defined(USHER_MIMALLOC)
  void* memory = mi_zalloc_aligned(bytes, alignment);
#else
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory != nullptr) std::memset(memory, 0, bytes);
#endif
  ASSERT(memory != nullptr);
  return memory;
}

std::string AllocatorName() {
#if defined(USHER_MIMALLOC)
  const int version = mi_version();  // 212 is 2.1.2
  return "mimalloc-" + std::to_string(version / 100) + '.' + std::to_string(version / 10 % 10) + '.' +
         std::to_string(version % 10);
#else
  return "libc";
#endif
}

std::string AllocatorReport() {
  std::string report = AllocatorName() + '\n';
#if defined(USHER_MIMALLOC)
  mi_stats_print_out([](const char* text, void* to) { *static_cast<std::string*>(to) += text; }, &report);
#endif
  return report;
}

void ReleaseUnusedMemory() {
#if defined(USHER_MIMALLOC)
  mi_collect(true);
#else
  malloc_trim(0);
#endif
}

}  // namespace usher::engine
