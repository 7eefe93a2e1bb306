// EngineSettings: what of the configuration the engine reads while it executes commands. Immutable; the server
// publishes a new snapshot when CONFIG SET changes something. Thread safety: a snapshot never changes.
#pragma once

#include <cstdint>
#include <string>

#include "engine/eviction_policy.h"
#include "engine/hash_value.h"
#include "engine/list_chain.h"
#include "engine/set_value.h"
#include "engine/stream_node.h"
#include "engine/zset.h"

namespace usher::engine {

/// Classes of keyspace events, as notify-keyspace-events selects them.
enum NotifyClass : uint32_t {
  kNotifyNothing = 0,         // a change without an event
  kNotifyKeyspace = 1u << 0,  // K
  kNotifyKeyevent = 1u << 1,  // E
  kNotifyGeneric = 1u << 2,   // g
  kNotifyString = 1u << 3,    // $
  kNotifyList = 1u << 4,      // l
  kNotifySet = 1u << 5,       // s
  kNotifyHash = 1u << 6,      // h
  kNotifyZset = 1u << 7,      // z
  kNotifyExpired = 1u << 8,   // x
  kNotifyEvicted = 1u << 9,   // e
  kNotifyStream = 1u << 10,   // t
  kNotifyKeyMiss = 1u << 11,  // m
  kNotifyNew = 1u << 12,      // n
};

struct EngineSettings {
  HashLimits hash;
  SetLimits set;
  ListLimits list;
  ZsetLimits zset;
  StreamLimits stream;
  uint64_t maxmemory_bytes = 0;  // 0: no limit
  EvictionPolicy policy = EvictionPolicy::kNoEviction;
  int eviction_samples = 5;
  int lfu_log_factor = 10;
  int lfu_decay_minutes = 1;
  uint32_t notify = 0;  // NotifyClass bits
  uint64_t hll_sparse_bytes_max = 3000;
  uint64_t string_bytes_max = uint64_t{512} << 20;
  std::string queue_wait_key = "queue:wait:{Q}";
  std::string queue_active_key = "queue:active:{Q}";
  std::string queue_token_key = "active:token:{Q}:USER";
  std::string queue_config_key = "queue:config:{Q}";

  bool uses_lfu() const { return policy == EvictionPolicy::kAllkeysLfu || policy == EvictionPolicy::kVolatileLfu; }
};

}  // namespace usher::engine
