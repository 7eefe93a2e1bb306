// See rdb_decode.h. Streams are in rdb_stream.cpp.
#include "engine/rdb_decode.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "engine/base/assert.h"
#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/rdb_format.h"
#include "engine/rdb_packed.h"
#include "engine/rdb_stream.h"
#include "engine/set_value.h"
#include "engine/stream_value.h"
#include "engine/zset.h"
#include "protocol/number_text.h"

namespace usher::engine {
namespace {

using Format = PackedReader::Format;

constexpr std::string_view kDuplicate = "an element is there twice";
constexpr std::string_view kBrokenBlock = "a packed block is corrupt";
constexpr std::string_view kInvalidScore = "invalid score";

/// A container being filled, freed unless it is released.
template <class T>
class Held {
 public:
  Held() = default;
  ~Held() { value.Destroy(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  /// Gives it to `to`, unless it has no elements.
  bool GiveTo(DecodedValue& to) {
    if (value.size() > 0) to.SetContainer(std::exchange(value, T()));
    return true;
  }

  T value;
};

/// Reads a block and calls fn(PackedReader&) while there are elements; then the block must have ended well.
template <class Fn>
bool ForEachPacked(RdbReader& reader, Format format, Fn&& fn) {
  PackedReader block(format, reader.String());
  if (!reader.ok()) return false;
  std::string_view first;
  while (block.Next(first)) {
    if (!fn(first, block)) return reader.Fail(kBrokenBlock);
  }
  return block.Finished() || reader.Fail(kBrokenBlock);
}

// ---- Lists

void PushBack(List& list, std::string_view element, const ListLimits& limits) {
  list.PrepareToGrow(element.size(), 1, limits);
  list.Push(ListEnd::kTail, element, limits);
}

bool PushPacked(RdbReader& reader, Format format, List& list, const ListLimits& limits) {
  return ForEachPacked(reader, format, [&](std::string_view element, PackedReader&) {
    PushBack(list, element, limits);
    return true;
  });
}

bool PushNode(RdbReader& reader, List& list, const ListLimits& limits) {
  const uint64_t container = reader.Length();
  if (container == rdb::kNodePacked) return PushPacked(reader, Format::kListpack, list, limits);
  if (container != rdb::kNodePlain) return reader.Fail("unknown kind of list node");
  const std::string_view element = reader.String();
  if (reader.ok()) PushBack(list, element, limits);
  return reader.ok();
}

bool DecodeList(RdbReader& reader, uint8_t type, const ListLimits& limits, DecodedValue& value) {
  Held<List> list;
  if (type == rdb::kListZiplist) {
    return PushPacked(reader, Format::kZiplist, list.value, limits) && list.GiveTo(value);
  }
  for (uint64_t left = reader.Length(); left > 0 && reader.ok(); --left) {
    if (type == rdb::kListQuicklist2) {
      PushNode(reader, list.value, limits);
    } else if (type == rdb::kListQuicklist) {
      PushPacked(reader, Format::kZiplist, list.value, limits);
    } else if (const std::string_view element = reader.String(); reader.ok()) {
      PushBack(list.value, element, limits);
    }
  }
  return reader.ok() && list.GiveTo(value);
}

// ---- Sets

bool DecodeSet(RdbReader& reader, uint8_t type, const SetLimits& limits, DecodedValue& value) {
  Held<Set> set;
  if (type != rdb::kSet) {
    const bool is_intset = type == rdb::kSetIntset;
    const auto add = [&](std::string_view member, PackedReader&) {
      return is_intset ? set.value.Add(member, limits) : set.value.AddInOrder(member, limits);
    };
    return ForEachPacked(reader, is_intset ? Format::kIntset : Format::kListpack, add) && set.GiveTo(value);
  }
  for (uint64_t left = reader.Length(); left > 0 && reader.ok(); --left) {
    const std::string_view member = reader.String();
    if (reader.ok() && !set.value.Add(member, limits)) reader.Fail(kDuplicate);
  }
  return reader.ok() && set.GiveTo(value);
}

// ---- Hashes

bool AddField(RdbReader& reader, Hash& hash, std::string_view field, std::string_view value, const HashLimits& limits) {
  return hash.Set(field, value, limits) == Hash::SetResult::kCreated || reader.Fail(kDuplicate);
}

bool DecodePackedHash(RdbReader& reader, uint8_t type, const HashLimits& limits, DecodedValue& value) {
  Held<Hash> hash;
  const bool with_ttl = type == rdb::kHashListpackTtl || type == rdb::kHashListpackTtlPreGa;
  if (type == rdb::kHashListpackTtl) reader.Little64();  // the first time to live of all
  const Format format = type == rdb::kHashZipmap    ? Format::kZipmap
                        : type == rdb::kHashZiplist ? Format::kZiplist
                                                    : Format::kListpack;
  const auto add = [&](std::string_view field, PackedReader& block) {
    std::string_view text;
    int64_t ttl = 0;
    if (!block.Next(text) || (with_ttl && !block.NextInteger(ttl))) return false;
    if (ttl != 0) return reader.Fail("fields of a hash with a time to live of their own are not supported");
    return AddField(reader, hash.value, field, text, limits);
  };
  return ForEachPacked(reader, format, add) && hash.GiveTo(value);
}

bool DecodeHash(RdbReader& reader, uint8_t type, const HashLimits& limits, DecodedValue& value) {
  Held<Hash> hash;
  const bool with_ttl = type == rdb::kHashFieldTtl || type == rdb::kHashFieldTtlPreGa;
  if (type == rdb::kHashFieldTtl) reader.Little64();  // the first time to live of all
  uint64_t left = reader.Length();
  if (left > limits.packed_entries_max) hash.value.ConvertToTable();
  std::string field;
  for (; left > 0 && reader.ok(); --left) {
    if (with_ttl && reader.Length() != 0) {
      return reader.Fail("fields of a hash with a time to live of their own are not supported");
    }
    field = reader.String();
    const std::string_view text = reader.String();
    if (reader.ok()) AddField(reader, hash.value, field, text, limits);
  }
  return reader.ok() && hash.GiveTo(value);
}

// ---- Sorted sets

bool ParseScore(std::string_view text, double& score) {
  int64_t integer = 0;
  if (protocol::ParseInteger(text, integer)) {
    score = static_cast<double>(integer);
    return true;
  }
  std::array<char, 256> copy;
  if (text.empty() || text.size() >= copy.size()) return false;
  std::memcpy(copy.data(), text.data(), text.size());
  copy[text.size()] = '\0';
  char* end = nullptr;
  score = std::strtod(copy.data(), &end);
  return end == copy.data() + text.size();
}

/// The oldest way to write a score.
double TextScore(RdbReader& reader) {
  constexpr uint8_t kNan = 253;
  constexpr uint8_t kPlusInfinity = 254;
  constexpr uint8_t kMinusInfinity = 255;
  const uint8_t length = reader.Byte();
  if (length == kPlusInfinity) return HUGE_VAL;
  if (length == kMinusInfinity) return -HUGE_VAL;
  double score = 0;
  if (length == kNan || !ParseScore(reader.Bytes(length), score)) reader.Fail(kInvalidScore);
  return score;
}

bool AddEntry(RdbReader& reader, Zset& zset, std::string_view member, double score, const ZsetLimits& limits) {
  if (std::isnan(score)) return reader.Fail(kInvalidScore);
  return zset.Add(member, score, limits).added() || reader.Fail(kDuplicate);
}

bool DecodePackedZset(RdbReader& reader, uint8_t type, const ZsetLimits& limits, DecodedValue& value) {
  Held<Zset> zset;
  const auto add = [&](std::string_view member, PackedReader& block) {
    std::string_view text;
    double score = 0;
    return block.Next(text) && ParseScore(text, score) && AddEntry(reader, zset.value, member, score, limits);
  };
  return ForEachPacked(reader, type == rdb::kZsetZiplist ? Format::kZiplist : Format::kListpack, add) &&
         zset.GiveTo(value);
}

/// Calls add(member, score) for `count` entries.
template <class Fn>
void ForEachEntry(RdbReader& reader, uint8_t type, uint64_t count, Fn&& add) {
  std::string member;
  for (; count > 0 && reader.ok(); --count) {
    member = reader.String();
    const double score = type == rdb::kZset ? reader.Double() : TextScore(reader);
    if (reader.ok()) add(member, score);
  }
}

// Snapshots write large ones in no order.
bool DecodeLargeZset(RdbReader& reader, uint8_t type, uint64_t count, DecodedValue& value) {
  ZsetBuilder builder;
  ForEachEntry(reader, type, count, [&](std::string_view member, double score) {
    if (std::isnan(score)) {
      reader.Fail(kInvalidScore);
    } else if (!builder.Add(member, score)) {
      reader.Fail(kDuplicate);
    }
  });
  if (reader.ok()) value.SetContainer(builder.Finish());
  return reader.ok();
}

bool DecodeZset(RdbReader& reader, uint8_t type, const ZsetLimits& limits, DecodedValue& value) {
  const uint64_t count = reader.Length();
  if (count > limits.packed_entries_max) return DecodeLargeZset(reader, type, count, value);
  Held<Zset> zset;
  ForEachEntry(reader, type, count,
               [&](std::string_view member, double score) { AddEntry(reader, zset.value, member, score, limits); });
  return reader.ok() && zset.GiveTo(value);
}

bool DecodeStream(RdbReader& reader, uint8_t type, DecodedValue& value) {
  Stream stream;
  stream.Create();
  value.SetContainer(stream);  // which frees it if it cannot be read
  return DecodeRdbStream(reader, type, stream);
}

bool DecodeString(RdbReader& reader, DecodedValue& value) {
  int64_t integer = 0;
  std::string_view text;
  if (reader.IntegerOrString(integer, text)) {
    value.SetInteger(integer);
  } else {
    value.SetText(text);
  }
  return reader.ok();
}

}  // namespace

// ---- DecodedValue

EntryBuilder DecodedValue::Take() {
  ASSERT(kind_ != Kind::kVoid);
  const Kind kind = std::exchange(kind_, Kind::kVoid);
  if (kind == Kind::kText) return EntryBuilder::String(text_);
  if (kind == Kind::kInteger) return EntryBuilder::Int(std::bit_cast<int64_t>(word_));
  // EntryKind lists the containers in ValueType's order, behind the three kinds of string.
  return EntryBuilder::Word(static_cast<EntryKind>(static_cast<uint8_t>(type_) + 2), word_);
}

void DecodedValue::Clear() {
  if (std::exchange(kind_, Kind::kVoid) == Kind::kContainer) DestroyValue(type_, &word_);
}

void DecodedValue::SetText(std::string_view text) {
  kind_ = Kind::kText;
  text_ = text;
}

void DecodedValue::SetInteger(int64_t integer) {
  kind_ = Kind::kInteger;
  word_ = std::bit_cast<uint64_t>(integer);
}

// ---- By type

bool IsRdbValueType(uint8_t type) {
  return type <= rdb::kModule || (type >= rdb::kHashZipmap && type <= rdb::kHashListpackTtl);
}

bool DecodeRdbValue(RdbReader& reader, uint8_t type, const EngineSettings& settings, DecodedValue& value) {
  value.Clear();
  switch (type) {
    case rdb::kString:
      return DecodeString(reader, value);
    case rdb::kList:
    case rdb::kListZiplist:
    case rdb::kListQuicklist:
    case rdb::kListQuicklist2:
      return DecodeList(reader, type, settings.list, value);
    case rdb::kSet:
    case rdb::kSetIntset:
    case rdb::kSetListpack:
      return DecodeSet(reader, type, settings.set, value);
    case rdb::kHash:
    case rdb::kHashFieldTtl:
    case rdb::kHashFieldTtlPreGa:
      return DecodeHash(reader, type, settings.hash, value);
    case rdb::kHashZipmap:
    case rdb::kHashZiplist:
    case rdb::kHashListpack:
    case rdb::kHashListpackTtl:
    case rdb::kHashListpackTtlPreGa:
      return DecodePackedHash(reader, type, settings.hash, value);
    case rdb::kZset:
    case rdb::kZsetText:
      return DecodeZset(reader, type, settings.zset, value);
    case rdb::kZsetZiplist:
    case rdb::kZsetListpack:
      return DecodePackedZset(reader, type, settings.zset, value);
    case rdb::kStream:
    case rdb::kStream2:
    case rdb::kStream3:
      return DecodeStream(reader, type, value);
    case rdb::kModulePreGa:
    case rdb::kModule:
      return reader.Fail("the value belongs to a module, which this server does not have");
    default:
      return reader.Fail("unknown type of value");
  }
}

}  // namespace usher::engine
