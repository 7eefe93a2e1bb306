// Splitting of an inline command into arguments: blanks separate, "..." knows the escapes \n \r \t \b \a \xHH (any
// other escaped byte stands for itself), '...' knows only \'. A quote may open inside an argument (a"b c" is one) but
// closes it: a blank or the end must follow. Complexity: linear. Thread safety: pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/request.h"

namespace usher::protocol {

/// Writes the arguments of `line` (no line end, no NUL) to batch.ArgRoom() and their number to *count; views into
/// `line` where nothing is quoted, else into the batch. False if quotes are unbalanced.
bool SplitInlineArgs(std::string_view line, RequestBatch& batch, size_t* count);

}  // namespace usher::protocol
