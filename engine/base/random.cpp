// FillSecure: getrandom() in blocks of 4 KiB per thread; bytes are handed out once and wiped.
#include "engine/base/random.h"

#include <sys/random.h>

#include <cstring>

#include "engine/base/assert.h"

namespace usher::engine {

namespace {
constexpr size_t kPoolBytes = 4096;
struct Pool {
  unsigned char bytes[kPoolBytes];
  size_t used = kPoolBytes;
};
thread_local Pool pool;

void Refill(unsigned char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t got = getrandom(bytes, size, 0);
    if (got < 0) continue;  // EINTR; the pool is filled at first use, when the kernel's generator is ready
    bytes += got;
    size -= static_cast<size_t>(got);
  }
}
}  // namespace

void FillSecure(void* bytes, size_t size) {
  ASSERT(size <= kPoolBytes);
  if (size > kPoolBytes - pool.used) {
    Refill(pool.bytes, kPoolBytes);
    pool.used = 0;
  }
  std::memcpy(bytes, pool.bytes + pool.used, size);
  std::memset(pool.bytes + pool.used, 0, size);
  pool.used += size;
}

}  // namespace usher::engine
