// The limit on open files: each client needs one, and the server some of its own. Thread safety: start-up, and CONFIG
// SET, which serialises.
#pragma once

#include <cstdint>

namespace usher::server {

/// Raises the process's limit so that `clients` fit beside the server's own files, as far as it may. Returns how many
/// clients fit.
int64_t RaiseOpenFilesFor(int64_t clients);

}  // namespace usher::server
