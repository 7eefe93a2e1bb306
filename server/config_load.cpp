// See config_load.h.
#include "server/config_load.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "server/config_text.h"
#include "server/version.h"

namespace usher::server {
namespace {

using Words = std::vector<std::string>;

constexpr int kIncludeDepthMax = 32;
constexpr std::string_view kBadDirective = "Bad directive or wrong number of arguments";

// Directives of older servers that are read and ignored, as redis-server does.
constexpr std::string_view kRetired[] = {"list-max-ziplist-entries", "list-max-ziplist-value",
                                         "lua-replicate-commands"};

// Lines that are no directives of the table: name, and how many words they need at least.
struct UnsupportedLine {
  std::string_view name;
  size_t words_min;
};
constexpr UnsupportedLine kUnsupported[] = {{"rename-command", 2}, {"user", 1}, {"loadmodule", 1}};

// Start-up may throw; nobody else may.
struct StartError {
  std::string text;
};

[[noreturn]] void FailOnLine(size_t number, std::string_view line, std::string_view reason) {
  throw StartError{"\n*** FATAL CONFIG FILE ERROR (Usher " + std::string(kUsherVersion) + ") ***\n" +
                   "Reading the configuration file, at line " + std::to_string(number) + "\n>>> '" + std::string(line) +
                   "'\n" + std::string(reason) + "\n"};
}

std::string ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  const bool failed = !file.is_open() || file.bad() || errno != 0;
  if (!failed) return text.str();
  throw StartError{"Fatal error, can't open config file '" + path + "': " + std::strerror(errno) + "\n"};
}

class Loader {
 public:
  explicit Loader(Config& config) : config_(config) {}

  void LoadText(std::string_view text, int depth) {
    const Words lines = SplitAt(text, '\n');
    for (size_t i = 0; i < lines.size(); ++i) LoadLine(i + 1, Trimmed(lines[i]), depth);
  }

 private:
  void LoadLine(size_t number, std::string_view line, int depth) {
    if (line.empty() || line[0] == '#') return;
    std::optional<Words> words = SplitConfigLine(line);
    if (!words) FailOnLine(number, line, "Unbalanced quotes in configuration line");
    if (words->empty()) return;
    const std::string name = LowerCase(words->front());
    words->erase(words->begin());
    if (name == "include" && words->size() == 1) {
      if (depth == kIncludeDepthMax) FailOnLine(number, line, "Too many nested includes");
      LoadIncluded(words->front(), depth + 1);
    } else if (const std::string reason = SetDirective(name, *words); !reason.empty()) {
      FailOnLine(number, line, reason);
    }
  }

  std::string SetDirective(const std::string& name, const Words& words) {
    const ConfigDirective* directive = FindConfigDirective(name);
    if (directive != nullptr) return config_.SetAtStart(*directive, words);
    if (words.size() == 1 && std::ranges::find(kRetired, name) != std::end(kRetired)) return {};
    if (name == "sentinel") return "sentinel directive while not in sentinel mode";
    const auto* line = std::ranges::find(kUnsupported, name, &UnsupportedLine::name);
    if (line == std::end(kUnsupported) || words.size() < line->words_min) return std::string(kBadDirective);
    return "Usher does not support '" + name + "' yet";
  }

  // A pattern that matches nothing is no error, a plain path that is not there is one.
  void LoadIncluded(const std::string& pattern, int depth) {
    if (pattern.find_first_of("*?[") == std::string::npos) return LoadText(ReadFile(pattern), depth);
    glob_t found = {};
    Words paths;
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
    for (const std::string& path : paths) LoadText(ReadFile(path), depth);
  }

  Config& config_;
};

// "--port 7" "8" as the line `port 7 "8"`. The word behind a name is its value even when it looks like an option,
// except that a lone --save empties the save points.
std::string LinesOfOptions(std::span<const std::string_view> options) {
  std::string text;
  std::string name;
  bool has_values = true;
  for (const std::string_view option : options) {
    const bool looks_like_name = option.starts_with("--");
    const bool lone_save = looks_like_name && name == "save" && !has_values;
    if (lone_save) text += " \"\"";
    if (looks_like_name && (has_values || lone_save)) {
      name = LowerCase(option.substr(2));
      has_values = name.find(' ') != std::string::npos;
      (text += '\n') += option.substr(2);
    } else {
      text += (text.empty() ? "\n" : " ") + Quoted(option);
      has_values = true;
    }
  }
  return text;
}

StartDecision Exit(int code, std::string output) {
  return {false, code, std::move(output), {}};
}

std::string UsageText() {
  return "Usage: usher-server [/path/to/redis.conf] [options] [-]\n"
         "       usher-server -                    reads the configuration from standard input\n"
         "       usher-server -v or --version\n"
         "       usher-server -h or --help\n"
         "       usher-server --test-memory <megabytes>\n\n"
         "Every directive of the configuration file is an option, its words the arguments:\n"
         "       usher-server                      all defaults, port 6379\n"
         "       usher-server --port 7777 --maxmemory 2gb\n"
         "       usher-server /etc/usher.conf --loglevel verbose\n"
         "       echo 'maxmemory 128mb' | usher-server -\n";
}

// The options that print something and end the process. They count as the first argument only.
std::optional<StartDecision> AnswerQuestion(std::span<const std::string_view> arguments) {
  if (arguments.empty()) return std::nullopt;
  const std::string_view question = arguments[0];
  if (question == "-v" || question == "--version") {
    return Exit(0, "Usher server v=" + std::string(kUsherVersion) + " redis=" + std::string(kRedisVersion) +
                       " malloc=mimalloc bits=64\n");
  }
  if (question == "-h" || question == "--help") return StartDecision{false, 1, {}, UsageText()};
  if (question == "--test-memory") {
    if (arguments.size() != 2) {
      return StartDecision{false,
                           1,
                           {},
                           "Please specify the amount of memory to test in megabytes.\n"
                           "Example: usher-server --test-memory 4096\n\n"};
    }
    return StartDecision{false, 1, {}, "Usher has no memory test of its own; memtester(8) and memtest86 do this.\n"};
  }
  if (question == "--check-system") return StartDecision{false, 1, {}, "Usher has no system check.\n"};
  if (std::ranges::find(arguments, "--sentinel") != arguments.end()) {
    return StartDecision{false, 1, {}, "Usher has no Sentinel mode; redis-sentinel can watch it.\n"};
  }
  return std::nullopt;
}

// Two of a queue's keys under one name would overwrite each other.
void CheckQueueKeys(const ConfigValues& values) {
  const std::set<std::string> keys = {values.queue_wait_key, values.queue_active_key, values.queue_token_key,
                                      values.queue_config_key};
  if (keys.size() == 4) return;
  throw StartError{"\n*** FATAL CONFIG FILE ERROR (Usher " + std::string(kUsherVersion) +
                   ") ***\nqueue-wait-key, queue-active-key, queue-token-key and queue-config-key must differ\n"};
}

void LoadAll(Config& config, std::span<const std::string_view> arguments,
             const ReadStandardInput& read_standard_input) {
  std::string text;
  bool reads_input = false;
  if (!arguments.empty() && !arguments[0].starts_with('-')) {
    config.SetFile(std::filesystem::absolute(arguments[0]).lexically_normal().string());
    text = ReadFile(config.file());
    arguments = arguments.subspan(1);
  } else if (!arguments.empty() && arguments[0] == "-") {
    reads_input = true;
    arguments = arguments.subspan(1);
  }
  if (!arguments.empty() && arguments.back() == "-") {
    reads_input = true;
    arguments = arguments.first(arguments.size() - 1);
  }
  if (reads_input) text += read_standard_input();
  Loader(config).LoadText(text + LinesOfOptions(arguments), 0);
  config.PublishAtStart();
  CheckQueueKeys(*config.Current());
}

}  // namespace

StartDecision LoadConfig(Config& config, std::span<const std::string_view> arguments,
                         const ReadStandardInput& read_standard_input) {
  if (std::optional<StartDecision> answer = AnswerQuestion(arguments)) return *std::move(answer);
  try {
    LoadAll(config, arguments, read_standard_input);
  } catch (const StartError& error) {
    return {false, 1, {}, error.text};
  }
  return {};
}

}  // namespace usher::server
