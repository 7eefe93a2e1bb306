// See dataset_digest.h. Ordered things are mixed in (the digest becomes the hash of itself xor the hash of the bytes),
// unordered ones are xor-ed in, each with a digest of its own.
#include "server/dataset_digest.h"

#include <array>
#include <cinttypes>
#include <cstdio>

#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/set_value.h"
#include "engine/stream_value.h"
#include "engine/zset.h"

namespace usher::server {

namespace {

using engine::Sha1;
using engine::Sha1Digest;

std::string_view BytesOf(const Sha1Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void XorIn(Sha1Digest& digest, std::string_view bytes) {
  const Sha1Digest hash = Sha1(bytes);
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<uint8_t>(digest[i] ^ hash[i]);
}

void MixIn(Sha1Digest& digest, std::string_view bytes) {
  XorIn(digest, bytes);
  digest = Sha1(BytesOf(digest));
}

/// A small number as four bytes, most significant first.
std::array<char, 4> NetworkOrder(uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
          static_cast<char>(number)};
}

void MixNumber(Sha1Digest& digest, uint32_t number) {
  const std::array<char, 4> bytes = NetworkOrder(number);
  MixIn(digest, {bytes.data(), bytes.size()});
}

void AddZset(Sha1Digest& digest, const engine::Zset& zset) {
  zset.ForEach(zset.All(), engine::Order::kAscending, [&](std::string_view member, double score) {
    std::array<char, 128> text;
    const int length = std::snprintf(text.data(), text.size(), "%.17g", score);
    Sha1Digest element{};
    MixIn(element, member);
    MixIn(element, {text.data(), static_cast<size_t>(length)});
    XorIn(digest, BytesOf(element));
  });
}

void AddHash(Sha1Digest& digest, const engine::Hash& hash) {
  hash.ForEach([&](std::string_view field, std::string_view value) {
    Sha1Digest element{};
    MixIn(element, field);
    MixIn(element, value);
    XorIn(digest, BytesOf(element));
  });
}

void AddStream(Sha1Digest& digest, const engine::Stream& stream) {
  engine::Stream::Reader reader(stream, {}, engine::kStreamIdMax);
  while (reader.Next()) {
    std::array<char, 48> id;
    const engine::StreamId at = reader.entry().id();
    const int length = std::snprintf(id.data(), id.size(), "%" PRIu64 ".%" PRIu64, at.ms, at.seq);
    MixIn(digest, {id.data(), static_cast<size_t>(length)});
    reader.entry().ForEachField([&](std::string_view field, std::string_view value) {
      MixIn(digest, field);
      MixIn(digest, value);
    });
  }
}

/// The type's number in Redis, where modules stand between hashes and streams.
uint32_t TypeNumber(engine::ValueType type) {
  return type == engine::ValueType::kStream ? 6 : static_cast<uint32_t>(type);
}

/// Mixes type, value and whether the key expires into the digest of its key.
void AddValue(Sha1Digest& digest, engine::KeyEntry entry) {
  MixNumber(digest, TypeNumber(entry.type()));
  switch (entry.type()) {
    case engine::ValueType::kString: {
      engine::IntegerScratch scratch;
      MixIn(digest, entry.StringBytes(scratch));
      break;
    }
    case engine::ValueType::kZset:
      AddZset(digest, entry.As<engine::Zset>());
      break;
    case engine::ValueType::kHash:
      AddHash(digest, entry.As<engine::Hash>());
      break;
    case engine::ValueType::kList:
      entry.As<engine::List>().ForEach([&](std::string_view element) { MixIn(digest, element); });
      break;
    case engine::ValueType::kSet:
      entry.As<engine::Set>().ForEach([&](std::string_view member) { XorIn(digest, member); });
      break;
    case engine::ValueType::kStream:
      AddStream(digest, entry.As<engine::Stream>());
      break;
  }
  if (entry.HasExpiry()) XorIn(digest, "!!expire!!");
}

}  // namespace

void DatasetDigest::AddDatabase(int db) {
  MixNumber(digest_, static_cast<uint32_t>(db));
}

void DatasetDigest::AddKey(std::string_view key, engine::KeyEntry entry) {
  Sha1Digest of_key{};
  MixIn(of_key, key);
  AddValue(of_key, entry);
  // The digest of a key is xor-ed in as bytes, hashed once more.
  XorIn(digest_, BytesOf(of_key));
}

Sha1Digest DatasetDigest::OfValue(engine::KeyEntry entry) {
  Sha1Digest digest{};
  AddValue(digest, entry);
  return digest;
}

}  // namespace usher::server
