// How much CPU a server has used: from /proc when its process id is known (all threads, any server), else from INFO
// cpu. Thread safety: pure, but for the client.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bench/socket.h"

namespace usher::bench {

struct CpuTime {
  double user_s = 0;
  double system_s = 0;
  double scheduler_s = 0;  // user and system together by the scheduler's nanoseconds; 0 when unknown

  double Total() const { return user_s + system_s; }
};

/// What was used between two readings. utime and stime are cut to ticks of 10 ms, so when both readings have the
/// scheduler's time, that is the sum and the ticks only say how it is shared out.
CpuTime UsedBetween(const CpuTime& earlier, const CpuTime& later);

/// utime and stime of a text like /proc/PID/stat, in seconds.
std::optional<CpuTime> CpuTimeInStat(std::string_view stat, double ticks_per_s);

/// How much of the machine everybody together has used since it started, in core-seconds (0 if /proc does not tell).
double MachineBusySeconds();

/// The number behind `field:` in INFO's text.
std::optional<double> NumberInInfo(std::string_view info, std::string_view field);

/// What the server has used so far. `pid` 0: ask INFO. Nothing when neither tells.
std::optional<CpuTime> ReadServerCpu(BlockingClient& client, int64_t pid);

}  // namespace usher::bench
