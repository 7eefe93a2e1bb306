// Start-up: the command line and the configuration file, with redis-server's syntax, error texts and exit codes.
//
//   usher-server [redis.conf] [-] [--directive value ...]      "-": read standard input behind the file
//
// File, standard input and options make one text (options are appended as lines), which is read from top to bottom; a
// later line wins. So an error in an option is reported with a line number, as redis-server does.
// Thread safety: start-up only; nothing else runs.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "server/config.h"

namespace usher::server {

/// What main() does next: serve, or print both texts and exit.
struct StartDecision {
  bool serve = true;
  int exit_code = 0;
  std::string output = {};  // for standard output
  std::string errors = {};  // for standard error
};

/// Reads the whole of standard input; injected for tests.
using ReadStandardInput = std::function<std::string()>;

/// Loads `config` from the arguments (without the program's name). The decision to serve implies that the loaded values
/// are published. `config.warnings()` then holds what belongs in the log.
StartDecision LoadConfig(Config& config, std::span<const std::string_view> arguments,
                         const ReadStandardInput& read_standard_input);

}  // namespace usher::server
