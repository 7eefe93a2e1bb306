// VisitState: what a command that visits shards one at a time (KEYS, SCAN, DBSIZE, RANDOMKEY) carries from shard to
// shard.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/shard_set.h"

namespace usher::server {

struct VisitState {
  engine::ShardIndex shard = 0;    // being visited
  size_t visited = 0;              // shards done before this one
  bool done = false;               // set by the handler when the rest need not be visited
  int64_t total = 0;               // an accumulated count
  uint64_t cursor = 0;             // position inside the shard
  std::vector<std::string> found;  // accumulated names

  void Reset() {
    shard = 0;
    visited = 0;
    done = false;
    total = 0;
    cursor = 0;
    found.clear();
  }
};

}  // namespace usher::server
