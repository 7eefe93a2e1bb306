// usher-server: reads the configuration as redis-server does, then serves until told to stop.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "server/config.h"
#include "server/config_load.h"
#include "server/server.h"
#include "server/version.h"

namespace {

using usher::server::Config;
using usher::server::ConfigValues;

std::string ReadAllOfStandardInput() {
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

/// What must happen before the first thread starts. An error text, or "".
std::string PrepareProcess(const ConfigValues& values) {
  if (!values.directory.empty() && chdir(values.directory.c_str()) != 0) {
    return "Can't chdir to '" + values.directory + "'";
  }
  if (values.daemonize && daemon(/*nochdir=*/1, /*noclose=*/0) != 0) return "Can't daemonize";
  return {};
}

void WritePidFile(const std::string& path) {
  if (path.empty()) return;
  std::ofstream(path) << getpid() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  Config config;
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const auto decision = LoadConfig(config, arguments, &ReadAllOfStandardInput);
  std::fputs(decision.output.c_str(), stdout);
  std::fputs(decision.errors.c_str(), stderr);
  if (!decision.serve) return decision.exit_code;

  const ConfigValues& values = *config.Current();
  if (const std::string error = PrepareProcess(values); !error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  usher::server::Server server(config, {});
  if (!server.log().Open(values.log_file)) {
    std::fprintf(stderr, "Can't open the log file: %s\n", values.log_file.c_str());
    return 1;
  }
  server.log().Notice("Usher " + std::string(usher::server::kUsherVersion) + " is starting, pid " +
                      std::to_string(getpid()) + ", " + std::to_string(server.workers().size()) + " workers, " +
                      std::to_string(server.engine().shard_count()) + " shards");
  if (const std::string error = server.Start(); !error.empty()) {
    server.log().Warning(error);
    return 1;
  }
  WritePidFile(values.pid_file);
  server.log().Notice("Ready to accept connections");
  server.RunUntilShutdown();
  if (!values.pid_file.empty()) unlink(values.pid_file.c_str());
  return server.exit_code();
}
