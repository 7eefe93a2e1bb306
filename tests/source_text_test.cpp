// The text tools of tests/support/source_text.h, on made-up sources.
#include "tests/support/source_text.h"

#include <doctest/doctest.h>

namespace usher::tests {
namespace {

TEST_CASE("CodeOnly: comments, literals and directives are blanked, places stay") {
  const std::string source =
      "int a = 1'000; // {\nchar c = '{'; auto s = \"\\\"{\"; /* { \n */ auto r = R\"x({)\"})x\";\n#define Y {\n";
  const std::string code = CodeOnly(source);
  CHECK(code.size() == source.size());
  CHECK(code.find('{') == std::string::npos);
  CHECK(code.find('}') == std::string::npos);
  CHECK(code.find("int a = 1'000;") == 0);
  CHECK(code.find("auto r = R") == source.find("auto r = R"));
}

TEST_CASE("IncludesOf: both kinds, with their lines") {
  const std::vector<IncludeLine> includes = IncludesOf("// top\n#include <uv.h>\n\n#include \"engine/a.h\"\n");
  REQUIRE(includes.size() == 2);
  CHECK(includes[0].name == "uv.h");
  CHECK(includes[0].line == 2);
  CHECK(includes[1].name == "engine/a.h");
  CHECK(includes[1].line == 4);
}

TEST_CASE("FunctionsOf: free functions, members, constructors and test cases are found with their lines") {
  const std::vector<FunctionExtent> found = FunctionsOf(R"(// top
namespace usher {
constexpr Row kRows[] = {
    {"A", OneKey(1), F},
};
class Box final : public Base {
 public:
  explicit Box(int size) : size_(size), name_{"x"} {
    for (;;) {
    }
  }
  int size() const { return size_; }

 private:
  std::vector<int> list_ = {1, 2};
};
template <class T>
auto Twice(
    T value) -> T {
  return value + value;
}
void Quick() {}
TEST_CASE("Box: holds") {
  CHECK(true);
}
}  // namespace usher
)");
  REQUIRE(found.size() == 5);
  CHECK(found[0].name == "Box");
  CHECK(found[0].first_line == 8);
  CHECK(found[0].line_count == 4);
  CHECK(found[1].name == "size");
  CHECK(found[1].line_count == 1);
  CHECK(found[2].name == "Twice");
  CHECK(found[2].line_count == 5);
  CHECK(found[3].name == "Quick");
  CHECK(found[4].name == "TEST_CASE(\"Box: holds\")");
  CHECK(found[4].line_count == 3);
}

TEST_CASE("LinesOf: a last line without a break counts") {
  CHECK(LinesOf("").empty());
  CHECK(LinesOf("a\n\nb") == std::vector<std::string_view>{"a", "", "b"});
}

}  // namespace
}  // namespace usher::tests
