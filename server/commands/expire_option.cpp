// See expire_option.h.
#include "server/commands/expire_option.h"

#include <limits>
#include <string>

#include "engine/base/result.h"
#include "server/command_context.h"

namespace usher::server {

ExpireOption ExpireOption::In(std::string_view value, int64_t unit_ms) {
  ExpireOption option;
  option.given = true;
  option.value_ = value;
  option.unit_ms_ = unit_ms;
  return option;
}

bool ExpireOption::Accept(ArgReader& reader) {
  struct Option {
    std::string_view name;
    int64_t unit_ms;
    bool absolute;
  };
  static constexpr Option kOptions[] = {{"EX", 1000, false}, {"PX", 1, false}, {"EXAT", 1000, true}, {"PXAT", 1, true}};
  for (const Option& option : kOptions) {
    if ((given && name_ != option.name) || !reader.AcceptWith(option.name, 1)) continue;
    given = true;
    name_ = option.name;
    value_ = reader.Next();
    unit_ms_ = option.unit_ms;
    absolute_ = option.absolute;
    return true;
  }
  return false;
}

bool ExpireOption::Resolve(CommandContext& ctx) {
  if (!given) return true;
  const std::optional<int64_t> number = ToInteger(value_);
  if (!number) {
    ctx.Fail(engine::Error::kNotAnInteger);
    return false;
  }
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const int64_t base_ms = absolute_ ? 0 : ctx.engine.now_ms();
  if (*number <= 0 || *number > kMax / unit_ms_ || *number * unit_ms_ > kMax - base_ms) {
    ctx.FailText("ERR invalid expire time in '" + std::string(ctx.spec().name) + "' command");
    return false;
  }
  at_ms = *number * unit_ms_ + base_ms;
  return true;
}

std::string_view ExpireOption::Text() {
  return {digits_.data(), protocol::FormatInteger(at_ms, digits_.data())};
}

}  // namespace usher::server
