// ReadAheadKeys: the keys of a pipeline's requests, hashed before their turn comes so that what their look-ups need can
// be on its way, and the rows that said where the keys are. A place of the executing thread, filled for one batch and
// overwritten by the next one.
//
// Invariant: a key is handed out only for the very bytes it was made from, and only while the batch that it was made
// for is being run. Thread safety: its thread only.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "engine/key_slot.h"
#include "protocol/request.h"

namespace usher::server {

class Session;
struct CommandRow;

class ReadAheadKeys {
 public:
  /// Forgets everything; keys added from now on are those of the session's batch (null: nobody's).
  void Begin(const Session* session) {
    owner_ = session;
    if (session != nullptr) names_ = {};
  }
  /// Hashes the key of a request of that row, or takes over that of the request before where it is the same. True when
  /// it is new.
  bool Add(size_t request, std::string_view name, const CommandRow* row) {
    names_[request] = name;
    rows_[request] = row;
    engine::Key& key = keys_[request];
    if (request > 0 && Has(request - 1) && names_[request - 1] == name) {  // "" is a name, too
      key = keys_[request - 1];
      return false;
    }
    key = engine::MakeKey(name);
    return true;
  }
  bool Has(size_t request) const { return names_[request].data() != nullptr; }
  const engine::Key& operator[](size_t request) const { return keys_[request]; }
  /// The request's key, which is the text at `name`: as read ahead, else made now.
  engine::Key KeyOf(const Session& session, size_t request, std::string_view name) const {
    if (owner_ != &session || names_[request].data() != name.data()) return engine::MakeKey(name);
    return {name, keys_[request].hash, keys_[request].slot};
  }

  /// The request's row; null when nothing was read ahead for it.
  const CommandRow* RowOf(const Session& session, size_t request) const {
    return owner_ == &session && Has(request) ? rows_[request] : nullptr;
  }

 private:
  const Session* owner_ = nullptr;
  std::array<std::string_view, protocol::RequestBatch::kRequestsMax> names_;
  std::array<engine::Key, protocol::RequestBatch::kRequestsMax> keys_;
  std::array<const CommandRow*, protocol::RequestBatch::kRequestsMax> rows_;
};

}  // namespace usher::server
