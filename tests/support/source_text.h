// Looking at C++ source as text, for tests/tidy_test.cpp: code without its comments and strings, includes, and the
// extent of function definitions. It knows the code that .clang-format lets through, not all of C++: an opening brace
// with no space before it starts an initialiser, one after a parenthesis at namespace or class level starts a function.
// Complexity: linear in the text. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace usher::tests {

/// An #include line: the name between its quotes or angle brackets, and the 1-based line.
struct IncludeLine {
  std::string name;
  size_t line = 0;
};

/// A function (or TEST_CASE) definition: its name and its lines, from the first of its head to the closing brace.
struct FunctionExtent {
  std::string name;
  size_t first_line = 0;
  size_t line_count = 0;
};

/// `source` with comments, literals and preprocessor lines blanked out. Same length, same line breaks.
std::string CodeOnly(std::string_view source);

/// The #include lines of `source`, comments aside.
std::vector<IncludeLine> IncludesOf(std::string_view source);

/// Every function definition of `source` at namespace or class level. Lambdas count with the function around them.
std::vector<FunctionExtent> FunctionsOf(std::string_view source);

/// The lines of `text`, without their line breaks.
std::vector<std::string_view> LinesOf(std::string_view text);

}  // namespace usher::tests
