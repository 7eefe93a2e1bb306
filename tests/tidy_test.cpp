// What compilers do not check about the shape of our code: include direction, third-party confinement, mirrored tests,
// file-top comments, lengths, leftovers. Every rule is a function from a file (or the list of all) to complaints; one
// test runs it over the tree and another proves on made-up text that it can fail. The two lists at the top are
// ratchets: an entry is a debt that may shrink and must be struck off when it is paid, and nothing may be added without
// a reason.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/source_text.h"

namespace usher::tests {
namespace {

constexpr size_t kFunctionLinesMax = 70;
constexpr size_t kFileLinesMax = 800;

/// A function above kFunctionLinesMax that is known. It may not grow; an entry that is no longer needed is a complaint.
struct LongFunction {
  std::string_view path;
  std::string_view name;
  size_t lines;
};
const std::vector<LongFunction> kLongFunctions = {};

/// A source of engine/ or protocol/ without a test file of its own, and why.
struct Untested {
  std::string_view path;
  std::string_view reason;
};
const std::vector<Untested> kUntested = {
    {"engine/base/assert.cpp", "its one function aborts the process"},
    {"engine/base/memory.cpp", "reads counters of the allocator and the kernel"},
};

struct SourceFile {
  std::string path;  // from the root of the repository, with forward slashes
  std::string text;
};
using Complaints = std::vector<std::string>;

bool IsCpp(std::string_view path) {
  return path.ends_with(".h") || path.ends_with(".cpp");
}

std::string Place(const SourceFile& file, size_t line) {
  return file.path + ":" + std::to_string(line) + ": ";
}

std::string TopFolder(std::string_view path) {
  return std::string(path.substr(0, path.find('/')));
}

// ---- the rules ----

Complaints CheckIncludeDirection(const SourceFile& file) {
  static const std::map<std::string, std::set<std::string>> may_include = {
      {"protocol", {"protocol"}},
      {"engine", {"engine", "protocol"}},
      {"scripting", {"scripting", "engine", "protocol"}},
      {"cluster", {"cluster", "engine", "protocol"}},
      {"server", {"server", "cluster", "scripting", "engine", "protocol"}},
  };
  Complaints complaints;
  const auto own = may_include.find(TopFolder(file.path));
  if (own == may_include.end()) return complaints;  // tests and bench may include everything
  for (const IncludeLine& include : IncludesOf(file.text)) {
    const std::string folder = TopFolder(include.name);
    const bool ours = may_include.contains(folder) || folder == "tests" || folder == "bench";
    if (ours && !own->second.contains(folder)) {
      complaints.push_back(Place(file, include.line) + own->first + "/ may not include " + include.name);
    }
    if (file.path.starts_with("engine/base/") && ours && !include.name.starts_with("engine/base/")) {
      complaints.push_back(Place(file, include.line) + "engine/base is the leaf, it may not include " + include.name);
    }
  }
  return complaints;
}

Complaints CheckThirdParty(const SourceFile& file) {
  struct Confined {
    std::string_view header;  // a regular expression
    std::string_view home;    // what the including file's path must start with
  };
  static const std::vector<Confined> confined = {
      {R"(uv\.h|uv/.*)", "server/event_loop."},
      {R"((.*/)?(lua|lualib|lauxlib|luajit|luaconf)\.h(pp)?)", "scripting/"},
      {R"(prometheus/.*|CivetServer\.h|civetweb\.h)", "server/metrics."},
      {R"(xxhash\.h|xxh3\.h)", "engine/base/"},
      {R"(mimalloc.*\.h)", "engine/base/"},
      {R"(lzf\.h)", "engine/lzf."},
      {R"(doctest/.*)", "tests/"},
  };
  Complaints complaints;
  for (const IncludeLine& include : IncludesOf(file.text)) {
    for (const Confined& rule : confined) {
      if (std::regex_match(include.name, std::regex(std::string(rule.header))) && !file.path.starts_with(rule.home)) {
        complaints.push_back(Place(file, include.line) + include.name + " belongs to " + std::string(rule.home) + "*");
      }
    }
  }
  return complaints;
}

Complaints CheckMirroredTests(const std::vector<SourceFile>& files, const std::vector<Untested>& untested) {
  std::set<std::string> paths;
  for (const SourceFile& file : files) paths.insert(file.path);
  Complaints complaints;
  const auto test_of = [](std::string_view path) {
    return "tests/" + std::string(path.substr(0, path.size() - 4)) + "_test.cpp";
  };
  for (const std::string& path : paths) {
    const bool needs_test = path.ends_with(".cpp") && (path.starts_with("engine/") || path.starts_with("protocol/"));
    const bool excused =
        std::any_of(untested.begin(), untested.end(), [&](const Untested& entry) { return entry.path == path; });
    if (needs_test && !excused && !paths.contains(test_of(path))) complaints.push_back(path + ": no " + test_of(path));
  }
  for (const Untested& entry : untested) {
    if (!paths.contains(std::string(entry.path))) complaints.push_back(std::string(entry.path) + ": excused, but gone");
    if (paths.contains(test_of(entry.path)))
      complaints.push_back(std::string(entry.path) + ": excused, but has a test");
  }
  return complaints;
}

Complaints CheckOpeningComment(const SourceFile& file) {
  const std::string_view opening = IsCpp(file.path) ? "// " : "#";
  if (file.text.starts_with(opening)) return {};
  if (file.path.ends_with(".py") && file.text.starts_with("\"\"\"")) return {};
  return {file.path + ": does not open with a comment"};
}

Complaints CheckFunctionLengths(const SourceFile& file, const std::vector<LongFunction>& known) {
  Complaints complaints;
  std::set<std::string_view> seen;
  if (!IsCpp(file.path)) return complaints;
  for (const FunctionExtent& function : FunctionsOf(file.text)) {
    if (function.line_count <= kFunctionLinesMax) continue;
    const auto entry = std::find_if(known.begin(), known.end(), [&](const LongFunction& candidate) {
      return candidate.path == file.path && candidate.name == function.name;
    });
    if (entry != known.end()) seen.insert(entry->name);
    if (entry != known.end() && function.line_count == entry->lines) continue;
    complaints.push_back(Place(file, function.first_line) + function.name + " has " +
                         std::to_string(function.line_count) + " lines" +
                         (entry == known.end() ? "" : ", listed with " + std::to_string(entry->lines)));
  }
  for (const LongFunction& entry : known) {
    if (entry.path == file.path && !seen.contains(entry.name)) {
      complaints.push_back(file.path + ": strike " + std::string(entry.name) + " off the list of long functions");
    }
  }
  return complaints;
}

Complaints CheckLines(const SourceFile& file) {
  // The words are built from halves, so that this file passes its own test.
  static const std::regex leftover(
      "\\b(TO"
      "DO|FIX"
      "ME|XX"
      "X)\\b");
  Complaints complaints;
  const std::vector<std::string_view> lines = LinesOf(file.text);
  if (lines.size() > kFileLinesMax) complaints.push_back(file.path + ": " + std::to_string(lines.size()) + " lines");
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find('\t') != std::string_view::npos) complaints.push_back(Place(file, i + 1) + "a tab");
    if (std::regex_search(lines[i].begin(), lines[i].end(), leftover)) {
      complaints.push_back(Place(file, i + 1) + "left over: " + std::string(lines[i]));
    }
  }
  return complaints;
}

Complaints CheckPragmaOnce(const SourceFile& file) {
  if (!file.path.ends_with(".h")) return {};
  const std::vector<std::string_view> lines = LinesOf(file.text);
  if (std::find(lines.begin(), lines.end(), "#pragma once") != lines.end()) return {};
  return {file.path + ": no #pragma once"};
}

/// Clang's thread-safety analysis does not see through std::mutex; only the clang preset would tell.
Complaints CheckAnnotatedMutexes(const SourceFile& file) {
  if (!file.path.starts_with("engine/") && !file.path.starts_with("server/")) return {};
  const bool is_annotated = file.text.find("GUARDED_BY(") != std::string::npos;
  if (!is_annotated || file.text.find("std::mutex ") == std::string::npos) return {};
  return {file.path + ": GUARDED_BY and the like need engine::Mutex (engine/base/mutex.h), not std::mutex"};
}

// ---- the tree ----

bool IsSource(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return IsCpp(name) || name.ends_with(".py") || name == "CMakeLists.txt";
}

std::vector<SourceFile> ReadTree() {
  namespace fs = std::filesystem;
  const fs::path root = USHER_SOURCE_DIR;
  std::vector<fs::path> paths = {root / "CMakeLists.txt", root / "dev", root / ".ci/run"};
  for (const char* folder :
       {"protocol", "engine", "scripting", "cluster", "server", "tests", "bench", "redis-compat-tests"}) {
    if (!fs::exists(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.is_regular_file() && IsSource(entry.path())) paths.push_back(entry.path());
    }
  }
  std::vector<SourceFile> files;
  for (const fs::path& path : paths) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    files.push_back({fs::relative(path, root).generic_string(), text.str()});
  }
  return files;
}

const std::vector<SourceFile>& Tree() {
  static const std::vector<SourceFile> files = ReadTree();
  return files;
}

template <class Rule>
void RequireNoneInTree(Rule rule) {
  for (const SourceFile& file : Tree()) {
    for (const std::string& complaint : rule(file)) FAIL_CHECK(complaint);
  }
}

/// A made-up function of `lines` lines.
std::string FunctionOfLines(const std::string& head, size_t lines) {
  std::string text = head + " {\n";
  for (size_t i = 2; i < lines; ++i) text += "  Work();\n";
  return text + "}\n";
}

TEST_CASE("Tree: the sources are found") {
  CHECK(Tree().size() > 20);
  const auto has = [](std::string_view path) {
    return std::any_of(Tree().begin(), Tree().end(), [&](const SourceFile& file) { return file.path == path; });
  };
  CHECK(has("engine/base/result.h"));
  CHECK(has("tests/tidy_test.cpp"));
}

TEST_CASE("Tree: includes point only protocol <- engine <- scripting, cluster <- server") {
  RequireNoneInTree(CheckIncludeDirection);
}

TEST_CASE("Tree: third-party headers stay where they belong") {
  RequireNoneInTree(CheckThirdParty);
}

TEST_CASE("Tree: every source of engine and protocol has a test file of the same name") {
  for (const std::string& complaint : CheckMirroredTests(Tree(), kUntested)) FAIL_CHECK(complaint);
}

TEST_CASE("Tree: every source file opens with a comment") {
  RequireNoneInTree(CheckOpeningComment);
}

TEST_CASE("Tree: no function above 70 lines beyond the known ones") {
  RequireNoneInTree([](const SourceFile& file) { return CheckFunctionLengths(file, kLongFunctions); });
}

TEST_CASE("Tree: files stay below 800 lines and hold no tabs and no leftovers") {
  RequireNoneInTree(CheckLines);
}

TEST_CASE("Tree: every header has #pragma once") {
  RequireNoneInTree(CheckPragmaOnce);
}

TEST_CASE("Tree: what is GUARDED_BY a mutex is guarded by one that the analysis understands") {
  RequireNoneInTree(CheckAnnotatedMutexes);
}

TEST_CASE("Annotated mutexes: std::mutex beside GUARDED_BY is a complaint, alone it is none") {
  CHECK(CheckAnnotatedMutexes({"server/a.h", "std::mutex m;\nint a GUARDED_BY(m);\n"}).size() == 1);
  CHECK(CheckAnnotatedMutexes({"server/a.h", "engine::Mutex m;\nint a GUARDED_BY(m);\n"}).empty());
  CHECK(CheckAnnotatedMutexes({"server/a.h", "std::mutex m;\n"}).empty());
}

TEST_CASE("Include direction: a forbidden include is a complaint") {
  CHECK(CheckIncludeDirection({"engine/a.cpp", "#include \"server/b.h\"\n"}).size() == 1);
  CHECK(CheckIncludeDirection({"protocol/a.h", "// x\n#include \"engine/base/assert.h\"\n"}).size() == 1);
  CHECK(CheckIncludeDirection({"scripting/a.cpp", "#include \"cluster/b.h\"\n"}).size() == 1);
  CHECK(CheckIncludeDirection({"cluster/a.cpp", "#include \"scripting/b.h\"\n"}).size() == 1);
  CHECK(CheckIncludeDirection({"engine/base/a.h", "#include \"engine/shard.h\"\n"}).size() == 1);
  CHECK(CheckIncludeDirection({"server/a.cpp", "#include \"tests/support/b.h\"\n"}).size() == 1);
}

TEST_CASE("Include direction: allowed includes pass") {
  CHECK(CheckIncludeDirection({"server/a.cpp", "#include \"cluster/b.h\"\n#include <vector>\n"}).empty());
  CHECK(CheckIncludeDirection({"engine/a.cpp", "#include \"protocol/b.h\"\n"}).empty());
  CHECK(CheckIncludeDirection({"engine/a.cpp", "// #include \"server/b.h\"\n"}).empty());
  CHECK(CheckIncludeDirection({"tests/a_test.cpp", "#include \"server/b.h\"\n"}).empty());
}

TEST_CASE("Third-party confinement: a stray header is a complaint, its home passes") {
  CHECK(CheckThirdParty({"server/worker.cpp", "#include <uv.h>\n"}).size() == 1);
  CHECK(CheckThirdParty({"server/event_loop.cpp", "#include <uv.h>\n"}).empty());
  CHECK(CheckThirdParty({"server/main.cpp", "#include <lua5.1/lua.h>\n"}).size() == 1);
  CHECK(CheckThirdParty({"scripting/lua_engine.cpp", "#include <lua.hpp>\n"}).empty());
  CHECK(CheckThirdParty({"server/info.cpp", "#include <prometheus/exposer.h>\n"}).size() == 1);
  CHECK(CheckThirdParty({"engine/key_table.cpp", "#include <xxhash.h>\n#include <mimalloc.h>\n"}).size() == 2);
  CHECK(CheckThirdParty({"engine/base/hash.cpp", "#include <xxhash.h>\n"}).empty());
}

TEST_CASE("Mirrored tests: a missing test, and an excuse no longer needed, are complaints") {
  const SourceFile zset{"engine/zset.cpp", ""};
  const SourceFile zset_test{"tests/engine/zset_test.cpp", ""};
  CHECK(CheckMirroredTests({zset}, {}).size() == 1);
  CHECK(CheckMirroredTests({zset, zset_test}, {}).empty());
  CHECK(CheckMirroredTests({zset}, {{"engine/zset.cpp", "why"}}).empty());
  CHECK(CheckMirroredTests({zset, zset_test}, {{"engine/zset.cpp", "why"}}).size() == 1);
  CHECK(CheckMirroredTests({}, {{"engine/zset.cpp", "why"}}).size() == 1);
}

TEST_CASE("Opening comment: a file that starts with code is a complaint") {
  CHECK(CheckOpeningComment({"engine/a.h", "#pragma once\n"}).size() == 1);
  CHECK(CheckOpeningComment({"engine/a.cpp", "\n// late\n"}).size() == 1);
  CHECK(CheckOpeningComment({"engine/a.h", "// What it is.\n#pragma once\n"}).empty());
  CHECK(CheckOpeningComment({"bench/a.py", "import os\n"}).size() == 1);
}

TEST_CASE("Function length: a function of 71 lines is a complaint, one of 70 is not") {
  CHECK(CheckFunctionLengths({"engine/a.cpp", FunctionOfLines("void F()", 70)}, {}).empty());
  CHECK(CheckFunctionLengths({"engine/a.cpp", FunctionOfLines("void F()", 71)}, {}).size() == 1);
}

TEST_CASE("Function length: a listed function may neither grow nor shrink unnoticed") {
  const std::vector<LongFunction> known = {{"engine/a.cpp", "F", 80}};
  CHECK(CheckFunctionLengths({"engine/a.cpp", FunctionOfLines("void F()", 80)}, known).empty());
  CHECK(CheckFunctionLengths({"engine/a.cpp", FunctionOfLines("void F()", 81)}, known).size() == 1);
  CHECK(CheckFunctionLengths({"engine/a.cpp", FunctionOfLines("void F()", 79)}, known).size() == 1);
  CHECK(CheckFunctionLengths({"engine/a.cpp", FunctionOfLines("void F()", 20)}, known).size() == 1);
}

TEST_CASE("Lines: a long file, a tab and a leftover are complaints") {
  std::string long_file;
  for (size_t i = 0; i < kFileLinesMax; ++i) long_file += "//\n";
  CHECK(CheckLines({"engine/a.cpp", long_file}).empty());
  CHECK(CheckLines({"engine/a.cpp", long_file + "//\n"}).size() == 1);
  CHECK(CheckLines({"engine/a.cpp", "// x\n\tint a;\n"}).size() == 1);
  CHECK(CheckLines({"engine/a.cpp", std::string("// TO") + "DO: later\n// FIX" + "ME\n"}).size() == 2);
  CHECK(CheckLines({"engine/a.cpp", "// mkstemp wants XXXXXX\n"}).empty());
}

TEST_CASE("Pragma once: a header without it is a complaint") {
  CHECK(CheckPragmaOnce({"engine/a.h", "// A\nint F();\n"}).size() == 1);
  CHECK(CheckPragmaOnce({"engine/a.h", "// A\n#pragma once\n"}).empty());
  CHECK(CheckPragmaOnce({"engine/a.cpp", "// A\n"}).empty());
}

}  // namespace
}  // namespace usher::tests
