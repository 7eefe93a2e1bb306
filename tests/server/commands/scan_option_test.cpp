// Cursor and options of the SCAN family.
#include "server/commands/scan_option.h"

#include <doctest/doctest.h>

#include <vector>

namespace usher::server {
namespace {

using engine::Error;

engine::Status AcceptAll(ScanOptions& options, const std::vector<std::string_view>& args) {
  ArgReader reader(args, 0);
  return options.AcceptAll(reader);
}

TEST_CASE("ParseScanCursor: what strtoul takes, but no blank in front") {
  CHECK(*ParseScanCursor("18446744073709551615") == UINT64_MAX);
  CHECK(*ParseScanCursor("+1") == 1);
  CHECK(*ParseScanCursor("007") == 7);
  CHECK(ParseScanCursor(" 1").error() == Error::kInvalidCursor);
  CHECK(ParseScanCursor("1x").error() == Error::kInvalidCursor);
  CHECK(ParseScanCursor("18446744073709551616").error() == Error::kInvalidCursor);
}

TEST_CASE("ScanOptions: COUNT and MATCH in any order and case") {
  ScanOptions options;
  CHECK(AcceptAll(options, {"match", "a*", "COUNT", "7"}));
  CHECK(options.count == 7);
  CHECK(options.Matches("abc"));
  CHECK_FALSE(options.Matches("b"));
}

TEST_CASE("ScanOptions: MATCH * is no pattern") {
  ScanOptions options;
  CHECK(AcceptAll(options, {"MATCH", "a", "MATCH", "*"}));
  CHECK_FALSE(options.pattern.has_value());
  CHECK(options.Matches("anything"));
}

TEST_CASE("ScanOptions: errors") {
  ScanOptions options;
  CHECK(AcceptAll(options, {"COUNT", "x"}).error() == Error::kNotAnInteger);
  CHECK(AcceptAll(options, {"COUNT", "0"}).error() == Error::kSyntax);
  CHECK(AcceptAll(options, {"COUNT"}).error() == Error::kSyntax);
  CHECK(AcceptAll(options, {"TYPE", "zset"}).error() == Error::kSyntax);
}

}  // namespace
}  // namespace usher::server
