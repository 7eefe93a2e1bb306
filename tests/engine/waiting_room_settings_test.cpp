// The settings of a waiting room.
#include "engine/waiting_room_settings.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace usher::engine {
namespace {

TEST_CASE("QueueSettings: every field is told as it was set") {
  QueueSettings settings;
  const std::map<std::string, std::string> wanted = {
      {"max-active", "5"}, {"max-waiting", "6"}, {"token-ttl", "7"}, {"active-ttl", "8"}, {"max-extends", "9"},
      {"rate", "10"},      {"interval", "11"},   {"admit", "on"},    {"state", "closed"},
  };
  for (const auto& [field, value] : wanted) CHECK(settings.Set(field, value));
  std::map<std::string, std::string> told;
  settings.ForEach([&](std::string_view field, std::string_view value) { told.emplace(field, value); });
  CHECK(told == wanted);
}

TEST_CASE("QueueSettings: what is refused changes nothing") {
  QueueSettings settings;
  CHECK(settings.Set("Max-active", "5").error() == Error::kQueueFieldUnknown);
  CHECK(settings.Set("max-active", "5x").error() == Error::kQueueFieldValue);
  CHECK(settings.Set("interval", "86400001").error() == Error::kQueueFieldValue);
  CHECK(settings.Set("state", "Open").error() == Error::kQueueFieldValue);
  CHECK(settings.max_active == 1000);
  CHECK(settings.interval_ms == 1000);
}

}  // namespace
}  // namespace usher::engine
