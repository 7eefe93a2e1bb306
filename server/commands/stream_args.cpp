// See stream_args.h.
#include "server/commands/stream_args.h"

#include <algorithm>
#include <string>

#include "server/arg_reader.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::ParsedStreamId;
using engine::StreamId;
using engine::StreamIdForm;
using engine::StreamTrim;

constexpr uint64_t kNodesTrimmedMax = 100;  // by "~" without LIMIT
constexpr uint64_t kTrimmedDefault = 10'000;
constexpr uint64_t kTrimmedMax = 1'000'000;

/// Reads what XADD and XTRIM have in common, argument by argument, and replies the first error.
class WriteOptionsReader {
 public:
  WriteOptionsReader(CommandContext& ctx, StreamWrite command) : ctx_(ctx), adds_(command == StreamWrite::kAdd) {}

  std::optional<StreamWriteOptions> Read() {
    ArgReader reader(ctx_.args, 2);
    while (!reader.done() && !has_id_) {
      if (!ReadOption(reader)) return std::nullopt;
    }
    options_.fields_at = reader.position();
    if (!CheckLimit()) return std::nullopt;
    return options_;
  }

 private:
  bool Fail(std::string_view text) {
    ctx_.FailText(text);
    return false;
  }
  bool Fail(Error error) {
    ctx_.Fail(error);
    return false;
  }

  bool ReadOption(ArgReader& reader) {
    if (adds_ && reader.Peek() == "*") {
      reader.Next();
      return has_id_ = true;
    }
    if (reader.AcceptWith("MAXLEN", 1)) return ReadThreshold(reader, StreamTrim::By::kLength);
    if (reader.AcceptWith("MINID", 1)) return ReadThreshold(reader, StreamTrim::By::kMinId);
    if (reader.AcceptWith("LIMIT", 1)) return ReadLimit(reader);
    if (!adds_) return Fail(Error::kSyntax);
    if (reader.Accept("NOMKSTREAM")) {
      options_.make_stream = false;
      return true;
    }
    return ReadId(reader.Next());
  }

  bool ReadThreshold(ArgReader& reader, StreamTrim::By by) {
    StreamTrim& trim = options_.trim;
    if (trim.by != StreamTrim::By::kNothing) {
      return Fail("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    }
    trim.by = by;
    trim.whole_nodes = reader.left() > 1 && reader.Peek() == "~";
    if (trim.whole_nodes || (reader.left() > 1 && reader.Peek() == "=")) reader.Next();
    const std::string_view text = reader.Next();
    if (by == StreamTrim::By::kMinId) {
      const std::optional<StreamId> id = ReadStreamId(ctx_, text);
      if (id) trim.min_id = *id;
      return id.has_value();
    }
    const std::optional<int64_t> length = ToInteger(text);
    if (!length) return Fail(Error::kNotAnInteger);
    if (*length < 0) return Fail("ERR The MAXLEN argument must be >= 0.");
    trim.length_max = static_cast<uint64_t>(*length);
    return true;
  }

  bool ReadLimit(ArgReader& reader) {
    const std::optional<int64_t> limit = ToInteger(reader.Next());
    if (!limit) return Fail(Error::kNotAnInteger);
    if (*limit < 0) return Fail("ERR The LIMIT argument must be >= 0.");
    options_.trim.removed_max = static_cast<uint64_t>(*limit);
    has_limit_ = true;
    return true;
  }

  bool ReadId(std::string_view text) {
    const std::optional<ParsedStreamId> parsed = engine::ParseStreamId(text, 0, StreamIdForm::kSequence);
    if (!parsed) return Fail(Error::kStreamIdInvalid);
    options_.id = {parsed->id, true, parsed->seq_given};
    return has_id_ = true;
  }

  bool CheckLimit() {
    StreamTrim& trim = options_.trim;
    const bool trims = trim.by != StreamTrim::By::kNothing;
    if (trim.removed_max > 0 && !trims) {
      return Fail("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    }
    if (!adds_ && !trims) return Fail("ERR syntax error, XTRIM must be called with a trimming strategy");
    if (has_limit_ && !trim.whole_nodes) {
      return Fail("ERR syntax error, LIMIT cannot be used without the special ~ option");
    }
    if (!has_limit_ && trim.whole_nodes) {
      const uint64_t entries_max = ctx_.engine.settings().stream.node_entries_max;
      const bool overflows = entries_max > kTrimmedMax;
      const uint64_t limit = overflows ? kTrimmedMax : kNodesTrimmedMax * entries_max;
      trim.removed_max = limit == 0 ? kTrimmedDefault : std::min(limit, kTrimmedMax);
    }
    return true;
  }

  CommandContext& ctx_;
  const bool adds_;
  bool has_id_ = false;
  bool has_limit_ = false;
  StreamWriteOptions options_;
};

}  // namespace

std::optional<StreamId> ReadStreamId(CommandContext& ctx, std::string_view text, uint64_t missing_seq,
                                     StreamIdForm form) {
  const std::optional<ParsedStreamId> parsed = engine::ParseStreamId(text, missing_seq, form);
  if (parsed) return parsed->id;
  ctx.Fail(Error::kStreamIdInvalid);
  return std::nullopt;
}

std::string QuotedName(std::string_view text) {
  return "'" + std::string(text.substr(0, text.find('\0'))) + "'";
}

void FailNoGroupOfKey(CommandContext& ctx, std::string_view group, std::string_view key) {
  ctx.FailText("NOGROUP No such consumer group " + QuotedName(group) + " for key name " + QuotedName(key));
}

std::optional<StreamId> ReadIntervalEnd(CommandContext& ctx, std::string_view text, IntervalEnd end) {
  const bool is_start = end == IntervalEnd::kStart;
  const uint64_t missing_seq = is_start ? 0 : engine::kStreamIdMax.seq;
  const bool excluded = text.size() > 1 && text[0] == '(';
  if (!excluded) return ReadStreamId(ctx, text, missing_seq, StreamIdForm::kEnds);
  const std::optional<StreamId> id = ReadStreamId(ctx, text.substr(1), missing_seq);
  if (!id) return id;
  const std::optional<StreamId> beside = is_start ? id->Next() : id->Previous();
  if (!beside) {
    ctx.FailText(is_start ? "ERR invalid start ID for the interval" : "ERR invalid end ID for the interval");
  }
  return beside;
}

std::optional<StreamWriteOptions> ReadStreamWriteOptions(CommandContext& ctx, StreamWrite command) {
  return WriteOptionsReader(ctx, command).Read();
}

}  // namespace usher::server
