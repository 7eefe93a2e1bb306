// DbKeyMap: a hash map over (database, key name), looked up without making a string of the name. Complexity: O(1) each.
// Thread safety: a value.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/hash.h"

namespace usher::engine {

struct DbKeyName {
  int db = 0;
  std::string key;
};

/// What is looked up: a name that is not there must not cost an allocation.
struct DbKeyView {
  DbKeyView(int name_db, std::string_view name_key) : db(name_db), key(name_key) {}
  DbKeyView(const DbKeyName& name) : db(name.db), key(name.key) {}  // NOLINT: the point is to convert
  int db;
  std::string_view key;
};

struct DbKeyHash {
  using is_transparent = void;
  size_t operator()(DbKeyView name) const { return HashBytes(name.key) + static_cast<size_t>(name.db); }
};

struct DbKeyEqual {
  using is_transparent = void;
  bool operator()(DbKeyView left, DbKeyView right) const { return left.db == right.db && left.key == right.key; }
};

template <class T>
using DbKeyMap = std::unordered_map<DbKeyName, T, DbKeyHash, DbKeyEqual>;

}  // namespace usher::engine
