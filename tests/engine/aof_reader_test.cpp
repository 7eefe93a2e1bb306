// Commands out of files: pieces, comments, ends in the wrong place, nonsense.
#include "engine/aof_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/effect_text.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

struct Content {
  std::vector<std::vector<std::string>> commands;
  AofReader::Got end = AofReader::Got::kFailed;
  uint64_t offset = 0;
};

Content ReadAll(const std::string& text, uint64_t from = 0) {
  const tests::TemporaryFolder folder;
  std::atomic<uint64_t> loaded{0};
  AofReader reader(loaded);
  REQUIRE(reader.Open(folder.Write("file", text), from));
  Content content;
  while ((content.end = reader.Next()) == AofReader::Got::kCommand) {
    content.commands.emplace_back(reader.args().begin(), reader.args().end());
    content.offset = reader.offset();
  }
  CHECK(loaded.load() <= text.size());
  return content;
}

TEST_CASE("AofReader: commands of all sizes come as they were written, comments do not come") {
  Random random{tests::TestSeed()};
  EffectText text;
  std::string file = "#TS:1\r\n";
  std::vector<std::vector<std::string>> expected;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> command(1 + random.Below(5));
    for (std::string& word : command) {
      const bool is_long = random.Below(100) == 0;
      word.resize(random.Below(is_long ? 3'000'000 : 200), static_cast<char>('#' + random.Below(50)));
    }
    text.Clear();
    text.Add(std::vector<std::string_view>(command.begin(), command.end()));
    file += text.text();
    if (random.Below(10) == 0) file += "#TS:12345\r\n";
    expected.push_back(std::move(command));
  }
  const Content content = ReadAll(file);
  CHECK(content.end == AofReader::Got::kEnd);
  CHECK(content.commands == expected);
}

TEST_CASE("AofReader: wherever a file is cut, the commands before it come, and nothing else") {
  const std::string first = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
  const std::string both = first + "#TS:7\r\n*1\r\n$4\r\nPING\r\n";
  for (size_t size = 0; size < both.size(); ++size) {
    const Content content = ReadAll(both.substr(0, size));
    const bool between = size == 0 || size == first.size() || size == first.size() + 7;
    CHECK(content.end == (between ? AofReader::Got::kEnd : AofReader::Got::kTruncated));
    CHECK(content.commands.size() == (size < first.size() ? 0 : 1));
    CHECK(content.offset == (size < first.size() ? 0 : first.size()));
  }
}

TEST_CASE("AofReader: what is no command is refused") {
  for (const char* text : {"x", "*0\r\n", "*1\r\n+OK\r\n", "*-1\r\n", "*1\n$1\n", "*99999999999999\r\n", "PING\r\n",
                           "*1\r\n$x\r\n", "*1\r\n:1\r\n"}) {
    CAPTURE(text);
    CHECK(ReadAll(text).end == AofReader::Got::kMalformed);
  }
}

TEST_CASE("AofReader: it may start behind something else, and a file must be there") {
  const Content content = ReadAll("REDIS*1\r\n$4\r\nPING\r\n", 5);
  CHECK(content.commands == std::vector<std::vector<std::string>>{{"PING"}});
  CHECK(content.offset == 19);
  std::atomic<uint64_t> loaded{0};
  AofReader reader(loaded);
  CHECK_FALSE(reader.Open("/no/such/file", 0));
  CHECK_FALSE(reader.error().empty());
}

}  // namespace
}  // namespace usher::engine
