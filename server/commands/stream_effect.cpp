// See stream_effect.h.
#include "server/commands/stream_effect.h"

#include <array>

#include "protocol/number_text.h"

namespace usher::server {

namespace {

using engine::Key;
using engine::StreamConsumer;
using engine::StreamGroup;
using engine::StreamIdText;

class Digits {
 public:
  explicit Digits(int64_t value) : size_(protocol::FormatInteger(value, text_.data())) {}
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, protocol::kIntegerTextBytesMax> text_;
  size_t size_;
};

}  // namespace

StreamEffect::StreamEffect(engine::EngineContext& engine, const Key& key, const StreamGroup& group)
    : engine_(engine), key_(key), group_(group) {
  engine_.Effects();  // not the command itself, even if there is nothing else
}

void StreamEffect::Claim(const engine::PendingEntry& entry) const {
  if (!engine_.journaling()) return;
  engine_.Effect({"XCLAIM", key_.name, group_.name(), entry.consumer->name(), "0", StreamIdText(entry.id).view(),
                  "TIME", Digits(entry.delivered_ms).view(), "RETRYCOUNT",
                  Digits(static_cast<int64_t>(entry.deliveries)).view(), "FORCE", "JUSTID", "LASTID",
                  StreamIdText(group_.last_id).view()});
}

void StreamEffect::SetId() const {
  if (!engine_.journaling()) return;
  engine_.Effect({"XGROUP", "SETID", key_.name, group_.name(), StreamIdText(group_.last_id).view(), "ENTRIESREAD",
                  Digits(group_.entries_read).view()});
}

void StreamEffect::CreateConsumer(std::string_view name) const {
  if (!engine_.journaling()) return;
  engine_.Effect({"XGROUP", "CREATECONSUMER", key_.name, group_.name(), name});
}

FoundConsumer SeeConsumer(CommandContext& ctx, const Key& key, StreamGroup& group, std::string_view name) {
  const int64_t now_ms = ctx.engine.now_ms();
  if (StreamConsumer* const present = group.FindConsumer(name)) {
    present->seen_ms = now_ms;
    return {*present, false};
  }
  StreamConsumer& created = *group.CreateConsumer(name, now_ms);
  ctx.engine.ModifiedQuietly(key, engine::kNotifyStream, "xgroup-createconsumer");
  return {created, true};
}

}  // namespace usher::server
