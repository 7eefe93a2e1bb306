// See waiting_room_settings.h.
#include "engine/waiting_room_settings.h"

#include <array>

#include "protocol/number_text.h"

namespace usher::engine {

namespace {

struct NumberField {
  std::string_view name;
  int64_t QueueSettings::*place;
  int64_t min;
  int64_t max;
};

constexpr int64_t kPeopleMax = int64_t{1} << 32;
constexpr int64_t kSecondsMax = 1'000'000'000;
constexpr int64_t kIntervalMsMax = int64_t{24} * 3600 * 1000;

constexpr std::array<NumberField, 7> kNumbers = {{
    {"max-active", &QueueSettings::max_active, 0, kPeopleMax},
    {"max-waiting", &QueueSettings::max_waiting, 0, kPeopleMax},
    {"token-ttl", &QueueSettings::token_ttl_s, 1, kSecondsMax},
    {"active-ttl", &QueueSettings::active_ttl_s, 1, kSecondsMax},
    {"max-extends", &QueueSettings::max_extends, 0, kPeopleMax},
    {"rate", &QueueSettings::rate, 0, kPeopleMax},
    {"interval", &QueueSettings::interval_ms, 1, kIntervalMsMax},
}};
constexpr std::string_view kAdmit = "admit";
constexpr std::string_view kState = "state";
constexpr std::array<std::string_view, 3> kModes = {"open", "paused", "closed"};

static_assert(kNumbers.size() + 2 == QueueSettings::kFieldCount);

}  // namespace

std::string_view QueueSettings::FieldName(size_t index) {
  if (index < kNumbers.size()) return kNumbers[index].name;
  return index == kNumbers.size() ? kAdmit : kState;
}

Status QueueSettings::Set(std::string_view field, std::string_view value) {
  for (const NumberField& number : kNumbers) {
    if (number.name != field) continue;
    int64_t parsed = 0;
    const bool good = protocol::ParseInteger(value, parsed) && parsed >= number.min && parsed <= number.max;
    if (!good) return Error::kQueueFieldValue;
    this->*number.place = parsed;
    return {};
  }
  if (field == kAdmit) {
    if (value != "on" && value != "off") return Error::kQueueFieldValue;
    admit = value == "on";
    return {};
  }
  if (field != kState) return Error::kQueueFieldUnknown;
  for (size_t i = 0; i < kModes.size(); ++i) {
    if (kModes[i] != value) continue;
    mode = static_cast<QueueMode>(i);
    return {};
  }
  return Error::kQueueFieldValue;
}

std::string_view QueueSettings::TextOf(size_t index, char* digits) const {
  if (index < kNumbers.size()) {
    return {digits, protocol::FormatInteger(this->*kNumbers[index].place, digits)};
  }
  if (index == kNumbers.size()) return admit ? "on" : "off";
  return kModes[static_cast<size_t>(mode)];
}

}  // namespace usher::engine
