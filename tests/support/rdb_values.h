// Random values of every type and encoding for tests of Redis's file format, and a text that says what a value holds,
// whatever its encoding and order.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/engine_settings.h"
#include "engine/hash_value.h"
#include "engine/key_entry.h"
#include "engine/list_value.h"
#include "engine/set_value.h"
#include "engine/stream_value.h"
#include "engine/zset.h"

namespace usher::tests {

inline std::string RandomRdbText(engine::Random& random) {
  switch (random.Below(8)) {
    case 0:
    case 1:
      return std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64));
    case 2: {
      std::string bytes(random.Below(40), '\0');
      for (char& c : bytes) c = static_cast<char>(random.Next());
      return bytes;
    }
    case 3:
      return std::string(random.Below(random.Below(30) == 0 ? 30'000 : 100), 'r');
    default:
      return "m" + std::to_string(random.Below(100'000));
  }
}

inline size_t RandomRdbSize(engine::Random& random) {
  return 1 + random.Below(random.Below(3) == 0 ? 900 : 20);
}

inline double RandomRdbScore(engine::Random& random) {
  switch (random.Below(6)) {
    case 0:
      return static_cast<double>(random.Below(10));
    case 1:
      return -static_cast<double>(random.Next());
    case 2:
      return random.Unit() / 3e300;
    case 3:
      return random.Below(2) == 0 ? HUGE_VAL : -HUGE_VAL;
    default:
      return random.Unit() * 1e6 - 5e5;
  }
}

inline engine::Stream RandomRdbStream(engine::Random& random, const engine::EngineSettings& settings) {
  engine::Stream stream;
  stream.Create();
  engine::StreamId id{1'700'000'000'000, 0};
  std::vector<engine::StreamId> ids;
  const bool same_fields = random.Below(2) == 0;
  for (size_t left = random.Below(4) == 0 ? 0 : RandomRdbSize(random); left > 0; --left) {
    id.ms += random.Below(1000);
    id.seq += 1 + random.Below(3);
    std::vector<std::string> words;
    for (uint64_t fields = same_fields ? 2 : 1 + random.Below(4); fields > 0; --fields) {
      words.push_back(same_fields ? "field" + std::to_string(fields) : RandomRdbText(random));
      words.push_back(RandomRdbText(random));
    }
    const std::vector<std::string_view> views(words.begin(), words.end());
    if (stream.Add({id, true, true}, views, 0, settings.stream)) ids.push_back(id);
  }
  for (size_t i = 0; i < ids.size() / 4; ++i) stream.Delete(std::array{ids[random.Below(ids.size())]});
  for (uint64_t group_number = random.Below(3); group_number > 0; --group_number) {
    engine::StreamGroup* group =
        stream.CreateGroup("group" + std::to_string(group_number), id, static_cast<int64_t>(random.Below(50)) - 1);
    for (uint64_t number = random.Below(4); number > 0; --number) {
      engine::StreamConsumer* consumer = group->CreateConsumer("consumer" + std::to_string(number), 1'700'000'000'000);
      for (const engine::StreamId pending : ids) {
        if (random.Below(3) == 0) group->Assign({pending, 1'700'000'000'123, 1 + random.Below(3), consumer});
      }
    }
  }
  return stream;
}

/// A value of a random type, to be built into an entry. A string's bytes are `text`'s.
inline engine::EntryBuilder RandomRdbValue(engine::Random& random, const engine::EngineSettings& settings,
                                           std::string& text) {
  using engine::EntryBuilder;
  const size_t size = RandomRdbSize(random);
  switch (random.Below(6)) {
    case 0: {
      engine::List list;
      for (size_t i = 0; i < size; ++i) {
        const std::string element = RandomRdbText(random);
        list.PrepareToGrow(element.size(), 1, settings.list);
        list.Push(random.Below(2) == 0 ? engine::ListEnd::kHead : engine::ListEnd::kTail, element, settings.list);
      }
      return EntryBuilder::Value(list);
    }
    case 1: {
      engine::Set set;
      const bool integers = random.Below(2) == 0;
      for (size_t i = 0; i < size; ++i) {
        set.Add(
            integers ? std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64)) : RandomRdbText(random),
            settings.set);
      }
      return EntryBuilder::Value(set);
    }
    case 2: {
      engine::Hash hash;
      for (size_t i = 0; i < size; ++i) hash.Set(RandomRdbText(random), RandomRdbText(random), settings.hash);
      return EntryBuilder::Value(hash);
    }
    case 3: {
      engine::Zset zset;
      for (size_t i = 0; i < size; ++i) zset.Add(RandomRdbText(random), RandomRdbScore(random), settings.zset);
      return EntryBuilder::Value(zset);
    }
    case 4:
      return EntryBuilder::Value(RandomRdbStream(random, settings));
    default:
      text = RandomRdbText(random);
      return EntryBuilder::String(text);
  }
}

inline std::string IdText(engine::StreamId id) {
  return std::string(engine::StreamIdText(id).view());
}

inline void DescribeStream(const engine::Stream& stream, std::vector<std::string>& parts) {
  engine::Stream::Reader reader(stream, {}, engine::kStreamIdMax);
  while (reader.Next()) {
    std::string entry = IdText(reader.entry().id());
    reader.entry().ForEachField([&](std::string_view field, std::string_view value) {
      entry.append(" ").append(field).append("=").append(value);
    });
    parts.push_back(entry);
  }
  parts.push_back("last " + IdText(stream.last_id()) + " first " + IdText(stream.first_id()) + " deleted " +
                  IdText(stream.max_deleted_id()) + " added " + std::to_string(stream.entries_added()) + " length " +
                  std::to_string(stream.size()));
  for (const auto& [name, group] : stream.groups()) {
    parts.push_back("group " + std::string(name) + IdText(group.last_id) + " " + std::to_string(group.entries_read));
    for (const auto& [consumer_name, consumer] : group.consumers()) {
      parts.push_back(std::string(consumer_name) + std::to_string(consumer.seen_ms));
    }
    const auto& pending = group.pending();
    for (auto at = pending.Begin(); at != pending.End(); at = pending.Next(at)) {
      parts.push_back(IdText(at->id) + std::to_string(at->delivered_ms) + "x" + std::to_string(at->deliveries) +
                      std::string(at->consumer->name()));
    }
  }
}

/// What the entry's value holds.
inline std::string DescribeValue(engine::KeyEntry entry) {
  using engine::ValueType;
  std::vector<std::string> parts;
  switch (entry.type()) {
    case ValueType::kString: {
      engine::IntegerScratch scratch;
      parts.emplace_back(entry.StringBytes(scratch));
      break;
    }
    case ValueType::kList:
      entry.As<engine::List>().ForEach([&](std::string_view element) { parts.emplace_back(element); });
      break;
    case ValueType::kSet:
      entry.As<engine::Set>().ForEach([&](std::string_view member) { parts.emplace_back(member); });
      std::sort(parts.begin(), parts.end());
      break;
    case ValueType::kHash:
      entry.As<engine::Hash>().ForEach([&](std::string_view field, std::string_view value) {
        parts.push_back(std::string(field) + '\0' + std::string(value));
      });
      std::sort(parts.begin(), parts.end());
      break;
    case ValueType::kZset: {
      const engine::Zset& zset = entry.As<engine::Zset>();
      zset.ForEach(zset.All(), engine::Order::kAscending, [&](std::string_view member, double score) {
        parts.push_back(std::string(member) + '\0' + std::to_string(std::bit_cast<int64_t>(score)));
      });
      break;
    }
    case ValueType::kStream:
      DescribeStream(entry.As<engine::Stream>(), parts);
      break;
  }
  std::string all(engine::TypeName(entry.type()));
  for (const std::string& part : parts) all += '\n' + std::to_string(part.size()) + ':' + part;
  return all;
}

}  // namespace usher::tests
