// EncodingName: how a value is stored, by the names of Redis's OBJECT ENCODING.
// Thread safety: the caller holds the turn of the entry's shard.
#pragma once

#include <string_view>

#include "engine/hash_value.h"
#include "engine/key_entry.h"
#include "engine/list_value.h"
#include "engine/set_value.h"
#include "engine/zset.h"

namespace usher::server {

inline std::string_view EncodingName(engine::KeyEntry entry) {
  switch (entry.type()) {
    case engine::ValueType::kString: {
      constexpr std::string_view kNames[] = {"int", "embstr", "raw"};
      return kNames[static_cast<size_t>(entry.string_encoding())];
    }
    case engine::ValueType::kZset:
      return entry.As<engine::Zset>().encoding() == engine::Zset::Encoding::kPacked ? "listpack" : "skiplist";
    case engine::ValueType::kHash:
      return entry.As<engine::Hash>().encoding() == engine::Hash::Encoding::kListpack ? "listpack" : "hashtable";
    case engine::ValueType::kList:
      return entry.As<engine::List>().encoding() == engine::List::Encoding::kListpack ? "listpack" : "quicklist";
    case engine::ValueType::kSet: {
      constexpr std::string_view kNames[] = {"listpack", "hashtable", "intset"};
      return kNames[static_cast<size_t>(entry.As<engine::Set>().encoding())];
    }
    case engine::ValueType::kStream:
      return "stream";
  }
  return "unknown";
}

}  // namespace usher::server
