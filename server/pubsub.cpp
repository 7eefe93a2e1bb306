// See pubsub.h.
#include "server/pubsub.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/glob.h"
#include "server/execution_thread.h"
#include "server/local_subscribers.h"
#include "server/mailbox.h"
#include "server/worker.h"

namespace usher::server {

namespace {

/// A publication in one worker's mailbox.
class PublicationMessage final : public Message {
 public:
  PublicationMessage(Worker& to, std::shared_ptr<const Publication> what)
      : worker_(to), publication_(std::move(what)) {}
  void Deliver() override {
    const std::unique_ptr<PublicationMessage> self(this);
    worker_.subscribers().Deliver(*publication_);
  }

 private:
  Worker& worker_;
  const std::shared_ptr<const Publication> publication_;
};

size_t IndexOf(ChannelKind kind) {
  return kind == ChannelKind::kShardChannel ? 1 : 0;
}

}  // namespace

void PubSub::Audience::Add(Worker& home) {
  ++total;
  for (auto& [worker, count] : workers) {
    if (worker == &home) {
      ++count;
      return;
    }
  }
  workers.emplace_back(&home, 1);
}

void PubSub::Audience::Remove(Worker& home) {
  const auto found =
      std::find_if(workers.begin(), workers.end(), [&](const auto& part) { return part.first == &home; });
  ASSERT(found != workers.end());
  --total;
  if (--found->second == 0) workers.erase(found);
}

void PubSub::Receivers::Include(const Audience& audience) {
  clients += audience.total;
  for (const auto& [worker, count] : audience.workers) {
    if (std::find(workers.begin(), workers.end(), worker) == workers.end()) workers.push_back(worker);
  }
}

PubSub::Stripe& PubSub::StripeOf(ChannelKind kind, std::string_view channel) {
  return stripes_[IndexOf(kind)][TextHash()(channel) % kStripes];
}

const PubSub::Stripe& PubSub::StripeOf(ChannelKind kind, std::string_view channel) const {
  return StripesOf(kind)[TextHash()(channel) % kStripes];
}

uint64_t PubSub::Add(ChannelKind kind, std::string_view channel, Worker& home) {
  if (kind == ChannelKind::kPattern) {
    const engine::MutexLock lock(pattern_mutex_);
    patterns_[std::string(channel)].Add(home);
    snapshot_.reset();
    pattern_subscribers_.fetch_add(1);
    return pattern_published_;
  }
  Stripe& stripe = StripeOf(kind, channel);
  const engine::MutexLock lock(stripe.mutex);
  stripe.channels[std::string(channel)].Add(home);
  channel_subscribers_[IndexOf(kind)].fetch_add(1);
  return stripe.published;
}

void PubSub::Remove(ChannelKind kind, std::string_view channel, Worker& home) {
  if (kind == ChannelKind::kPattern) {
    const engine::MutexLock lock(pattern_mutex_);
    const auto found = patterns_.find(channel);
    ASSERT(found != patterns_.end());
    found->second.Remove(home);
    if (found->second.total == 0) patterns_.erase(found);
    snapshot_.reset();
    pattern_subscribers_.fetch_sub(1);
    return;
  }
  Stripe& stripe = StripeOf(kind, channel);
  const engine::MutexLock lock(stripe.mutex);
  const auto found = stripe.channels.find(channel);
  ASSERT(found != stripe.channels.end());
  found->second.Remove(home);
  if (found->second.total == 0) stripe.channels.erase(found);
  channel_subscribers_[IndexOf(kind)].fetch_sub(1);
}

uint64_t PubSub::IncludeChannel(ChannelKind kind, std::string_view channel, Receivers& receivers) {
  if (channel_subscribers_[IndexOf(kind)].load() == 0) return 0;
  Stripe& stripe = StripeOf(kind, channel);
  const engine::MutexLock lock(stripe.mutex);
  const auto found = stripe.channels.find(channel);
  if (found == stripe.channels.end()) return 0;
  receivers.Include(found->second);
  return ++stripe.published;
}

std::shared_ptr<const PubSub::Patterns> PubSub::PatternSnapshot() const {
  if (snapshot_ == nullptr) snapshot_ = std::make_shared<const Patterns>(patterns_);
  return snapshot_;
}

uint64_t PubSub::IncludePatterns(std::string_view channel, Receivers& receivers) {
  if (pattern_subscribers_.load() == 0) return 0;
  std::shared_ptr<const Patterns> patterns;
  uint64_t stamp = 0;
  {
    const engine::MutexLock lock(pattern_mutex_);
    patterns = PatternSnapshot();
    stamp = ++pattern_published_;
  }
  const size_t before = receivers.clients;
  for (const auto& [pattern, audience] : *patterns) {
    if (engine::GlobMatch(pattern, channel)) receivers.Include(audience);
  }
  return receivers.clients > before ? stamp : 0;
}

size_t PubSub::Publish(ChannelKind kind, std::string_view channel, std::string_view message) {
  Receivers receivers;
  const uint64_t channel_stamp = IncludeChannel(kind, channel, receivers);
  const uint64_t pattern_stamp = kind == ChannelKind::kChannel ? IncludePatterns(channel, receivers) : 0;
  if (receivers.workers.empty()) return 0;
  const auto publication = std::make_shared<const Publication>(
      Publication{kind, std::string(channel), std::string(message), channel_stamp, pattern_stamp});
  ExecutionThread* const thread = ExecutionThread::Current();
  for (Worker* const worker : receivers.workers) {
    worker->PostAndWake(*new PublicationMessage(*worker, publication));
    if (thread != nullptr) thread->NoteTold(*worker);
  }
  return receivers.clients;
}

bool PubSub::HasSubscribers(std::string_view channel) const {
  if (channel_subscribers_[0].load() != 0 && SubscribersOf(ChannelKind::kChannel, channel) != 0) return true;
  if (pattern_subscribers_.load() == 0) return false;
  std::shared_ptr<const Patterns> patterns;
  {
    const engine::MutexLock lock(pattern_mutex_);
    patterns = PatternSnapshot();
  }
  return std::any_of(patterns->begin(), patterns->end(),
                     [&](const auto& entry) { return engine::GlobMatch(entry.first, channel); });
}

std::vector<std::string> PubSub::Channels(ChannelKind kind, std::optional<std::string_view> pattern) const {
  std::vector<std::string> names;
  for (const Stripe& stripe : StripesOf(kind)) {
    const engine::MutexLock lock(stripe.mutex);
    for (const auto& [name, audience] : stripe.channels) {
      if (!pattern || engine::GlobMatch(*pattern, name)) names.push_back(name);
    }
  }
  return names;
}

size_t PubSub::SubscribersOf(ChannelKind kind, std::string_view channel) const {
  const Stripe& stripe = StripeOf(kind, channel);
  const engine::MutexLock lock(stripe.mutex);
  const auto found = stripe.channels.find(channel);
  return found == stripe.channels.end() ? 0 : found->second.total;
}

size_t PubSub::Count(ChannelKind kind) const {
  if (kind == ChannelKind::kPattern) {
    const engine::MutexLock lock(pattern_mutex_);
    return patterns_.size();
  }
  size_t count = 0;
  for (const Stripe& stripe : StripesOf(kind)) {
    const engine::MutexLock lock(stripe.mutex);
    count += stripe.channels.size();
  }
  return count;
}

}  // namespace usher::server
