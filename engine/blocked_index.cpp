// See blocked_index.h.
#include "engine/blocked_index.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

namespace usher::engine {

ClaimResult BlockedWaiter::Claim(uint8_t wish) {
  uint8_t seen = kWaiting;
  for (;;) {
    const uint8_t next = seen == kWaiting ? kClaimed : static_cast<uint8_t>(kWished + wish);
    if (seen != kWaiting && seen != kLookedAt) return seen == kClaimed ? ClaimResult::kTooLate : ClaimResult::kPassedOn;
    if (!state_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    return seen == kWaiting ? ClaimResult::kMine : ClaimResult::kPassedOn;
  }
}

bool BlockedWaiter::BeginLook() {
  uint8_t seen = kWaiting;
  while (!state_.compare_exchange_weak(seen, kLookedAt, std::memory_order_acq_rel, std::memory_order_acquire)) {
    if (seen == kClaimed) return false;
    if (seen != kWaiting) std::this_thread::yield();
    seen = kWaiting;
  }
  return true;
}

std::optional<uint8_t> BlockedWaiter::EndLook() {
  uint8_t seen = kLookedAt;
  if (state_.compare_exchange_strong(seen, kWaiting, std::memory_order_acq_rel, std::memory_order_acquire)) return {};
  state_.store(kClaimed, std::memory_order_release);
  return static_cast<uint8_t>(seen - kWished);
}

void BlockedIndex::Add(int db, std::string_view key, std::shared_ptr<BlockedWaiter> waiter, bool needs_key) {
  const auto found = waiters_.find(DbKeyView{db, key});
  Waiters& list = found != waiters_.end() ? found->second : waiters_[DbKeyName{db, std::string(key)}];
  list.need_key = list.need_key && needs_key;
  if (waiter->ends_without_key() && list.ends_without_key++ == 0) counted_keys_needed_.Add(1);
  list.push_back(std::move(waiter));
  CountKeys();
}

BlockedIndex::Waiters* BlockedIndex::Find(int db, std::string_view key) {
  const auto found = waiters_.find(DbKeyView{db, key});
  return found == waiters_.end() ? nullptr : &found->second;
}

void BlockedIndex::Remove(int db, std::string_view key, const BlockedWaiter& waiter) {
  const auto found = waiters_.find(DbKeyView{db, key});
  if (found == waiters_.end()) return;
  Waiters& list = found->second;
  const auto gone = std::remove_if(list.begin(), list.end(), [&](const auto& other) {
    const bool goes = other.get() == &waiter || other->claimed();
    if (goes) CountOut(list, *other);
    return goes;
  });
  list.erase(gone, list.end());
  if (list.empty()) waiters_.erase(found);
  CountKeys();
}

void BlockedIndex::RemoveAt(Waiters& list, size_t at) {
  CountOut(list, *list[at]);
  list.erase(list.begin() + static_cast<ptrdiff_t>(at));
}

void BlockedIndex::DropIfEmpty(int db, std::string_view key) {
  const auto found = waiters_.find(DbKeyView{db, key});
  if (found != waiters_.end() && found->second.empty()) waiters_.erase(found);
  CountKeys();
}

void BlockedIndex::CountOut(Waiters& list, const BlockedWaiter& waiter) {
  if (waiter.ends_without_key() && --list.ends_without_key == 0) {
    counted_keys_needed_.Set(counted_keys_needed_.Get() - 1);
  }
}

}  // namespace usher::engine
