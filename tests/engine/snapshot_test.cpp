// ShardSnapshot: whatever commands do while it is written, what is written is the state at the epoch.
#include "engine/snapshot.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/rdb_load.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/rdb_values.h"
#include "tests/support/test_scale.h"
#include "tests/support/test_seed.h"

namespace usher::tests {
namespace {

using namespace engine;

constexpr int kDatabases = 2;
/// Database and key -> expiry and value as text.
using State = std::map<std::pair<int, std::string>, std::string>;

std::string Describe(KeyEntry entry) {
  return std::to_string(entry.expiry_ms()) + ' ' + DescribeValue(entry);
}

struct Records : SnapshotSink {
  void OnRecords(int db, std::string records, uint64_t count) override {
    (speaker == kNoShard ? file : behind) += Selected(db) + records;
    keys += count;
  }
  void OnLongString(int db, std::string head, std::string text) override {
    RdbWriter value;
    value.String(text);
    OnRecords(db, head + value.Take(), 1);
  }
  bool OnPiece(ShardIndex shard, int db, std::string& piece, bool last) override {
    if (speaker != kNoShard && speaker != shard) return false;
    file += speaker == kNoShard ? Selected(db) + piece : piece;
    speaker = last ? kNoShard : shard;
    if (!last) return true;
    file += std::exchange(behind, "");
    ++keys;
    ++in_pieces;
    return true;
  }
  static std::string Selected(int db) {
    RdbWriter select;
    select.Byte(0xFE);
    select.Length(static_cast<uint64_t>(db));
    return select.Take();
  }
  std::string file = "REDIS0010";
  uint64_t keys = 0;
  uint64_t in_pieces = 0;
  ShardIndex speaker = kNoShard;
  std::string behind;
};

struct Collector : RdbTarget {
  std::string OnDatabase(int64_t) override { return {}; }
  std::string OnKey(const RdbKey& key, DecodedValue& value) override {
    OwnedEntry entry(value.Take().Build(key.name, key.expiry_ms));
    const bool is_new = state.emplace(std::pair(key.db, std::string(key.name)), Describe(entry.entry())).second;
    return is_new ? "" : "twice";
  }
  void OnAux(std::string_view, std::string_view) override {}
  std::string OnFunction(std::string_view) override { return {}; }
  State state;
};

State Loaded(std::string file) {
  file += '\xff' + std::string(8, '\0');
  RdbReader reader(file);
  Collector collector;
  CHECK(LoadRdb(reader, {}, collector, {}) == "");
  return collector.state;
}

class Play {
 public:
  explicit Play(uint64_t seed) : random_(seed) {}

  void Run() {
    for (int i = 0; i < 300; ++i) Edit();
    const State at_epoch = Now();
    Records records;
    Begin(records);
    while (Step()) {
      for (uint64_t left = random_.Below(12); left > 0; --left) Edit();
    }
    const State written = Loaded(records.file);
    CHECK(written.size() == records.keys);
    CHECK(written == at_epoch);
    in_pieces = records.in_pieces;
  }

  /// The disk fails: the snapshot is given up midway.
  void RunGivenUp() {
    for (int i = 0; i < 150; ++i) Edit();
    Records records;
    Begin(records);
    for (uint64_t left = random_.Below(60); left > 0 && Step(); --left) Edit();
    fixture_.Run([&](EngineContext& context) {
      context.turns().ForEachHeld([&](ShardData& shard) {
        shard.snapshot.reset();
        for (const auto& keyspace : shard.databases) {
          keyspace->ForEach([&](KeyEntry entry) { CHECK(ValueSnapshot::Of(entry) == nullptr); });
        }
      });
    });
    for (int i = 0; i < 150; ++i) Edit();
  }

  uint64_t in_pieces = 0;

 private:
  void Begin(Records& records) {
    fixture_.Run([&](EngineContext& context) {
      RdbSaveOptions options;
      options.now_ms = context.now_ms();
      const SnapshotLimits limits{.large_value_bytes = 1 + random_.Below(8000),
                                  .step_bytes = 100 + random_.Below(2000),
                                  .piece_bytes = 1 + random_.Below(2000)};
      context.turns().ForEachHeld([&](ShardData& shard) {
        shard.snapshot = std::make_unique<ShardSnapshot>(shard.index, shard.databases, options, records,
                                                         context.engine().background_free(), limits);
      });
    });
  }

  // One shard goes on; false when all are done.
  bool Step() {
    bool any = false;
    fixture_.Run([&](EngineContext& context) {
      context.turns().ForEachHeld([&](ShardData& shard) {
        if (!shard.snapshot) return;
        any = true;
        CheckOwners(shard);
        if (random_.Below(3) > 0 && !shard.snapshot->Step()) shard.snapshot.reset();
      });
    });
    return any;
  }

  // What is being written under the turn of another shard would be written while commands change it.
  static void CheckOwners(const ShardData& shard) {
    for (const auto& keyspace : shard.databases) {
      keyspace->ForEach([&](KeyEntry entry) {
        const ValueSnapshot* const value = ValueSnapshot::Of(entry);
        if (value != nullptr && value->owner() != shard.snapshot.get()) FAIL_CHECK("a value of another shard");
      });
    }
  }

  State Now() {
    State state;
    fixture_.Run([&](EngineContext& context) {
      context.turns().ForEachHeld([&](ShardData& shard) {
        for (int db = 0; db < kDatabases; ++db) {
          shard.databases[static_cast<size_t>(db)]->ForEach([&](KeyEntry entry) {
            if (!entry.IsExpired(context.now_ms())) state[{db, std::string(entry.key())}] = Describe(entry);
          });
        }
      });
    });
    return state;
  }

  void Edit() {
    const std::string name = "key" + std::to_string(random_.Below(400));
    const std::string other = "key" + std::to_string(random_.Below(400));
    const Key key = MakeKey(name);
    const int db = static_cast<int>(random_.Below(kDatabases));
    fixture_.now_ms += static_cast<int64_t>(random_.Below(20));
    fixture_.Run(
        [&](EngineContext& context) {
          switch (random_.Below(60)) {
            case 0:
            case 1:
            case 2:
            case 3:
              context.Delete(key);
              break;
            case 4:
            case 5:
              context.SetExpiry(key, fixture_.now_ms + static_cast<int64_t>(random_.Below(2000)));
              break;
            case 6:
            case 7:
              if (name != other) context.Attach(MakeKey(other), Take(context, key), random_.Below(2) == 0 ? 0 : 1);
              break;
            case 8:
              if (random_.Below(10) == 0) context.FlushDatabase(db, FreeWhere::kBackground);
              if (random_.Below(30) == 0) context.Unload();
              break;
            case 9:
              if (random_.Below(5) == 0) context.SwapDatabases(0, 1);
              break;
            case 10:
            case 11:
            case 12:
            case 13:
            case 14:
              ChangeInPlace(context, key);
              break;
            case 15:
            case 16:
            case 17:
              for (uint64_t left = random_.Below(200); left > 0; --left) ChangeMember(context, key);
              break;
            default: {
              std::string text;
              context.SetBuilt(key, RandomRdbValue(random_, context.settings(), text), RandomExpiry());
            }
          }
        },
        db);
  }

  OwnedEntry Take(EngineContext& context, const Key& key) {
    if (!context.Peek(key)) context.SetString(key, "made", kNoExpiry);
    return context.Detach(key);
  }

  int64_t RandomExpiry() {
    return random_.Below(3) == 0 ? fixture_.now_ms + static_cast<int64_t>(random_.Below(3000)) : kNoExpiry;
  }

  void ChangeInPlace(EngineContext& context, const Key& key) {
    const KeyEntry entry = context.Peek(key);
    if (entry && entry.type() == ValueType::kHash) {
      const auto hash = *context.ForWriteAs<Hash>(key);
      hash->Set("field" + std::to_string(random_.Below(9)), std::to_string(random_.Next()), context.settings().hash);
    } else if (entry && entry.type() == ValueType::kZset) {
      const auto zset = *context.ForWriteAs<Zset>(key);
      if (random_.Below(2) == 0) {
        zset->PopMin(1 + random_.Below(20), [](std::string_view, double) {});
      } else {
        zset->Add("member" + std::to_string(random_.Below(9)), RandomRdbScore(random_), context.settings().zset);
      }
    } else if (entry && entry.type() == ValueType::kList) {
      const auto list = *context.ForWriteAs<List>(key);
      list->Pop(ListEnd::kHead, 1, [](std::string_view) {});
    } else if (entry && entry.type() == ValueType::kSet) {
      const auto set = *context.ForWriteAs<Set>(key);
      set->PopRandom(random_, 1 + random_.Below(3), [](std::string_view) {});
    } else if (!entry || entry.type() == ValueType::kString) {
      if (const KeyEntry string = context.ForWrite(key)) {
        context.KeyspaceOf(key).UpdateString(string, [](RawString& raw) { raw.Append("more"); });
      }
    }
  }

  // One that is there, as a rule: removed or changed; or a new one.
  void ChangeMember(EngineContext& context, const Key& key) {
    const KeyEntry entry = context.Peek(key);
    if (!entry) return;
    if (entry.type() == ValueType::kList) return ChangeElement(context, key);
    if (entry.type() == ValueType::kStream) return ChangeStream(context, key);
    std::string member = "new" + std::to_string(random_.Below(50));
    const bool remove = random_.Below(2) == 0;
    const auto choose = [&](std::string_view found, auto...) {
      if (random_.Below(5) > 0) member = found;
    };
    if (entry.type() == ValueType::kHash) {
      const auto hash = *context.ForWriteAs<Hash>(key);
      hash->RandomEntry(random_, choose);
      if (remove) {
        hash->Delete(member);
      } else {
        hash->Set(member, RandomRdbText(random_), context.settings().hash);
      }
    } else if (entry.type() == ValueType::kSet) {
      const auto set = *context.ForWriteAs<Set>(key);
      set->RandomMember(random_, choose);
      if (!set->Remove(member) || random_.Below(2) == 0) set->Add(member, context.settings().set);
    } else if (entry.type() == ValueType::kZset) {
      const auto zset = *context.ForWriteAs<Zset>(key);
      choose(zset->RandomEntry(random_).member);
      if (remove) {
        zset->Remove(member);
      } else {
        zset->Add(member, RandomRdbScore(random_), context.settings().zset);
      }
    }
  }

  void ChangeElement(EngineContext& context, const Key& key) {
    const auto list = *context.ForWriteAs<List>(key);
    const ListLimits& limits = context.settings().list;
    const ListEnd end = random_.Below(2) == 0 ? ListEnd::kHead : ListEnd::kTail;
    const std::string text = RandomRdbText(random_);
    const uint64_t index = random_.Below(list->size());
    switch (random_.Below(6)) {
      case 0:
        list->PrepareToGrow(text.size(), 1, limits);
        list->Push(end, text, limits);
        break;
      case 1:
        list->Set(index, text, limits);
        break;
      case 2: {
        PackedScratch scratch;
        const std::string pivot(list->Get(index, scratch));
        list->InsertBeside(pivot, end, text, limits);
        break;
      }
      case 3: {
        PackedScratch scratch;
        const std::string gone(list->Get(index, scratch));
        list->Remove(gone, end, 1);
        break;
      }
      case 4:
        list->Drop(end, 1 + random_.Below(std::min<uint64_t>(list->size(), 20)));
        break;
      default:
        list->Pop(end, 1, [](std::string_view) {});
    }
    if (!list->empty()) list->ShrinkIfSmall(limits);
  }

  void ChangeStream(EngineContext& context, const Key& key) {
    const auto stream = *context.ForWriteAs<Stream>(key);
    const std::array<std::string_view, 2> fields{"field", "value"};
    switch (random_.Below(5)) {
      case 0: {
        const StreamTrim trim{.by = StreamTrim::By::kLength,
                              .whole_nodes = random_.Below(2) == 0,
                              .length_max = random_.Below(stream->size() + 1)};
        if (random_.Below(20) == 0) stream->Trim(trim);
        break;
      }
      case 1: {
        Stream::Reader reader(*stream, {stream->first_id().ms + random_.Below(100'000), 0}, kStreamIdMax);
        if (!reader.Next()) break;
        const StreamId id = reader.entry().id();
        stream->Delete(std::span(&id, 1));
        break;
      }
      case 2:
        if (stream->groups().size() < 5) {
          stream->CreateGroup("made" + std::to_string(random_.Below(9)), stream->last_id(), 0);
        }
        break;
      default:
        CHECK(stream->Add({stream->last_id().Next().value_or(kStreamIdMax), true, true}, fields, 0,
                          context.settings().stream));
    }
  }

  EngineFixture fixture_;
  Random random_;
};

TEST_CASE("Snapshot: equals the state at the epoch, whatever happens meanwhile") {
  Random random{TestSeed()};
  uint64_t in_pieces = 0;
  for (int round = 0; round < Scaled(30, 6); ++round) {
    const uint64_t seed = random.Next();
    CAPTURE(seed);
    Play play(seed);
    play.Run();
    in_pieces += play.in_pieces;
  }
  CHECK(in_pieces > 0);
}

TEST_CASE("Snapshot: given up, it lets go of what it was writing") {
  Random random{TestSeed()};
  for (int round = 0; round < Scaled(20, 4); ++round) {
    const uint64_t seed = random.Next();
    CAPTURE(seed);
    Play(seed).RunGivenUp();
  }
}

TEST_CASE("Snapshot: what is made later is not in it, and costs nothing once the slices have passed") {
  EngineFixture fixture(0, 1);
  Records records;
  const auto run = [&](auto&& fn) { return fixture.Run(fn); };
  run([&](EngineContext& context) { context.SetString(MakeKey("old"), "1", kNoExpiry); });
  ShardData& shard = fixture.ShardOf(MakeKey("old"));
  shard.snapshot = std::make_unique<ShardSnapshot>(shard.index, shard.databases, RdbSaveOptions(), records,
                                                   fixture.engine.background_free());
  run([&](EngineContext& context) { context.SetString(MakeKey("new"), "2", kNoExpiry); });
  while (shard.snapshot->Step()) {
  }
  run([&](EngineContext& context) { context.SetString(MakeKey("old"), "3", kNoExpiry); });
  CHECK(shard.snapshot->MemoryBytes() == 0);
  shard.snapshot.reset();
  CHECK(records.keys == 1);
  CHECK(Loaded(records.file).begin()->first.second == "old");
}

}  // namespace
}  // namespace usher::tests
