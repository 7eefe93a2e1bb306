// See redaction.h.
#include "server/redaction.h"

#include "server/arg_reader.h"
#include "server/config_directive.h"

namespace usher::server {

namespace {

constexpr std::string_view kRedacted = "(redacted)";
using Args = std::vector<std::string_view>;

/// Redis hides all of AUTH's arguments.
void RedactAuth(Args& args) {
  for (size_t i = 1; i < args.size(); ++i) args[i] = kRedacted;
}

void RedactHello(Args& args) {
  for (size_t i = 2; i + 2 < args.size(); ++i) {
    if (!EqualsIgnoringCase(args[i], "AUTH")) continue;
    args[i + 1] = kRedacted;
    args[i + 2] = kRedacted;
    return;
  }
}

void RedactMigrate(Args& args) {
  for (size_t i = 6; i < args.size() && !EqualsIgnoringCase(args[i], "KEYS"); ++i) {
    size_t secrets = EqualsIgnoringCase(args[i], "AUTH") ? 1 : 0;
    if (EqualsIgnoringCase(args[i], "AUTH2")) secrets = 2;
    for (; secrets > 0 && i + 1 < args.size(); --secrets) args[++i] = kRedacted;
  }
}

void RedactConfigSet(Args& args) {
  for (size_t i = 2; i + 1 < args.size(); i += 2) {
    const ConfigDirective* directive = FindConfigDirective(args[i]);
    if (directive != nullptr && directive->Is(kConfigSensitive)) args[i + 1] = kRedacted;
  }
}

}  // namespace

std::vector<std::string_view> RedactedArgs(std::span<const std::string_view> args) {
  Args shown(args.begin(), args.end());
  if (EqualsIgnoringCase(shown[0], "AUTH")) {
    RedactAuth(shown);
  } else if (EqualsIgnoringCase(shown[0], "HELLO")) {
    RedactHello(shown);
  } else if (EqualsIgnoringCase(shown[0], "MIGRATE")) {
    RedactMigrate(shown);
  } else if (EqualsIgnoringCase(shown[0], "CONFIG") && shown.size() > 1 && EqualsIgnoringCase(shown[1], "SET")) {
    RedactConfigSet(shown);
  }
  return shown;
}

}  // namespace usher::server
