// The one place where an engine::Error becomes the text a client reads: Redis's exact wording, code word first.
// Thread safety: pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace usher::server {

/// The text behind the "-" of the error reply. `command_name` is the lower-case full name ("set", "queue|wait"), which
/// some texts quote. REQUIRES: error is not kOk.
std::string ErrorText(engine::Error error, std::string_view command_name = {});

}  // namespace usher::server
