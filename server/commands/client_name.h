// A client's name and library texts: what may be in them. Thread safety: the texts are set under the client's mutex.
#pragma once

#include <string_view>

#include "server/client_state.h"

namespace usher::server {

inline constexpr std::string_view kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

/// Whether the text may stand in a line of CLIENT LIST: printable ASCII without blanks.
bool IsPlainWord(std::string_view text);

/// Names the client; "" takes its name. False: the name may not be used, nothing is changed.
bool SetClientName(ClientInfo& info, std::string_view name);

}  // namespace usher::server
