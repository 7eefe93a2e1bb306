// See open_files.h.
#include "server/open_files.h"

#include <sys/resource.h>

#include <algorithm>

namespace usher::server {

namespace {
constexpr int64_t kOwnFiles = 32;  // listeners, log, epoll and event descriptors of the threads
}

int64_t RaiseOpenFilesFor(int64_t clients) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return clients;
  const auto wanted = static_cast<rlim_t>(clients + kOwnFiles);
  if (limit.rlim_cur < wanted) {
    rlimit raised = limit;
    raised.rlim_cur = wanted;
    raised.rlim_max = std::max(limit.rlim_max, wanted);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return clients;
    raised = limit;
    raised.rlim_cur = std::min(limit.rlim_max, wanted);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit.rlim_cur = raised.rlim_cur;
  }
  return std::min(clients, static_cast<int64_t>(limit.rlim_cur) - kOwnFiles);
}

}  // namespace usher::server
