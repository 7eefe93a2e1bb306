// See resp_parser.h. The texts and the odd corners (a line end is searched like a C string, so a NUL hides it; the two
// bytes after a length or a bulk are skipped unread) were observed on redis-server 7.0.15.
#include "protocol/resp_parser.h"

#include <algorithm>
#include <limits>

#include "protocol/inline_args.h"
#include "protocol/number_text.h"

namespace usher::protocol {
namespace {

constexpr int64_t kUnauthenticatedArgsMax = 10;
constexpr int64_t kUnauthenticatedBulkBytesMax = 16384;
constexpr int64_t kArgsMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kBigBulkBytes = 32 * 1024;  // from here on the read buffer is told how much is still to come
constexpr size_t kSmallestBulkBytes = 6;      // "$0\r\n\r\n"
constexpr size_t kKeptPiecesMax = 1024;

// Reads "digits\r\n" at *at and moves behind it. False if it is not plainly there: short, signed, zero-padded, huge.
inline bool ReadLength(const char** at, const char* end, size_t* value) {
  const char* p = *at;
  if (end - p < 3) return false;
  size_t number = static_cast<unsigned char>(*p++ - '0');
  if (number > 9) return false;
  if (*p != '\r') {
    if (number == 0) return false;
    const char* digits_end = end - p > 9 ? p + 9 : end;
    while (p < digits_end) {
      const auto digit = static_cast<unsigned char>(*p - '0');
      if (digit > 9) break;
      number = number * 10 + digit;
      ++p;
    }
    if (end - p < 2 || *p != '\r') return false;
  }
  *value = number;
  *at = p + 2;
  return true;
}

// The optimistic path: a whole multibulk request in data. Returns the bytes it takes, or 0 having changed nothing.
inline size_t ParseWhole(std::string_view data, RequestBatch& batch, size_t bulk_bytes_max, size_t skipped) {
  const char* p = data.data() + 1;
  const char* const end = data.data() + data.size();
  size_t count = 0;
  // The second test bounds the room taken by the bytes that are really there.
  if (!ReadLength(&p, end, &count) || count == 0 || count > static_cast<size_t>(end - p) / kSmallestBulkBytes) return 0;
  std::string_view* const args = batch.ArgRoom(count);
  for (size_t i = 0; i < count; ++i) {
    size_t length = 0;
    if (p == end || *p != '$') return 0;
    ++p;
    if (!ReadLength(&p, end, &length) || length > bulk_bytes_max) return 0;
    if (static_cast<size_t>(end - p) < length + 2) return 0;
    args[i] = {p, length};
    p += length + 2;
  }
  const auto taken = static_cast<size_t>(p - data.data());
  batch.Add(count, taken + skipped);
  return taken;
}

}  // namespace

ParseStatus RespParser::ParseBatch(ReadBuffer& buffer, RequestBatch& batch, const Limits& limits) {
  batch.Clear();
  const std::string_view unread = buffer.Unread();
  const size_t requests_max = limits.authenticated ? RequestBatch::kRequestsMax : 1;
  size_t start = 0;
  size_t skipped = 0;
  Step step = Step::kNeedMore;
  while (start < unread.size() && batch.size() < requests_max) {
    const std::string_view data = unread.substr(start);
    size_t taken = 0;
    if (data[0] == '*' && scan_ == 0 && line_scanned_ == 0 && limits.authenticated) {
      taken = ParseWhole(data, batch, limits.proto_max_bulk_bytes, skipped);
    }
    if (taken != 0) {
      step = Step::kRequest;
    } else {
      step = ParseCarefully(data, batch, limits, skipped, &taken);
      if (step == Step::kNeedMore || step == Step::kError) break;
    }
    skipped = step == Step::kSkipped ? skipped + taken : 0;
    start += taken;
  }
  if (!batch.empty()) {
    if (skipped != 0) batch.AddSkipped(skipped);
    buffer.Expect(0);
    return ParseStatus::kReady;
  }
  if (step == Step::kError) return ParseStatus::kError;
  const bool big = bulk_bytes_ >= kBigBulkBytes;
  const size_t have = unread.size() - start;
  buffer.Expect(big ? scan_ + static_cast<size_t>(bulk_bytes_) + 2 - have : 0);
  if (skipped != 0) buffer.Consume(skipped);
  return ParseStatus::kNeedMore;
}

void RespParser::Restart() {
  scan_ = 0;
  line_scanned_ = 0;
  bulks_left_ = 0;
  bulk_bytes_ = -1;
  if (pieces_.capacity() > kKeptPiecesMax) std::vector<Piece>().swap(pieces_);
  pieces_.clear();
}

RespParser::Step RespParser::ParseCarefully(std::string_view data, RequestBatch& batch, const Limits& limits,
                                            size_t skipped, size_t* taken) {
  if (bulks_left_ == 0) {
    if (data[0] != '*') return ParseInline(data, batch, skipped, taken);
    if (const Step step = ParseCount(data, limits); step != Step::kRequest) return step;
  }
  while (bulks_left_ > 0) {
    if (const Step step = ParseBulk(data, limits); step != Step::kRequest) return step;
  }
  *taken = scan_;
  const Step step = pieces_.empty() ? Step::kSkipped : Step::kRequest;
  if (step == Step::kRequest) EmitPieces(data, batch, skipped);
  Restart();
  return step;
}

RespParser::Step RespParser::ParseInline(std::string_view data, RequestBatch& batch, size_t skipped, size_t* taken) {
  std::string_view line;
  if (const Step step = FindLine(data, '\n', "too big inline request", &line); step != Step::kRequest) return step;
  const size_t line_bytes = line.size() + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  size_t count = 0;
  if (!SplitInlineArgs(line, batch, &count)) return Fail("unbalanced quotes in request");
  *taken = line_bytes;
  Restart();
  if (count == 0) return Step::kSkipped;
  batch.Add(count, line_bytes + skipped);
  return Step::kRequest;
}

RespParser::Step RespParser::ParseCount(std::string_view data, const Limits& limits) {
  std::string_view line;
  if (const Step step = FindLine(data, '\r', "too big mbulk count string", &line); step != Step::kRequest) return step;
  int64_t count = 0;
  if (!ParseInteger(line.substr(1), count) || count > kArgsMax) return Fail("invalid multibulk length");
  if (count > kUnauthenticatedArgsMax && !limits.authenticated) return Fail("unauthenticated multibulk length");
  bulks_left_ = std::max<int64_t>(count, 0);
  scan_ += line.size() + 2;
  line_scanned_ = 0;
  return Step::kRequest;
}

RespParser::Step RespParser::ParseBulkLength(std::string_view data, const Limits& limits) {
  std::string_view line;
  if (const Step step = FindLine(data, '\r', "too big bulk count string", &line); step != Step::kRequest) return step;
  const char type = data[scan_];  // the line may be empty: then it is the CR
  if (type != '$') return Fail(std::string("expected '$', got '") + type + "'");
  int64_t length = 0;
  if (!ParseInteger(line.substr(1), length) || length < 0 ||
      static_cast<uint64_t>(length) > limits.proto_max_bulk_bytes) {
    return Fail("invalid bulk length");
  }
  if (length > kUnauthenticatedBulkBytesMax && !limits.authenticated) return Fail("unauthenticated bulk length");
  bulk_bytes_ = length;
  scan_ += line.size() + 2;
  line_scanned_ = 0;
  return Step::kRequest;
}

RespParser::Step RespParser::ParseBulk(std::string_view data, const Limits& limits) {
  if (bulk_bytes_ < 0) {
    if (const Step step = ParseBulkLength(data, limits); step != Step::kRequest) return step;
  }
  const auto length = static_cast<size_t>(bulk_bytes_);
  if (data.size() < scan_ + length + 2) return Step::kNeedMore;
  pieces_.push_back({scan_, length});
  scan_ += length + 2;
  bulk_bytes_ = -1;
  --bulks_left_;
  return Step::kRequest;
}

// Finds the line at scan_ without its terminator, and after a CR one more byte, whatever it is.
RespParser::Step RespParser::FindLine(std::string_view data, char terminator, std::string_view too_big,
                                      std::string_view* line) {
  const std::string_view rest = data.substr(std::min(scan_, data.size()));
  size_t at = line_scanned_;
  while (at < rest.size() && rest[at] != terminator && rest[at] != '\0') ++at;
  line_scanned_ = at;
  if (at < rest.size() && rest[at] == terminator) {
    if (terminator == '\r' && at + 1 == rest.size()) return Step::kNeedMore;
    *line = rest.substr(0, at);
    return Step::kRequest;
  }
  return rest.size() > kLineBytesMax ? Fail(too_big) : Step::kNeedMore;
}

RespParser::Step RespParser::Fail(std::string_view text) {
  error_.assign("Protocol error: ").append(text);
  return Step::kError;
}

void RespParser::EmitPieces(std::string_view data, RequestBatch& batch, size_t skipped) {
  std::string_view* const args = batch.ArgRoom(pieces_.size());
  for (size_t i = 0; i < pieces_.size(); ++i) args[i] = data.substr(pieces_[i].offset, pieces_[i].length);
  batch.Add(pieces_.size(), scan_ + skipped);
}

}  // namespace usher::protocol
