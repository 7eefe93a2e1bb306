// See command_encode.h.
#include "engine/command_encode.h"

#include <algorithm>
#include <array>
#include <string>

#include "engine/hash_value.h"
#include "engine/list_value.h"
#include "engine/set_value.h"
#include "engine/zset.h"
#include "protocol/number_text.h"

namespace usher::engine {

namespace {

/// What is pending in some group and not among the entries.
std::set<StreamId> PendingWithoutEntry(const Stream& stream) {
  std::set<StreamId> missing;
  for (const auto& [name, group] : stream.groups()) {
    const auto& pending = group.pending();
    for (auto at = pending.Begin(); at != pending.End(); at = pending.Next(at)) {
      if (!stream.Contains(at->id)) missing.insert(at->id);
    }
  }
  return missing;
}

}  // namespace

/// Commands of a few elements each. The elements are `words` words.
class CommandEncoder::Elements {
 public:
  Elements(CommandEncoder& encoder, std::string_view name, std::string_view key, size_t elements, size_t words)
      : encoder_(encoder), name_(name), key_(key), left_(elements), words_(words) {}

  /// The next element, whose words follow.
  EffectText& Next() {
    if (in_command_ == 0) {
      encoder_.MayFlush();
      in_command_ = std::min(left_, kElementsMax);
      encoder_.text_.Command(2 + in_command_ * words_);
      encoder_.text_.Word(name_);
      encoder_.text_.Word(key_);
    }
    --in_command_;
    --left_;
    return encoder_.text_;
  }

 private:
  CommandEncoder& encoder_;
  const std::string_view name_;
  const std::string_view key_;
  size_t left_;
  const size_t words_;
  size_t in_command_ = 0;
};

bool CommandEncoder::Flush() {
  ok_ = ok_ && sink_.Write(text_.text());
  text_.Clear();
  return ok_;
}

void CommandEncoder::Time(int64_t seconds) {
  text_.Encoded("#TS:" + std::to_string(seconds) + "\r\n", 0);
}

void CommandEncoder::Function(std::string_view code) {
  text_.Add({"FUNCTION", "LOAD", code});
  MayFlush();
}

void CommandEncoder::Key(int db, std::string_view key, KeyEntry entry) {
  if (db != db_) {
    text_.Command(2);
    text_.Word("SELECT");
    text_.Integer(db_ = db);
  }
  Value(key, entry);
  if (entry.HasExpiry()) {
    text_.Command(3);
    text_.Word("PEXPIREAT");
    text_.Word(key);
    text_.Integer(entry.expiry_ms());
  }
  MayFlush();
}

void CommandEncoder::Value(std::string_view key, KeyEntry entry) {
  switch (entry.type()) {
    case ValueType::kString: {
      IntegerScratch scratch;
      return text_.Add({"SET", key, entry.StringBytes(scratch)});
    }
    case ValueType::kList: {
      const List& list = entry.As<List>();
      Elements elements(*this, "RPUSH", key, list.size(), 1);
      return list.ForEach([&](std::string_view element) { elements.Next().Word(element); });
    }
    case ValueType::kSet: {
      const Set& set = entry.As<Set>();
      Elements elements(*this, "SADD", key, set.size(), 1);
      return set.ForEach([&](std::string_view member) { elements.Next().Word(member); });
    }
    case ValueType::kHash: {
      const Hash& hash = entry.As<Hash>();
      Elements elements(*this, "HSET", key, hash.size(), 2);
      return hash.ForEach([&](std::string_view field, std::string_view value) {
        EffectText& text = elements.Next();
        text.Word(field);
        text.Word(value);
      });
    }
    case ValueType::kZset: {
      const Zset& zset = entry.As<Zset>();
      Elements elements(*this, "ZADD", key, zset.size(), 2);
      return zset.ForEach(zset.All(), Order::kAscending, [&](std::string_view member, double score) {
        std::array<char, protocol::kDoubleTextBytesMax> digits;
        EffectText& text = elements.Next();
        text.Word({digits.data(), protocol::FormatDouble(score, digits.data())});
        text.Word(member);
      });
    }
    case ValueType::kStream:
      return EncodeStream(key, entry.As<Stream>());
  }
}

void CommandEncoder::EncodeStream(std::string_view key, const Stream& stream) {
  const StreamIds missing = PendingWithoutEntry(stream);
  AddEntries(key, stream, missing);
  for (const auto& [name, group] : stream.groups()) AddGroup(key, group);
  DropPlaceholders(key, stream, missing);
  const bool has_deleted = !stream.max_deleted_id().IsZero();
  text_.Command(has_deleted ? 7 : 5);
  text_.Word("XSETID");
  text_.Word(key);
  Id(stream.last_id());
  text_.Word("ENTRIESADDED");
  text_.Integer(static_cast<int64_t>(stream.entries_added()));
  if (!has_deleted) return;
  text_.Word("MAXDELETEDID");
  Id(stream.max_deleted_id());
}

void CommandEncoder::AddEntries(std::string_view key, const Stream& stream, const StreamIds& missing) {
  auto placeholder = missing.begin();
  const auto add_placeholders = [&](StreamId before) {
    for (; placeholder != missing.end() && *placeholder < before; ++placeholder) {
      text_.Add({"XADD", key, StreamIdText(*placeholder).view(), "", ""});
    }
    MayFlush();
  };
  for (Stream::Reader reader(stream, {}, kStreamIdMax); reader.Next();) {
    const StreamEntry& entry = reader.entry();
    add_placeholders(entry.id());
    text_.Command(3 + 2 * entry.field_count());
    text_.Word("XADD");
    text_.Word(key);
    Id(entry.id());
    entry.ForEachField([&](std::string_view field, std::string_view value) {
      text_.Word(field);
      text_.Word(value);
    });
  }
  add_placeholders(kStreamIdMax);
  // A stream of nothing comes of an entry that is trimmed away at once.
  if (stream.size() == 0 && missing.empty()) text_.Add({"XADD", key, "MAXLEN", "0", "0-1", "", ""});
}

void CommandEncoder::AddGroup(std::string_view key, const StreamGroup& group) {
  text_.Command(7);
  for (const std::string_view word : {std::string_view("XGROUP"), std::string_view("CREATE"), key, group.name()}) {
    text_.Word(word);
  }
  Id(group.last_id);
  text_.Word("ENTRIESREAD");
  text_.Integer(group.entries_read);
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer.pending().empty()) text_.Add({"XGROUP", "CREATECONSUMER", key, group.name(), name});
    MayFlush();
  }
  const auto& pending = group.pending();
  for (auto at = pending.Begin(); at != pending.End(); at = pending.Next(at)) {
    text_.Command(12);
    for (const std::string_view word : {std::string_view("XCLAIM"), key, group.name(), at->consumer->name()}) {
      text_.Word(word);
    }
    text_.Word("0");
    Id(at->id);
    text_.Word("TIME");
    text_.Integer(at->delivered_ms);
    text_.Word("RETRYCOUNT");
    text_.Integer(static_cast<int64_t>(at->deliveries));
    text_.Word("JUSTID");
    text_.Word("FORCE");
    MayFlush();
  }
}

/// Those before the first entry as if they had been trimmed, which does not count as deleting; then XSETID puts right
/// what the others have changed.
void CommandEncoder::DropPlaceholders(std::string_view key, const Stream& stream, const StreamIds& missing) {
  if (missing.empty()) return;
  if (stream.size() == 0) return text_.Add({"XTRIM", key, "MAXLEN", "0"});
  text_.Add({"XTRIM", key, "MINID", StreamIdText(stream.first_id()).view()});
  for (auto at = missing.lower_bound(stream.first_id()); at != missing.end(); ++at) {
    text_.Add({"XDEL", key, StreamIdText(*at).view()});
    MayFlush();
  }
}

}  // namespace usher::engine
