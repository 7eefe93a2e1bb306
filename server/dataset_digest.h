// DatasetDigest: one number for the content of keys, the same whatever order they are in, computed as DEBUG DIGEST of
// redis-server does, so that two servers can be compared. Complexity: O(data). Thread safety: the caller holds the
// turns of what is looked at.
#pragma once

#include <string_view>

#include "engine/base/sha1.h"
#include "engine/key_entry.h"

namespace usher::server {

class DatasetDigest {
 public:
  /// Before the keys of a database that has any, in ascending order.
  void AddDatabase(int db);
  void AddKey(std::string_view key, engine::KeyEntry entry);
  const engine::Sha1Digest& value() const { return digest_; }

  /// A value alone (DEBUG DIGEST-VALUE).
  static engine::Sha1Digest OfValue(engine::KeyEntry entry);

 private:
  engine::Sha1Digest digest_{};
};

}  // namespace usher::server
