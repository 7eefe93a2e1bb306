// The client's half of RESP: encoding commands, finding where a reply ends, and reading one as a tree.
//
// Two steps, because they are needed at different speeds. ReplyScanner finds the end of a reply incrementally: it looks
// at each byte once however the bytes are cut, and allocates nothing. ParseReply then builds the tree of one complete
// reply, its texts being views into the buffer. Both know every RESP2 and RESP3 type.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace usher::bench {

/// The words of one command: a braced list or a vector, never copied.
class CommandArgs {
 public:
  CommandArgs(std::initializer_list<std::string_view> args)  // NOLINT(google-explicit-constructor)
      : args_(args.begin(), args.size()) {}
  CommandArgs(const std::vector<std::string_view>& args) : args_(args) {}  // NOLINT(google-explicit-constructor)
  auto begin() const { return args_.begin(); }
  auto end() const { return args_.end(); }
  size_t size() const { return args_.size(); }
  std::string_view front() const { return args_.front(); }

 private:
  std::span<const std::string_view> args_;
};

/// Appends `args` to `out` as one RESP array of bulk strings.
void AppendCommand(std::string& out, CommandArgs args);

class ReplyScanner {
 public:
  enum class Result { kComplete, kIncomplete, kBroken };

  /// Looks at `buffer`, which starts at the reply's first byte and holds what earlier calls saw plus anything newer.
  Result Scan(std::string_view buffer);
  /// After kComplete: the reply's length. The next reply needs Reset() and a buffer that starts behind it.
  size_t Length() const { return offset_; }
  void Reset() {
    offset_ = 0;
    line_searched_ = 0;
    pending_ = 1;
  }

 private:
  bool AcceptHeader(std::string_view line, std::string_view buffer, bool* need_more);

  size_t offset_ = 0;         // everything before is scanned
  size_t line_searched_ = 0;  // no line end between offset_ and here
  int64_t pending_ = 1;       // values still to come before the reply is whole
};

struct Reply {
  char type = '_';        // the RESP type byte; '_' for every kind of null
  std::string_view text;  // simple, error, bulk, verbatim, double and big-number text
  int64_t integer = 0;    // ':' and '#'
  std::vector<Reply> elements;

  bool IsNull() const { return type == '_'; }
  bool IsError() const { return type == '-' || type == '!'; }
  bool IsArray() const { return type == '*' || type == '%' || type == '~' || type == '>'; }
  /// The value behind `field` in a flat array of pairs or a map; a null reply if there is none.
  const Reply& Field(std::string_view field) const;
};

/// Reads one reply that ReplyScanner found complete. The texts are views into `complete`.
Reply ParseReply(std::string_view complete);

}  // namespace usher::bench
