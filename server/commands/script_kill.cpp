// See script_kill.h.
#include "server/commands/script_kill.h"

#include "server/command_context.h"
#include "server/server.h"

namespace usher::server {

void KillScript(CommandContext& ctx, scripting::RuntimeKind kind) {
  using Answer = ScriptControl::KillAnswer;
  using scripting::RuntimeKind;
  switch (ctx.server.script_control().Kill(kind)) {
    case Answer::kKilled:
      return ctx.reply.Ok();
    case Answer::kNotBusy:
      return ctx.FailText("NOTBUSY No scripts in execution right now.");
    case Answer::kUnkillable:
      return ctx.FailText(
          "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the "
          "script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.");
    case Answer::kOtherKind:
      return ctx.FailText(BusyText(kind == RuntimeKind::kEval ? RuntimeKind::kFunctions : RuntimeKind::kEval));
  }
}

}  // namespace usher::server
