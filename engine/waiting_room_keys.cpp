// See waiting_room_keys.h.
#include "engine/waiting_room_keys.h"

#include <cstring>

#include "engine/base/assert.h"

namespace usher::engine {

namespace {
constexpr std::string_view kQueueTag = "{Q}";
constexpr std::string_view kUserWord = "USER";
}  // namespace

std::string_view JoinedName::Join(std::string_view first, std::string_view second, std::string_view third) {
  const size_t bytes = first.size() + second.size() + third.size();
  char* to = inline_.data();
  if (bytes > kInlineBytes) [[unlikely]] {
    long_.resize(bytes);
    to = long_.data();
  }
  std::memcpy(to, first.data(), first.size());
  if (!second.empty()) std::memcpy(to + first.size(), second.data(), second.size());
  if (!third.empty()) std::memcpy(to + first.size() + second.size(), third.data(), third.size());
  return {to, bytes};
}

QueueKeyTemplates::QueueKeyTemplates(std::string_view wait, std::string_view active, std::string_view config,
                                     std::string_view token)
    : templates_{Split(wait), Split(active), Split(config)}, token_(Split(token)) {
  const size_t user = token_.suffix.find(kUserWord);
  ASSERT(user != std::string::npos);
  token_suffix_ = token_.suffix.substr(user + kUserWord.size());
  token_.suffix.resize(user);
  for (const Template& shape : templates_) {
    const uint8_t last = static_cast<uint8_t>(shape.suffix.back());
    last_bytes_[last >> 6] |= uint64_t{1} << (last & 63);
  }
}

QueueKeyTemplates::Template QueueKeyTemplates::Split(std::string_view text) {
  const size_t tag = text.find(kQueueTag);
  ASSERT(tag != std::string_view::npos);
  return {std::string(text.substr(0, tag + 1)), std::string(text.substr(tag + kQueueTag.size() - 1))};
}

bool QueueKeyTemplates::IsValidName(std::string_view name) {
  return !name.empty() && std::memchr(name.data(), '{', name.size()) == nullptr &&
         std::memchr(name.data(), '}', name.size()) == nullptr;
}

std::string QueueKeyTemplates::NameOf(QueueKeyKind kind, std::string_view queue) const {
  const Template& shape = templates_[static_cast<size_t>(kind) - 1];
  std::string name = shape.prefix;
  (name += queue) += shape.suffix;
  return name;
}

std::string QueueKeyTemplates::TokenPrefix(std::string_view queue) const {
  std::string prefix = token_.prefix;
  (prefix += queue) += token_.suffix;
  return prefix;
}

// The queue's name, empty when the key has another shape.
std::string_view QueueKeyTemplates::QueueIn(const Template& shape, std::string_view key) {
  if (!key.starts_with(shape.prefix)) return {};
  key.remove_prefix(shape.prefix.size());
  if (!key.ends_with(shape.suffix)) return {};
  key.remove_suffix(shape.suffix.size());
  return IsValidName(key) ? key : std::string_view();
}

QueueKeyTemplates::Recognised QueueKeyTemplates::Recognise(std::string_view key) const {
  for (size_t i = 0; i < templates_.size(); ++i) {
    const std::string_view queue = QueueIn(templates_[i], key);
    if (!queue.empty()) return {static_cast<QueueKeyKind>(i + 1), queue};
  }
  return {};
}

bool QueueKeyTemplates::IsQueueKey(std::string_view key) const {
  if (key.starts_with(token_.prefix)) return true;
  return MayBeQueueKey(key) && Recognise(key).kind != QueueKeyKind::kNone;
}

}  // namespace usher::engine
