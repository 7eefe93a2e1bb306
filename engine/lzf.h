// LZF, the compression of long strings in Redis's files. The one place that knows liblzf.
// Complexity: linear. Thread safety: pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace usher::engine {

/// Compresses `text` into `out`. False: it would not become at least `saved_min` bytes shorter.
bool LzfCompress(std::string_view text, size_t saved_min, std::string& out);

/// Restores `size` bytes from `compressed` into `out`. False: it is corrupt, or is not as long as that.
bool LzfDecompress(std::string_view compressed, size_t size, std::string& out);

}  // namespace usher::engine
