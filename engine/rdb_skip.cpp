// See rdb_skip.h.
#include "engine/rdb_skip.h"

#include "engine/rdb_format.h"

namespace usher::engine {
namespace {

constexpr uint64_t kTimeBytes = 8;
constexpr uint64_t kScoreBytes = 8;
constexpr uint64_t kRawIdBytes = 16;
constexpr uint8_t kScoreTextMax = 252;  // above: a score without text

/// Calls skip() as often as the number says that comes next.
template <class Fn>
void SkipEach(RdbReader& reader, Fn&& skip) {
  for (uint64_t left = reader.Length(); left > 0 && reader.ok(); --left) skip();
}

void SkipLengths(RdbReader& reader, int count) {
  for (; count > 0; --count) reader.Length();
}

void SkipTextScore(RdbReader& reader) {
  const uint8_t length = reader.Byte();
  if (length <= kScoreTextMax) reader.Bytes(length);
}

void SkipGroup(RdbReader& reader, uint8_t type) {
  reader.SkipString();
  SkipLengths(reader, type == rdb::kStream ? 2 : 3);
  SkipEach(reader, [&] {
    reader.Bytes(kRawIdBytes + kTimeBytes);
    reader.Length();
  });
  SkipEach(reader, [&] {
    reader.SkipString();
    reader.Bytes(type == rdb::kStream3 ? 2 * kTimeBytes : kTimeBytes);
    SkipEach(reader, [&] { reader.Bytes(kRawIdBytes); });
  });
}

void SkipStream(RdbReader& reader, uint8_t type) {
  SkipEach(reader, [&] {
    reader.SkipString();
    reader.SkipString();
  });
  SkipLengths(reader, type == rdb::kStream ? 3 : 8);
  SkipEach(reader, [&] { SkipGroup(reader, type); });
}

}  // namespace

bool SkipRdbValue(RdbReader& reader, uint8_t type) {
  const auto skip_string = [&] { reader.SkipString(); };
  switch (type) {
    case rdb::kString:
    case rdb::kHashZipmap:
    case rdb::kListZiplist:
    case rdb::kSetIntset:
    case rdb::kZsetZiplist:
    case rdb::kHashZiplist:
    case rdb::kHashListpack:
    case rdb::kZsetListpack:
    case rdb::kSetListpack:
      reader.SkipString();
      break;
    case rdb::kList:
    case rdb::kSet:
    case rdb::kListQuicklist:
      SkipEach(reader, skip_string);
      break;
    case rdb::kListQuicklist2:
      SkipEach(reader, [&] {
        reader.Length();
        reader.SkipString();
      });
      break;
    case rdb::kHash:
      SkipEach(reader, [&] {
        reader.SkipString();
        reader.SkipString();
      });
      break;
    case rdb::kZset:
      SkipEach(reader, [&] {
        reader.SkipString();
        reader.Bytes(kScoreBytes);
      });
      break;
    case rdb::kZsetText:
      SkipEach(reader, [&] {
        reader.SkipString();
        SkipTextScore(reader);
      });
      break;
    case rdb::kStream:
    case rdb::kStream2:
    case rdb::kStream3:
      SkipStream(reader, type);
      break;
    default:
      return false;  // hashes with fields that expire among them: few, and refused as a rule
  }
  return reader.ok();
}

}  // namespace usher::engine
