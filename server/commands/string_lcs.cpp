// LCS: the longest common subsequence of two strings.
//
// The lengths of all pairs of prefixes are computed row by row; the way back through them needs only one bit per pair
// (did the longer one come from above?), so the transient memory is 1/32 of a table of lengths:
//
//            ""  h  a  t         L(i, j) = L(i-1, j-1) + 1                  if a[i-1] == b[j-1]
//        ""   0  0  0  0                   max(L(i-1, j), L(i, j-1))        else; the bit: L(i-1, j) > L(i, j-1)
//        c    0  0  0  0         back from the bottom right: equal bytes are taken diagonally, else up where the bit
//        a    0  0  1  1         is set, else left. Runs of diagonal steps are the matches of IDX, last one first.
//        t    0  0  1  2
//
// Complexity: O(|a| * |b|) time, as in Redis; long ones run on the pool.
#include <algorithm>
#include <string>
#include <vector>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::IntegerScratch;
using engine::KeyEntry;

struct LcsOptions {
  bool length_only = false;
  bool ranges = false;
  bool with_match_length = false;
  size_t match_length_min = 0;
};

/// Equal bytes at a[a_first ...] and b[b_first ...].
struct Match {
  size_t a_first;
  size_t b_first;
  size_t length;
};

class Lcs {
 public:
  Lcs(std::string_view a, std::string_view b) : a_(a), b_(b), from_above_(a.size() * b.size()) {
    std::vector<uint32_t> row(b.size() + 1);
    for (size_t i = 0; i < a.size(); ++i) {
      uint32_t diagonal = 0;  // of the row above
      for (size_t j = 0; j < b.size(); ++j) {
        const uint32_t above = row[j + 1];
        if (a[i] == b[j]) {
          row[j + 1] = diagonal + 1;
        } else {
          from_above_[i * b.size() + j] = above > row[j];
          row[j + 1] = std::max(above, row[j]);
        }
        diagonal = above;
      }
    }
    length_ = row.back();
  }

  size_t length() const { return length_; }

  /// The matches, from the ends of the strings to their beginnings.
  std::vector<Match> Matches() const {
    std::vector<Match> matches;
    bool in_run = false;
    for (size_t i = a_.size(), j = b_.size(); i > 0 && j > 0;) {
      if (a_[i - 1] == b_[j - 1]) {
        if (!in_run) matches.push_back({i, j, 0});
        in_run = true;
        matches.back() = {--i, --j, matches.back().length + 1};
        continue;
      }
      in_run = false;
      (from_above_[(i - 1) * b_.size() + j - 1] ? i : j) -= 1;
    }
    return matches;
  }

 private:
  std::string_view a_;
  std::string_view b_;
  std::vector<bool> from_above_;
  size_t length_ = 0;
};

/// The strings of both keys, missing ones being empty. False: the error is replied.
bool ReadBoth(CommandContext& ctx, std::string_view& a, std::string_view& b, std::array<IntegerScratch, 2>& scratch) {
  const auto first = ctx.engine.ReadString(ctx.KeyAt(1), scratch[0]);
  const auto second = ctx.engine.ReadString(ctx.KeyAt(2), scratch[1]);
  if (!first || !second) {
    ctx.FailText("ERR The specified keys must contain string values");
    return false;
  }
  a = (*first).value_or("");
  b = (*second).value_or("");
  return true;
}

bool ParseOptions(CommandContext& ctx, LcsOptions& options) {
  ArgReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (reader.Accept("IDX")) {
      options.ranges = true;
    } else if (reader.Accept("LEN")) {
      options.length_only = true;
    } else if (reader.Accept("WITHMATCHLEN")) {
      options.with_match_length = true;
    } else if (reader.AcceptWith("MINMATCHLEN", 1)) {
      const std::optional<int64_t> length = ToInteger(reader.Next());
      if (!length) {
        ctx.Fail(Error::kNotAnInteger);
        return false;
      }
      options.match_length_min = static_cast<size_t>(std::max<int64_t>(*length, 0));
    } else {
      ctx.Fail(Error::kSyntax);
      return false;
    }
  }
  if (options.ranges && options.length_only) {
    ctx.FailText("ERR If you want both the length and indexes, please just use IDX.");
    return false;
  }
  return true;
}

/// Redis's table of lengths must fit the largest string; the same limit holds here, where far less is needed.
bool FitsMemory(CommandContext& ctx, size_t a_size, size_t b_size) {
  __extension__ using Wide = unsigned __int128;
  const Wide bytes = (Wide{a_size} + 1) * (Wide{b_size} + 1) * sizeof(uint32_t);
  if (bytes <= ctx.engine.settings().string_bytes_max) return true;
  ctx.FailText("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  return false;
}

void ReplyRange(CommandContext& ctx, size_t first, size_t length) {
  ctx.reply.Array(2);
  ctx.reply.Integer(static_cast<int64_t>(first));
  ctx.reply.Integer(static_cast<int64_t>(first + length - 1));
}

void ReplyMatches(CommandContext& ctx, const Lcs& lcs, const LcsOptions& options) {
  std::vector<Match> matches = lcs.Matches();
  std::erase_if(matches, [&](const Match& match) { return match.length < options.match_length_min; });
  ctx.reply.Map(2);
  ctx.reply.Bulk("matches");
  ctx.reply.Array(matches.size());
  for (const Match& match : matches) {
    ctx.reply.Array(options.with_match_length ? 3 : 2);
    ReplyRange(ctx, match.a_first, match.length);
    ReplyRange(ctx, match.b_first, match.length);
    if (options.with_match_length) ctx.reply.Integer(static_cast<int64_t>(match.length));
  }
  ctx.reply.Bulk("len");
  ctx.reply.Integer(static_cast<int64_t>(lcs.length()));
}

std::string TextOf(const Lcs& lcs, std::string_view a) {
  std::string text;
  text.reserve(lcs.length());
  const std::vector<Match> matches = lcs.Matches();
  for (auto match = matches.rbegin(); match != matches.rend(); ++match) text += a.substr(match->a_first, match->length);
  return text;
}

void LongestCommonSubsequence(CommandContext& ctx) {
  std::array<IntegerScratch, 2> scratch;
  std::string_view a;
  std::string_view b;
  LcsOptions options;
  if (!ReadBoth(ctx, a, b, scratch) || !ParseOptions(ctx, options) || !FitsMemory(ctx, a.size(), b.size())) return;
  const Lcs lcs(a, b);
  if (options.ranges) return ReplyMatches(ctx, lcs, options);
  if (options.length_only) return ctx.reply.Integer(static_cast<int64_t>(lcs.length()));
  ctx.reply.Bulk(TextOf(lcs, a));
}

int64_t LcsCost(CommandContext& ctx) {
  constexpr int64_t kNsPerPair = 3;
  const KeyEntry a = ctx.engine.Peek(ctx.KeyAt(1));
  const int64_t a_size = a && a.type() == engine::ValueType::kString ? static_cast<int64_t>(a.StringSize()) : 0;
  const KeyEntry b = ctx.engine.Peek(ctx.KeyAt(2));
  const int64_t b_size = b && b.type() == engine::ValueType::kString ? static_cast<int64_t>(b.StringSize()) : 0;
  return a_size * b_size * kNsPerPair;
}

constexpr CommandSpec kRows[] = {
    {.name = "lcs",
     .arity = -3,
     .flags = kReadOnly,
     .categories = kCatString,
     .keys = Keys(KeyRange(kKeyRo | kKeyAccess, 1, 2)),
     .handler = LongestCommonSubsequence,
     .cost = LcsCost},
};

}  // namespace

const CommandGroup kStringLcsCommands{"string", kRows};

}  // namespace usher::server
