// ReadAheadKeys: the keys of a pipeline's requests, hashed before their turn comes so that what their look-ups need can
// be on its way. A place of the executing thread, filled for one batch and overwritten by the next one.
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

class ReadAheadKeys {
 public:
  /// Forgets everything; keys added from now on are those of the session's batch (null: nobody's).
  void Begin(const Session* session) {
    owner_ = session;
    names_ = {};
  }
  /// Hashes the key of a request, or takes over that of the request before where it is the same. True when it is new.
  bool Add(size_t request, std::string_view name) {
    names_[request] = name;
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

 private:
  const Session* owner_ = nullptr;
  std::array<std::string_view, protocol::RequestBatch::kRequestsMax> names_;
  std::array<engine::Key, protocol::RequestBatch::kRequestsMax> keys_;
};

}  // namespace usher::server
