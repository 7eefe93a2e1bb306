// See rdb_dump.h.
#include "engine/rdb_dump.h"

#include "engine/crc64.h"
#include "engine/rdb_format.h"

namespace usher::engine {
namespace {

constexpr size_t kVersionBytes = 2;
constexpr size_t kChecksumBytes = 8;

void AppendLittle(std::string& to, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t LittleOf(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return value;
}

}  // namespace

void AppendDumpFooter(std::string& payload) {
  AppendLittle(payload, rdb::kVersionWritten, kVersionBytes);
  AppendLittle(payload, Crc64(0, payload), kChecksumBytes);
}

std::optional<std::string_view> DumpContent(std::string_view payload) {
  if (payload.size() < kDumpFooterBytes) return std::nullopt;
  const std::string_view checked = payload.substr(0, payload.size() - kChecksumBytes);
  const std::string_view content = checked.substr(0, checked.size() - kVersionBytes);
  if (LittleOf(checked.substr(content.size())) > rdb::kVersionReadMax) return std::nullopt;
  if (LittleOf(payload.substr(checked.size())) != Crc64(0, checked)) return std::nullopt;
  return content;
}

}  // namespace usher::engine
