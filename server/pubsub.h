// PubSub: which workers have subscribers of which channel, so that publishing costs one short lock and one message per
// such worker, whatever the number of subscribers. The subscribers themselves are in their workers' LocalSubscribers.
//
//   PUBLISH c m --> stripe(c): {worker 0: 3, worker 2: 1} --> one Publication, shared --> mailbox 0, mailbox 2
//
// Order: a publisher's messages reach a subscriber in the order they were published, since mailboxes are FIFO. Stamps
// keep a message that was published before a subscription began from arriving after it: both read the stripe's counter
// under its mutex. Complexity: Publish is O(receiving workers + patterns); PSUBSCRIBE O(1), the first publication
// after it O(patterns). Thread safety: all methods, any thread; no mutex is held while anything else is called.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/thread_role.h"
#include "server/text_hash.h"

namespace usher::server {

class Worker;

enum class ChannelKind : uint8_t { kChannel, kShardChannel, kPattern };
constexpr size_t kChannelKinds = 3;

/// A published message on its way, shared by all receiving workers.
struct Publication {
  ChannelKind kind = ChannelKind::kChannel;
  std::string channel;
  std::string message;
  uint64_t channel_stamp = 0;  // reaches subscribers of the channel with an older stamp
  uint64_t pattern_stamp = 0;  // the same for patterns; 0: none matched
};

class PubSub {
 public:
  PubSub() = default;
  PubSub(const PubSub&) = delete;
  PubSub& operator=(const PubSub&) = delete;

  /// Counts one more subscriber at `home`. Returns the stamp from which on it receives.
  uint64_t Add(ChannelKind kind, std::string_view channel, Worker& home);
  void Remove(ChannelKind kind, std::string_view channel, Worker& home);

  /// Sends to all subscribers of the channel, and of matching patterns unless it is a shard channel. Returns how many
  /// clients will receive it.
  size_t Publish(ChannelKind kind, std::string_view channel, std::string_view message);
  /// Whether a message on the channel would reach anybody. Nearly free while nobody subscribes to anything.
  bool HasSubscribers(std::string_view channel) const;

  /// Whether nobody subscribes to any channel or pattern. Two loads.
  bool idle() const { return channel_subscribers_[0].load() == 0 && pattern_subscribers_.load() == 0; }

  /// The channels with subscribers, those that match `pattern` when there is one.
  std::vector<std::string> Channels(ChannelKind kind, std::optional<std::string_view> pattern) const;
  size_t SubscribersOf(ChannelKind kind, std::string_view channel) const;
  /// How many different channels (or patterns) have subscribers.
  size_t Count(ChannelKind kind) const;

 private:
  /// The subscribers of one channel or pattern, by worker.
  struct Audience {
    std::vector<std::pair<Worker*, uint32_t>> workers;
    size_t total = 0;

    void Add(Worker& home);
    void Remove(Worker& home);
  };
  struct Stripe {
    mutable engine::Mutex mutex;
    uint64_t published GUARDED_BY(mutex) = 0;
    std::unordered_map<std::string, Audience, TextHash, std::equal_to<>> channels GUARDED_BY(mutex);
  };
  using Patterns = std::map<std::string, Audience, std::less<>>;
  /// Who receives one publication.
  struct Receivers {
    std::vector<Worker*> workers;
    size_t clients = 0;

    void Include(const Audience& audience);
  };

  static constexpr size_t kStripes = 32;
  using Stripes = std::array<Stripe, kStripes>;

  Stripe& StripeOf(ChannelKind kind, std::string_view channel);
  const Stripe& StripeOf(ChannelKind kind, std::string_view channel) const;
  const Stripes& StripesOf(ChannelKind kind) const { return stripes_[kind == ChannelKind::kShardChannel ? 1 : 0]; }
  uint64_t IncludeChannel(ChannelKind kind, std::string_view channel, Receivers& receivers);
  uint64_t IncludePatterns(std::string_view channel, Receivers& receivers);
  std::shared_ptr<const Patterns> PatternSnapshot() const REQUIRES(pattern_mutex_);

  std::array<Stripes, 2> stripes_;  // channels, shard channels
  std::array<std::atomic<size_t>, 2> channel_subscribers_{};
  std::atomic<size_t> pattern_subscribers_{0};

  mutable engine::Mutex pattern_mutex_;
  uint64_t pattern_published_ GUARDED_BY(pattern_mutex_) = 0;
  Patterns patterns_ GUARDED_BY(pattern_mutex_);
  mutable std::shared_ptr<const Patterns> snapshot_ GUARDED_BY(pattern_mutex_);  // null: patterns_ has changed
};

}  // namespace usher::server
