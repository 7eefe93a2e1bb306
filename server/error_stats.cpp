// See error_stats.h.
#include "server/error_stats.h"

#include <algorithm>

namespace usher::server {

ErrorStats::Entry* ErrorStats::Find(std::string_view code) {
  const size_t size = size_.load(std::memory_order_acquire);
  for (size_t i = 0; i < size; ++i) {
    if (entries_[i].name() == code) return &entries_[i];
  }
  return nullptr;
}

ErrorStats::Entry* ErrorStats::Append(std::string_view code) {
  const engine::MutexLock lock(mutex_);
  if (Entry* entry = Find(code)) return entry;
  const size_t size = size_.load(std::memory_order_relaxed);
  if (size == kCodesMax) return nullptr;
  Entry& entry = entries_[size];
  code.copy(entry.code.data(), code.size());
  entry.length = static_cast<uint8_t>(code.size());
  size_.store(size + 1, std::memory_order_release);
  return &entry;
}

void ErrorStats::Count(std::string_view text) {
  std::string_view code = text.substr(0, text.find_first_of(" \r\n"));
  code = code.substr(0, std::tuple_size_v<decltype(Entry::code)>);
  Entry* entry = Find(code);
  if (entry == nullptr) entry = Append(code);
  if (entry != nullptr) entry->count.fetch_add(1, std::memory_order_relaxed);
}

std::vector<std::pair<std::string, uint64_t>> ErrorStats::All() const {
  std::vector<std::pair<std::string, uint64_t>> all;
  const size_t size = size_.load(std::memory_order_acquire);
  for (size_t i = 0; i < size; ++i) {
    const uint64_t count = entries_[i].count.load(std::memory_order_relaxed);
    if (count > 0) all.emplace_back(entries_[i].name(), count);
  }
  std::ranges::sort(all);
  return all;
}

void ErrorStats::Reset() {
  const size_t size = size_.load(std::memory_order_acquire);
  for (size_t i = 0; i < size; ++i) entries_[i].count.store(0, std::memory_order_relaxed);
}

}  // namespace usher::server
