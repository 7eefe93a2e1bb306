// See source_text.h. CodeOnly is a small lexer; FunctionsOf walks the braces of its result with a stack of scopes.
#include "tests/support/source_text.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace usher::tests {
namespace {

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Blanks [begin, end) of `text`, keeping its line breaks.
void Blank(std::string& text, size_t begin, size_t end) {
  for (size_t i = begin; i < std::min(end, text.size()); ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

/// The place after the literal that opens with the quote at `open`.
size_t EndOfQuoted(std::string_view text, size_t open) {
  for (size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[open] || text[i] == '\n') {
      return i + 1;
    }
  }
  return text.size();
}

/// The place after the raw string whose quote is at `open` (its R stands before it).
size_t EndOfRawString(std::string_view text, size_t open) {
  const size_t paren = text.find('(', open);
  if (paren == std::string_view::npos) return text.size();
  std::string closing = ")";
  closing.append(text.substr(open + 1, paren - open - 1)).append("\"");
  const size_t end = text.find(closing, paren);
  return end == std::string_view::npos ? text.size() : end + closing.size();
}

/// The end of the preprocessor line that starts at `begin`, continuation lines included.
size_t EndOfDirective(std::string_view text, size_t begin) {
  size_t end = text.find('\n', begin);
  while (end != std::string_view::npos && end > begin && text[end - 1] == '\\') end = text.find('\n', end + 1);
  return std::min(end, text.size());
}

/// The end of the comment, literal or directive that starts at `i`; `i` itself when none does.
size_t EndOfNonCode(std::string_view text, size_t i, bool line_start) {
  const std::string_view rest = text.substr(i);
  if (rest.starts_with("//")) return std::min(text.find('\n', i), text.size());
  if (rest.starts_with("/*")) return std::min(text.find("*/", i + 2), text.size() - 2) + 2;
  if (rest[0] == '#' && line_start) return EndOfDirective(text, i);
  const char before = i == 0 ? ' ' : text[i - 1];
  if (rest[0] == '"') return before == 'R' ? EndOfRawString(text, i) : EndOfQuoted(text, i);
  if (rest[0] == '\'' && !IsWordChar(before)) return EndOfQuoted(text, i);  // else it separates digits: 10'000
  return i;
}

std::string Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  std::string trimmed(text.substr(first, text.find_last_not_of(" \n") - first + 1));
  std::replace(trimmed.begin(), trimmed.end(), '\n', ' ');
  return trimmed;
}

/// What an opening brace starts.
enum class Scope { kContainer, kFunction, kInitialiser };

Scope ScopeAfter(const std::string& head) {
  static const std::regex container(R"(^(inline\s+)?(namespace|extern)\b)");
  static const std::regex type(R"(^(template\s*<.*>\s*)?(typedef\s+)?(class|struct|union|enum)\b)");
  if (std::regex_search(head, container)) return Scope::kContainer;
  if (head.empty() || std::string_view("=,(").find(head.back()) != std::string_view::npos) return Scope::kInitialiser;
  // A type's head may hold an attribute macro, but a function that returns `struct X` ends in its parameters.
  if (std::regex_search(head, type) && !head.ends_with(')')) return Scope::kContainer;
  return head.find('(') == std::string::npos ? Scope::kInitialiser : Scope::kFunction;
}

std::string NameIn(const std::string& original_head) {
  static const std::regex test_case(R"(TEST_CASE\w*\("[^"]*")");
  static const std::regex name(R"((operator[^\w\s]+|[\w:~]+)\s*\()");
  std::smatch match;
  if (std::regex_search(original_head, match, test_case)) return match[0].str() + ")";
  return std::regex_search(original_head, match, name) ? match[1].str() : original_head;
}

/// Walks code (a CodeOnly result) brace by brace and notes the functions it meets.
class FunctionFinder {
 public:
  FunctionFinder(std::string_view source, const std::string& code) : source_(source), code_(code) {}

  std::vector<FunctionExtent> Run() {
    for (size_t i = 0; i < code_.size(); ++i) {
      if (code_[i] == '{') {
        Open(i);
      } else if (code_[i] == '}') {
        Close(i);
      } else if (function_depth_ == 0 && (code_[i] == ';' || EndsAccessSpecifier(i))) {
        head_ = i + 1;
      }
    }
    return std::move(found_);
  }

 private:
  void Open(size_t i) {
    scopes_.push_back(Scope::kInitialiser);
    if (function_depth_ != 0) return;
    if (i > 0 && (IsWordChar(code_[i - 1]) || code_[i - 1] == '>')) return;  // an initialiser within a head
    scopes_.back() = ScopeAfter(Trimmed(std::string_view(code_).substr(head_, i - head_)));
    if (scopes_.back() == Scope::kFunction) {
      function_depth_ = scopes_.size();
      function_head_ = code_.find_first_not_of(" \n", head_);
      function_name_ = NameIn(std::string(source_.substr(function_head_, i - function_head_)));
    } else if (scopes_.back() == Scope::kContainer) {
      head_ = i + 1;
    }
  }

  void Close(size_t i) {
    if (scopes_.empty()) return;
    const bool ends_function = scopes_.size() == function_depth_;
    const bool ends_container = scopes_.back() == Scope::kContainer;
    scopes_.pop_back();
    if (ends_function) {
      const size_t first = LineAt(function_head_);
      found_.push_back({function_name_, first, LineAt(i) - first + 1});
      function_depth_ = 0;
    }
    if (ends_function || ends_container) head_ = i + 1;
  }

  bool EndsAccessSpecifier(size_t i) const {
    const std::string_view before = std::string_view(code_).substr(0, i);
    return code_[i] == ':' &&
           (before.ends_with("public") || before.ends_with("private") || before.ends_with("protected"));
  }

  size_t LineAt(size_t place) const {
    return 1 + static_cast<size_t>(std::count(code_.begin(), code_.begin() + static_cast<ptrdiff_t>(place), '\n'));
  }

  std::string_view source_;
  const std::string& code_;
  std::vector<Scope> scopes_;
  std::vector<FunctionExtent> found_;
  std::string function_name_;
  size_t head_ = 0;            // where the text before the next brace starts
  size_t function_head_ = 0;   // the same of the function we are in
  size_t function_depth_ = 0;  // scopes_.size() of the function we are in; 0 outside
};

}  // namespace

std::string CodeOnly(std::string_view source) {
  std::string code(source);
  bool line_start = true;
  for (size_t i = 0; i < source.size();) {
    const size_t end = EndOfNonCode(source, i, line_start);
    if (end == i) {
      if (source[i] == '\n') {
        line_start = true;
      } else if (source[i] != ' ') {
        line_start = false;
      }
      ++i;
      continue;
    }
    Blank(code, i, end);
    i = end;
  }
  return code;
}

std::vector<IncludeLine> IncludesOf(std::string_view source) {
  static const std::regex include(R"(^\s*#\s*include\s*["<]([^">]+)[">])");
  std::vector<IncludeLine> includes;
  size_t number = 0;
  for (const std::string_view line : LinesOf(source)) {
    ++number;
    std::match_results<std::string_view::const_iterator> match;
    if (std::regex_search(line.begin(), line.end(), match, include)) includes.push_back({match[1].str(), number});
  }
  return includes;
}

std::vector<FunctionExtent> FunctionsOf(std::string_view source) {
  const std::string code = CodeOnly(source);
  return FunctionFinder(source, code).Run();
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace usher::tests
