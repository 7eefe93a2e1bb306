// See slowlog.h.
#include "server/slowlog.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/base/mutex.h"

namespace usher::server {

namespace {
constexpr size_t kArgsMax = 32;
constexpr size_t kArgBytesMax = 128;
}  // namespace

/// An entry on its way. Delivered by whoever holds the log's mutex, which the analysis cannot see.
class Slowlog::Posted final : public Message {
 public:
  Posted(Slowlog& log, SlowlogEntry entry, std::shared_ptr<const ClientInfo> client)
      : log_(log), entry_(std::move(entry)), client_(std::move(client)) {}
  void Deliver() override NO_THREAD_SAFETY_ANALYSIS {
    const std::unique_ptr<Posted> self(this);
    entry_.id = log_.next_id_++;
    entry_.client_address = client_->address;
    {
      const engine::MutexLock lock(client_->mutex);
      entry_.client_name = client_->name;
    }
    log_.entries_.push_front(std::move(entry_));
  }

 private:
  Slowlog& log_;
  SlowlogEntry entry_;
  const std::shared_ptr<const ClientInfo> client_;
};

Slowlog::~Slowlog() {
  Collect(0);
}

void Slowlog::Post(SlowlogEntry entry, std::shared_ptr<const ClientInfo> client) {
  mail_.Post(new Posted(*this, std::move(entry), std::move(client)));
}

void Slowlog::Collect(size_t length_max) {
  const engine::MutexLock lock(mutex_);
  mail_.DeliverAll();
  if (entries_.size() > length_max) entries_.resize(length_max);
}

std::vector<SlowlogEntry> Slowlog::Newest(size_t count) const {
  const engine::MutexLock lock(mutex_);
  const auto end = entries_.begin() + static_cast<ptrdiff_t>(std::min(count, entries_.size()));
  return {entries_.begin(), end};
}

size_t Slowlog::size() const {
  const engine::MutexLock lock(mutex_);
  return entries_.size();
}

void Slowlog::Reset() {
  const engine::MutexLock lock(mutex_);
  mail_.DeliverAll();
  entries_.clear();
}

std::vector<std::string> Slowlog::Shorten(std::span<const std::string_view> args) {
  const size_t kept = args.size() > kArgsMax ? kArgsMax - 1 : args.size();
  std::vector<std::string> shortened;
  for (const std::string_view arg : args.first(kept)) {
    std::string text(arg.substr(0, kArgBytesMax));
    if (arg.size() > kArgBytesMax) text += "... (" + std::to_string(arg.size() - kArgBytesMax) + " more bytes)";
    shortened.push_back(std::move(text));
  }
  if (kept < args.size()) shortened.push_back("... (" + std::to_string(args.size() - kept) + " more arguments)");
  return shortened;
}

}  // namespace usher::server
