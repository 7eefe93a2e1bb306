// See scan_option.h.
#include "server/commands/scan_option.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "server/command_context.h"

namespace usher::server {

using engine::Error;

engine::Result<uint64_t> ParseScanCursor(std::string_view text) {
  const std::string terminated(text);
  if (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) return Error::kInvalidCursor;
  char* end = nullptr;
  errno = 0;
  const uint64_t cursor = std::strtoull(terminated.c_str(), &end, 10);
  if (*end != '\0' || errno == ERANGE) return Error::kInvalidCursor;
  return cursor;
}

engine::Result<bool> ScanOptions::Accept(ArgReader& reader) {
  if (reader.AcceptWith("COUNT", 1)) {
    const std::optional<int64_t> wanted = ToInteger(reader.Next());
    if (!wanted) return Error::kNotAnInteger;
    if (*wanted < 1) return Error::kSyntax;
    count = static_cast<uint64_t>(*wanted);
    return true;
  }
  if (!reader.AcceptWith("MATCH", 1)) return false;
  pattern = reader.Next();
  if (*pattern == "*") pattern.reset();
  return true;
}

engine::Status ScanOptions::AcceptAll(ArgReader& reader) {
  while (!reader.done()) {
    const engine::Result<bool> accepted = Accept(reader);
    if (!accepted) return accepted.error();
    if (!*accepted) return Error::kSyntax;
  }
  return {};
}

void ReplyScanCursor(CommandContext& ctx, uint64_t cursor) {
  std::array<char, protocol::kIntegerTextBytesMax> digits;
  ctx.reply.Array(2);
  ctx.reply.Bulk({digits.data(), protocol::FormatUnsigned(cursor, digits.data())});
}

}  // namespace usher::server
