// Redis's glob patterns (KEYS, SCAN MATCH, CONFIG GET, PSUBSCRIBE, ACL key patterns): `*` any bytes, `?` one byte,
// `[abc]` `[a-z]` `[^x]` one byte of a class, `\x` the byte x itself. A class that is not closed reaches to the end of
// the pattern; a range may be given backwards; a lone `\` at the end stands for itself.
// Oddities of Redis that are kept: the empty text is matched by "" and "*" but not by "**", and ranges order bytes as
// signed.
// Complexity: O(pattern x text) at worst, linear for the usual patterns: only the last `*` is ever retried.
// Thread safety: pure.
#pragma once

#include <string_view>

namespace usher::engine {

enum class GlobCase : bool { kSensitive, kIgnored };

/// True if `pattern` matches the whole of `text`. Case is that of ASCII letters.
bool GlobMatch(std::string_view pattern, std::string_view text, GlobCase letter_case = GlobCase::kSensitive);

}  // namespace usher::engine
