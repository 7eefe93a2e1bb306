// TrackingIndex: which clients may have which keys of one shard in a cache of their own (CLIENT TRACKING, without
// BCAST). Keys are names alone, of whatever database, as in Redis. When the key changes, its readers are taken out and
// told. Complexity: O(1) per key, and O(log + n) to add one of a key's n readers. Thread safety: the caller holds the
// shard's turn; a Reader has its own rules.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/hash.h"

namespace usher::engine {

/// A client with a cache; what it is, only the server knows.
class CachingReader {
 public:
  virtual ~CachingReader() = default;
};

using CachingReaders = std::vector<std::shared_ptr<CachingReader>>;

class TrackingIndex {
 public:
  bool empty() const { return readers_.empty(); }
  size_t keys() const { return readers_.size(); }
  /// Readers of all keys together.
  uint64_t items() const { return items_; }

  /// Notes that `reader` has seen the key.
  void Add(std::string_view key, const std::shared_ptr<CachingReader>& reader);

  /// Forgets the key; returns who had seen it.
  CachingReaders Take(std::string_view key);

  /// Forgets some key other than `spared`, which goes too if it is the only one. Returns its name and readers.
  std::pair<std::string, CachingReaders> TakeAny(std::string_view spared);

  void Clear();

 private:
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return HashBytes(name); }
  };
  using Map = std::unordered_map<std::string, CachingReaders, NameHash, std::equal_to<>>;

  CachingReaders TakeAt(Map::iterator at);

  Map readers_;
  uint64_t items_ = 0;
};

}  // namespace usher::engine
