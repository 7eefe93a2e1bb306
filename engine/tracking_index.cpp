// See tracking_index.h.
#include "engine/tracking_index.h"

#include <algorithm>

namespace usher::engine {

void TrackingIndex::Add(std::string_view key, const std::shared_ptr<CachingReader>& reader) {
  const auto found = readers_.find(key);
  CachingReaders& readers = found != readers_.end() ? found->second : readers_[std::string(key)];
  const auto at = std::lower_bound(readers.begin(), readers.end(), reader);
  if (at != readers.end() && *at == reader) return;
  readers.insert(at, reader);
  ++items_;
}

CachingReaders TrackingIndex::Take(std::string_view key) {
  const auto found = readers_.find(key);
  return found == readers_.end() ? CachingReaders() : TakeAt(found);
}

std::pair<std::string, CachingReaders> TrackingIndex::TakeAny(std::string_view spared) {
  auto victim = readers_.begin();
  if (victim != readers_.end() && victim->first == spared && readers_.size() > 1) ++victim;
  if (victim == readers_.end()) return {};
  std::string name = victim->first;
  return {std::move(name), TakeAt(victim)};
}

void TrackingIndex::Clear() {
  readers_.clear();
  items_ = 0;
}

CachingReaders TrackingIndex::TakeAt(Map::iterator at) {
  CachingReaders readers = std::move(at->second);
  readers_.erase(at);
  items_ -= readers.size();
  return readers;
}

}  // namespace usher::engine
