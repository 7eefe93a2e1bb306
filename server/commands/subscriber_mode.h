// Subscriber mode: a RESP2 client with subscriptions may only run commands about subscriptions. Thread safety: the home
// worker.
#pragma once

namespace usher::server {

class CommandContext;

/// Enters or leaves the mode as the client's subscriptions and protocol say.
void UpdateSubscriberMode(CommandContext& ctx);

}  // namespace usher::server
