// See client_name.h.
#include "server/commands/client_name.h"

#include <algorithm>

namespace usher::server {

bool IsPlainWord(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

bool SetClientName(ClientInfo& info, std::string_view name) {
  if (!IsPlainWord(name)) return false;
  const engine::MutexLock lock(info.mutex);
  info.name = name;
  return true;
}

}  // namespace usher::server
