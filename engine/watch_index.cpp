// See watch_index.h.
#include "engine/watch_index.h"

#include <algorithm>
#include <string>
#include <utility>

namespace usher::engine {

void WatchIndex::Add(int db, std::string_view key, std::shared_ptr<Watcher> watcher, bool expired) {
  const auto found = watches_.find(DbKeyView(db, key));
  std::vector<Watch>& list = found != watches_.end() ? found->second : watches_[DbKeyName{db, std::string(key)}];
  list.push_back({std::move(watcher), expired});
}

void WatchIndex::Remove(int db, std::string_view key, const Watcher& watcher) {
  const auto found = watches_.find(DbKeyView(db, key));
  if (found == watches_.end()) return;
  std::erase_if(found->second, [&](const Watch& watch) { return watch.watcher.get() == &watcher; });
  if (found->second.empty()) watches_.erase(found);
}

void WatchIndex::Touch(int db, std::string_view key) {
  const auto found = watches_.find(DbKeyView(db, key));
  if (found == watches_.end()) return;
  for (const Watch& watch : found->second) watch.watcher->Touch();
}

void WatchIndex::TouchGone(int db, std::string_view key) {
  const auto found = watches_.find(DbKeyView(db, key));
  if (found == watches_.end()) return;
  for (Watch& watch : found->second) {
    if (!std::exchange(watch.expired, false)) watch.watcher->Touch();
  }
}

bool WatchIndex::KnowsExpired(int db, std::string_view key, const Watcher& watcher) const {
  const auto found = watches_.find(DbKeyView(db, key));
  return found != watches_.end() && std::any_of(found->second.begin(), found->second.end(), [&](const Watch& watch) {
           return watch.watcher.get() == &watcher && watch.expired;
         });
}

}  // namespace usher::engine
