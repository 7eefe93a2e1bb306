// Database numbers given as arguments (SELECT, MOVE, COPY).
#pragma once

#include <string_view>

namespace usher::server {

class CommandContext;

/// Reads the number of an existing database. False: the error is replied.
bool ReadDbIndex(CommandContext& ctx, std::string_view text, int& db);

}  // namespace usher::server
