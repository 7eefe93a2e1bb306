// QueueKeyTemplates: how the keys of a waiting room are named (docs/queue-commands.md). Each template is taken apart
// once, so that a key's name is put together, or recognised, without searching.
//
//   queue:wait:{Q}          prefix "queue:wait:{"    suffix "}"
//   active:token:{Q}:USER   prefix "active:token:{"  middle "}:"  suffix ""
//
// Invariants: {Q} is the first tag of each template and USER follows it, so all keys of a queue have the slot of its
// name, whatever the user is called. Complexity: linear in the name. Thread safety: immutable.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/key_slot.h"

namespace usher::engine {

enum class QueueKeyKind : uint8_t { kNone, kWait, kActive, kConfig };

/// A name put together on the stack; only very long ones take memory. The view lives until the next Join().
class JoinedName {
 public:
  std::string_view Join(std::string_view first, std::string_view second, std::string_view third);

 private:
  static constexpr size_t kInlineBytes = 256;
  std::array<char, kInlineBytes> inline_;
  std::string long_;
};

class QueueKeyTemplates {
 public:
  struct Recognised {
    QueueKeyKind kind = QueueKeyKind::kNone;
    std::string_view queue;  // of the key's bytes
  };

  QueueKeyTemplates(std::string_view wait, std::string_view active, std::string_view config, std::string_view token);

  /// A queue's name is not empty and holds no braces.
  static bool IsValidName(std::string_view name);

  std::string NameOf(QueueKeyKind kind, std::string_view queue) const;
  /// What comes before the user in the names of a queue's tokens.
  std::string TokenPrefix(std::string_view queue) const;
  std::string_view token_suffix() const { return token_suffix_; }

  /// False for most names that are not the wait, active or config key of a queue; costs next to nothing.
  bool MayBeQueueKey(std::string_view key) const {
    if (key.empty()) return false;
    const uint8_t last = static_cast<uint8_t>(key.back());
    return ((last_bytes_[last >> 6] >> (last & 63)) & 1) != 0;
  }
  /// Which key of which queue this is.
  Recognised Recognise(std::string_view key) const;
  /// Whether the key belongs to a waiting room, tokens included: such keys are never evicted.
  bool IsQueueKey(std::string_view key) const;

 private:
  struct Template {
    std::string prefix;  // with the opening brace
    std::string suffix;  // with the closing one
  };
  static Template Split(std::string_view text);
  static std::string_view QueueIn(const Template& shape, std::string_view key);

  std::array<Template, 3> templates_;  // by QueueKeyKind - 1
  Template token_;                     // suffix: up to the user
  std::string token_suffix_;           // behind the user
  std::array<uint64_t, 4> last_bytes_{};
};

}  // namespace usher::engine
