// See db_index.h.
#include "server/commands/db_index.h"

#include <limits>
#include <optional>

#include "server/arg_reader.h"
#include "server/command_context.h"

namespace usher::server {

bool ReadDbIndex(CommandContext& ctx, std::string_view text, int& db) {
  const std::optional<int64_t> number = ToInteger(text);
  if (!number) {
    ctx.Fail(engine::Error::kNotAnInteger);
    return false;
  }
  using Limits = std::numeric_limits<int>;
  if (*number < Limits::min() || *number > Limits::max()) {
    ctx.FailText("ERR value is out of range, value must between -2147483648 and 2147483647");
    return false;
  }
  if (*number < 0 || *number >= ctx.engine.engine().databases()) {
    ctx.Fail(engine::Error::kDbIndexOutOfRange);
    return false;
  }
  db = static_cast<int>(*number);
  return true;
}

}  // namespace usher::server
