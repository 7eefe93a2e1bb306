// The rows of the directives as a whole.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "server/config_directive.h"
#include "server/config_setting.h"

namespace usher::server {
namespace {

TEST_CASE("ConfigTable: names and aliases are found in any case and lead to their row") {
  for (const ConfigDirective& directive : ConfigDirectives()) {
    CAPTURE(directive.name);
    CHECK(FindConfigDirective(directive.name) == &directive);
    if (!directive.alias.empty()) CHECK(FindConfigDirective(directive.alias) == &directive);
  }
  CHECK(FindConfigDirective("MaxMemory") == FindConfigDirective("maxmemory"));
  CHECK(FindConfigDirective("slaveof") == FindConfigDirective("replicaof"));
  CHECK(FindConfigDirective("no-such-thing") == nullptr);
}

TEST_CASE("ConfigTable: every default is a value its row accepts, keeps and shows unchanged") {
  for (const ConfigDirective& directive : ConfigDirectives()) {
    if (directive.kind == ConfigKind::kDirectory) continue;  // its default is where the process started
    CAPTURE(directive.name);
    const auto parsed = ParseSetting(directive, WordsOfArgument(directive, directive.default_text), {});
    REQUIRE(parsed.setting.has_value());
    CHECK(parsed.setting->text == directive.default_text);
    CHECK(IsKept(directive, *parsed.setting));
  }
}

TEST_CASE("ConfigTable: exactly the effective directives have a field in the snapshot") {
  for (const ConfigDirective& directive : ConfigDirectives()) {
    CAPTURE(directive.name);
    CHECK((directive.store != nullptr) == (directive.effect == ConfigEffect::kEffective));
  }
}

TEST_CASE("ConfigTable: the additions of Redis 7.2 are there") {
  for (const char* name : {"set-max-listpack-entries", "set-max-listpack-value", "locale-collate",
                           "cluster-announce-human-nodename", "server-cpulist", "server_cpulist"}) {
    CHECK(FindConfigDirective(name) != nullptr);
  }
}

}  // namespace
}  // namespace usher::server
