// See stream_append.h.
#include "engine/stream_append.h"

#include <algorithm>
#include <vector>

#include "protocol/number_text.h"

namespace usher::engine {
namespace {

void JournalAppend(EngineContext& context, const Key& key, const Stream& stream, StreamId id, StreamFields fields,
                   const StreamTrim& trim) {
  if (!context.journaling()) return;
  std::vector<std::string_view> words{"XADD", key.name};
  words.reserve(fields.size() + 6);
  const StreamTrimWords trim_words(stream, trim);
  if (trim.by != StreamTrim::By::kNothing) words.insert(words.end(), {trim_words.option(), "=", trim_words.limit()});
  const StreamIdText id_text(id);
  words.push_back(id_text.view());
  words.insert(words.end(), fields.begin(), fields.end());
  context.Effect(words);
}

}  // namespace

StreamTrimWords::Limit::Limit(uint64_t length) : size_(protocol::FormatUnsigned(length, text_.data())) {}

StreamTrimWords::Limit::Limit(StreamId id) {
  const StreamIdText text(id);
  size_ = text.view().copy(text_.data(), text_.size());
}

// What "~" left is what an exact trim to that length, or to the entry that is first now, leaves as well.
StreamTrimWords::StreamTrimWords(const Stream& stream, const StreamTrim& trim)
    : option_(trim.by == StreamTrim::By::kMinId ? "MINID" : "MAXLEN"),
      limit_(trim.by == StreamTrim::By::kMinId ? Limit(trim.whole_nodes ? stream.first_id() : trim.min_id)
                                               : Limit(trim.whole_nodes ? stream.size() : trim.length_max)) {}

Result<StreamId> AppendToStream(EngineContext& context, const Key& key, const StreamNewId& id, StreamFields fields,
                                const StreamTrim& trim) {
  auto stream = context.ForWriteOrCreate<Stream>(key);
  if (!stream) return stream.error();
  const Result<StreamId> added = (*stream)->Add(id, fields, context.now_ms(), context.settings().stream);
  if (!added) return added;
  context.Modified(key, kNotifyStream, "xadd");
  if ((*stream)->Trim(trim) > 0) context.Notify(key, context.db(), kNotifyStream, "xtrim");
  JournalAppend(context, key, **stream, *added, fields, trim);
  return added;
}

size_t TrimStream(EngineContext& context, const Key& key, Stream& stream, const StreamTrim& trim) {
  const size_t removed = stream.Trim(trim);
  if (removed > 0) context.Modified(key, kNotifyStream, "xtrim");
  return removed;
}

}  // namespace usher::engine
