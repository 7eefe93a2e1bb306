// Redis's glob patterns (KEYS, SCAN MATCH, CONFIG GET, PSUBSCRIBE, ACL key patterns): `*` any bytes, `?` one byte,
// `[abc]` `[a-z]` `[^x]` one byte of a class, `\x` the byte x itself. A class that is not closed reaches to the end of
// the pattern; a range may be given backwards; a lone `\` at the end stands for itself.
// Complexity: O(pattern x text) at worst, linear for the usual patterns: only the last `*` is ever retried.
// Thread safety: pure.
#pragma once

#include <string_view>

namespace usher::engine {

/// True if `pattern` matches the whole of `text`.
bool GlobMatch(std::string_view pattern, std::string_view text);

}  // namespace usher::engine
