// See queue_reader.h.
#include "bench/queue_reader.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace usher::bench {
namespace {

constexpr size_t kBatch = 10'000;
constexpr size_t kTokenBatch = 500;

/// Calls `use` with each batch of ZRANGE `key` 0 -1 (with `extra`, e.g. WITHSCORES).
void ForEachBatch(BlockingClient& client, const std::string& key, const std::vector<std::string_view>& extra,
                  const std::function<void(const Reply&)>& use) {
  for (size_t begin = 0;; begin += kBatch) {
    const std::string first = std::to_string(begin);
    const std::string last = std::to_string(begin + kBatch - 1);
    std::vector<std::string_view> words = {"ZRANGE", key, first, last};
    words.insert(words.end(), extra.begin(), extra.end());
    const Reply batch = client.CallOk(words);
    if (batch.elements.empty()) return;
    use(batch);
  }
}

struct NamedPlace {
  std::string user;
  std::string expires;
};

bool TokenFits(const Reply& token, const NamedPlace& place) {
  return token.Field("token").text.size() >= 16 && token.Field("status").text == "READY" &&
         token.Field("expired_at").text == place.expires;
}

void ReadTokens(BlockingClient& client, const QueueKeys& queue, const std::vector<NamedPlace>& places,
                const std::function<void(const NamedPlace&, bool)>& use) {
  for (size_t begin = 0; begin < places.size(); begin += kTokenBatch) {
    const size_t end = std::min(begin + kTokenBatch, places.size());
    for (size_t i = begin; i < end; ++i) {
      client.Queue({"HGETALL", queue.TokenOf(places[i].user)});
      client.Queue({"PTTL", queue.TokenOf(places[i].user)});
    }
    client.Flush();
    for (size_t i = begin; i < end; ++i) {
      const bool fits = TokenFits(client.Receive(), places[i]);
      const bool has_ttl = client.Receive().integer > 0;
      use(places[i], fits && has_ttl);
    }
  }
}

}  // namespace

void ClearQueue(BlockingClient& client, const QueueKeys& queue) {
  ForEachBatch(client, queue.active, {}, [&](const Reply& batch) {
    std::vector<std::string> names;
    for (const Reply& user : batch.elements) names.push_back(queue.TokenOf(user.text));
    for (const std::string& name : names) client.Queue({"DEL", name});
    client.Flush();
    for (size_t i = 0; i < names.size(); ++i) client.Receive();
  });
  client.CallOk({"DEL", queue.wait, queue.active, queue.config});
}

void ReadQueue(BlockingClient& client, const QueueKeys& queue, uint64_t seed, size_t entries, QueueEvidence& evidence) {
  const auto entry_of = [&](std::string_view user) -> std::optional<size_t> {
    const std::optional<uint64_t> entry = UserName::EntryOf(seed, user);
    if (entry && *entry < entries) return static_cast<size_t>(*entry);
    ++evidence.strangers;
    return std::nullopt;
  };
  ForEachBatch(client, queue.wait, {}, [&](const Reply& batch) {
    for (const Reply& user : batch.elements) {
      if (const std::optional<size_t> entry = entry_of(user.text)) evidence.waiting.push_back(*entry);
    }
  });
  std::vector<NamedPlace> places;
  ForEachBatch(client, queue.active, {"WITHSCORES"}, [&](const Reply& batch) {
    for (size_t i = 0; i + 1 < batch.elements.size(); i += 2) {
      places.push_back({std::string(batch.elements[i].text), std::string(batch.elements[i + 1].text)});
    }
  });
  ReadTokens(client, queue, places, [&](const NamedPlace& place, bool fits) {
    if (const std::optional<size_t> entry = entry_of(place.user)) evidence.active.push_back({*entry, fits});
  });
  evidence.active_seen_max = std::max(evidence.active_seen_max, static_cast<int64_t>(places.size()));
}

}  // namespace usher::bench
