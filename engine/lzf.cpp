// See lzf.h.
#include "engine/lzf.h"

#include <lzf.h>

#include <limits>

namespace usher::engine {
namespace {

// Three bytes of input make at most 264 of output, so a claim of more needs no memory to be refuted.
constexpr size_t kExpansionMax = 264;
constexpr size_t kBytesMax = std::numeric_limits<unsigned>::max();

}  // namespace

bool LzfCompress(std::string_view text, size_t saved_min, std::string& out) {
  if (text.size() <= saved_min || text.size() > kBytesMax) return false;
  out.resize(text.size() - saved_min);
  const unsigned bytes =
      lzf_compress(text.data(), static_cast<unsigned>(text.size()), out.data(), static_cast<unsigned>(out.size()));
  out.resize(bytes);
  return bytes != 0;
}

bool LzfDecompress(std::string_view compressed, size_t size, std::string& out) {
  if (compressed.empty() || size == 0 || size > kBytesMax || compressed.size() > kBytesMax) return false;
  if (size / kExpansionMax > compressed.size()) return false;
  out.resize(size);
  return lzf_decompress(compressed.data(), static_cast<unsigned>(compressed.size()), out.data(),
                        static_cast<unsigned>(size)) == size;
}

}  // namespace usher::engine
