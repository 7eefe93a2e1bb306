// How entries of sorted sets leave a command: to the client, with or without scores, or into another key.
// Thread safety: the executing thread's.
#pragma once

#include <string_view>

#include "engine/zset.h"
#include "server/command_context.h"

namespace usher::server {

enum class Scores : uint8_t { kOmitted, kShown };

/// An array of members, or of members and scores: flat in RESP2, pairs in RESP3.
class ZsetReply {
 public:
  /// Announces `entries` calls of Entry().
  ZsetReply(protocol::ReplySink& reply, size_t entries, Scores scores)
      : reply_(reply),
        scored_(scores == Scores::kShown),
        paired_(scored_ && reply.version() == protocol::RespVersion::kResp3) {
    reply.Array(scored_ && !paired_ ? 2 * entries : entries);
  }

  void Entry(std::string_view member, double score) {
    if (paired_) reply_.Array(2);
    reply_.Bulk(member);
    if (scored_) reply_.Double(score);
  }

 private:
  protocol::ReplySink& reply_;
  const bool scored_;
  const bool paired_;
};

/// `limits`, such that a result known to outgrow the packed form is never packed.
engine::ZsetLimits LimitsForResult(const engine::ZsetLimits& limits, size_t entries, size_t member_bytes_max);

/// Makes `result`, whose ownership passes, the value of `key` (nothing when it is empty), whatever that was, and
/// replies its size.
void StoreZset(CommandContext& ctx, const engine::Key& key, const engine::Zset& result, std::string_view event);

}  // namespace usher::server
