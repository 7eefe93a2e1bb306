// See resp_client.h.
#include "bench/resp_client.h"

#include <charconv>

namespace usher::bench {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

int64_t ParseNumber(std::string_view text, bool* ok) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  *ok = error == std::errc{} && end == text.data() + text.size();
  return number;
}

bool IsBulk(char type) {
  return type == '$' || type == '!' || type == '=';
}

/// How many values follow a header with this count, or -1 when the type is no aggregate.
int64_t ElementsOf(char type, int64_t count) {
  if (type == '*' || type == '~' || type == '>') return count;
  if (type == '%') return 2 * count;
  if (type == '|') return 2 * count + 1;  // attributes stand before the value they are about
  return -1;
}

Reply ParseAt(std::string_view bytes, size_t* offset);

void ParseElements(std::string_view bytes, size_t* offset, int64_t count, Reply* reply) {
  reply->elements.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) reply->elements.push_back(ParseAt(bytes, offset));
}

Reply ParseAt(std::string_view bytes, size_t* offset) {
  const size_t line_end = bytes.find(kLineEnd, *offset);
  if (line_end == std::string_view::npos) return {};
  Reply reply;
  reply.type = bytes[*offset];
  const std::string_view line = bytes.substr(*offset + 1, line_end - *offset - 1);
  *offset = line_end + kLineEnd.size();
  bool is_number = false;
  const int64_t number = ParseNumber(line, &is_number);
  if (reply.type == '|') {  // nothing here reads attributes: skip them
    Reply skipped;
    ParseElements(bytes, offset, 2 * number, &skipped);
    return ParseAt(bytes, offset);
  }
  const int64_t elements = ElementsOf(reply.type, number);
  if ((elements < 0 && ElementsOf(reply.type, 0) == 0) || (IsBulk(reply.type) && number < 0)) {
    reply.type = '_';
  } else if (elements >= 0) {
    ParseElements(bytes, offset, elements, &reply);
  } else if (IsBulk(reply.type)) {
    reply.text = bytes.substr(*offset, static_cast<size_t>(number));
    if (reply.type == '=' && reply.text.size() >= 4) reply.text.remove_prefix(4);  // "txt:"
    *offset += static_cast<size_t>(number) + kLineEnd.size();
  } else {
    reply.text = line;
    reply.integer = reply.type == '#' ? (line == "t" ? 1 : 0) : number;
  }
  return reply;
}

}  // namespace

void AppendCommand(std::string& out, CommandArgs args) {
  char digits[24];
  const auto append_header = [&](char type, size_t number) {
    out.push_back(type);
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
    out.append(kLineEnd);
  };
  append_header('*', args.size());
  for (const std::string_view arg : args) {
    append_header('$', arg.size());
    out.append(arg).append(kLineEnd);
  }
}

// Accounts for the value whose header is `line`; offset_ is already behind the header. A bulk's body may not be there
// yet: then nothing is accounted for and *need_more is set.
bool ReplyScanner::AcceptHeader(std::string_view line, std::string_view buffer, bool* need_more) {
  static constexpr std::string_view kLineTypes = "+-:_#,(";
  if (line.empty()) return false;
  const char type = line[0];
  if (kLineTypes.find(type) != std::string_view::npos) {
    --pending_;
    return true;
  }
  bool is_number = false;
  const int64_t number = ParseNumber(line.substr(1), &is_number);
  if (!is_number || number < -1) return false;
  if (IsBulk(type)) {
    const size_t body = number < 0 ? 0 : static_cast<size_t>(number) + kLineEnd.size();
    if (buffer.size() - offset_ < body) {
      *need_more = true;
      return true;
    }
    offset_ += body;
    --pending_;
    return true;
  }
  const int64_t elements = ElementsOf(type, number);
  if (ElementsOf(type, 0) < 0) return false;
  pending_ += elements > 0 ? elements - 1 : -1;
  return true;
}

ReplyScanner::Result ReplyScanner::Scan(std::string_view buffer) {
  while (pending_ > 0) {
    const size_t search_from = line_searched_ > offset_ ? line_searched_ : offset_;
    const size_t line_end = buffer.find(kLineEnd, search_from);
    if (line_end == std::string_view::npos) {
      line_searched_ = buffer.size() > 1 ? buffer.size() - 1 : 0;  // the last byte may be the \r
      return Result::kIncomplete;
    }
    const size_t header = offset_;
    offset_ = line_end + kLineEnd.size();
    bool need_more = false;
    if (!AcceptHeader(buffer.substr(header, line_end - header), buffer, &need_more)) return Result::kBroken;
    if (need_more) {
      offset_ = header;
      return Result::kIncomplete;
    }
  }
  return Result::kComplete;
}

const Reply& Reply::Field(std::string_view field) const {
  static const Reply kNone;
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].text == field) return elements[i + 1];
  }
  return kNone;
}

Reply ParseReply(std::string_view complete) {
  size_t offset = 0;
  return ParseAt(complete, &offset);
}

}  // namespace usher::bench
