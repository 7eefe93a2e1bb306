// MIGRATE: hands keys to another server by RESTORE and deletes here what it has acknowledged. It waits for the network
// while it holds the turns of its keys, so it runs on the pool.
//
//   link (kept from the last time, or new) -> AUTH, SELECT, RESTORE of every key, sent together -> one reply each
//   a kept link that turns out to be closed is replaced once, if no key was answered yet
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/cycle_clock.h"
#include "engine/effect_text.h"
#include "engine/rdb_encode.h"
#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/commands/groups.h"
#include "server/migrate_link.h"
#include "server/server.h"

namespace usher::server {

namespace {

using engine::Error;
using engine::Key;
using engine::KeyEntry;

constexpr size_t kKeyAt = 3;
constexpr size_t kOptionsAt = 6;
constexpr int64_t kDefaultTimeoutMs = 1000;

struct MigrateRequest {
  int64_t db = 0;
  int timeout_ms = 0;
  bool copy = false;
  bool replace = false;
  std::span<const std::string_view> auth;  // the password, or user and password
  size_t first_key = kKeyAt;
  size_t key_count = 1;
};

/// False: the error is replied.
bool ParseOptions(CommandContext& ctx, MigrateRequest& request) {
  for (ArgReader reader(ctx.args, kOptionsAt); !reader.done();) {
    if (reader.Accept("COPY")) {
      request.copy = true;
    } else if (reader.Accept("REPLACE")) {
      request.replace = true;
    } else if (reader.AcceptWith("AUTH", 1)) {
      request.auth = ctx.args.subspan(reader.position(), 1);
      reader.Next();
    } else if (reader.AcceptWith("AUTH2", 2)) {
      request.auth = ctx.args.subspan(reader.position(), 2);
      reader.Next();
      reader.Next();
    } else if (reader.Accept("KEYS")) {
      if (!ctx.args[kKeyAt].empty()) {
        ctx.FailText("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
        return false;
      }
      request.first_key = reader.position();
      request.key_count = reader.left();
      return true;
    } else {
      ctx.Fail(Error::kSyntax);
      return false;
    }
  }
  return true;
}

/// False: the error is replied.
bool ParseRequest(CommandContext& ctx, MigrateRequest& request) {
  if (!ParseOptions(ctx, request)) return false;
  const std::optional<int64_t> timeout_ms = ToInteger(ctx.args[5]);
  const std::optional<int64_t> db = ToInteger(ctx.args[4]);
  if (!timeout_ms || !db) {
    ctx.Fail(Error::kNotAnInteger);
    return false;
  }
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  request.timeout_ms = static_cast<int>(*timeout_ms <= 0 ? kDefaultTimeoutMs : std::min(*timeout_ms, kMost));
  request.db = *db;
  return true;
}

/// The port as Redis reads it: digits up to the first other character, and in 16 bits.
std::string PortOf(std::string_view text) {
  uint64_t port = 0;
  for (const char c : text.substr(0, 10)) {
    if (c < '0' || c > '9') break;
    port = port * 10 + static_cast<uint64_t>(c - '0');
  }
  return std::to_string(port & 0xFFFF);
}

int64_t MonotonicMs() {
  return engine::CycleClock::NowNs() / 1'000'000;
}

class Migration {
 public:
  Migration(CommandContext& ctx, const MigrateRequest& request, std::vector<Key> keys)
      : ctx_(ctx), request_(request), keys_(std::move(keys)), target_(ctx.args[1]) {
    target_.append(":").append(ctx.args[2]);
  }

  void Run() {
    for (bool first = true;; first = false) {
      if (!Connect()) return ctx_.FailText("IOERR error or timeout connecting to the client");
      const bool written = link_->Send(Requests(), request_.timeout_ms);
      const bool read = written && ReadReplies();
      const bool gone = link_->failure() == MigrateLink::Failure::kBroken;
      if (!read) link_.reset();
      if (!read && first && gone && answered_ == 0 && error_.empty()) continue;
      DeleteAcknowledged();
      return Finish(written, read);
    }
  }

 private:
  bool Connect() {
    link_ = ctx_.server.migrate_links().Take(target_);
    if (link_ == nullptr) {
      link_ = MigrateLink::Connect(std::string(ctx_.args[1]), PortOf(ctx_.args[2]), request_.timeout_ms);
    }
    return link_ != nullptr;
  }

  /// Everything that is asked of the target, with the times to live as they are now.
  std::string_view Requests() {
    requests_.Clear();
    sent_.clear();
    if (!request_.auth.empty()) {
      requests_.Command(1 + request_.auth.size());
      requests_.Word("AUTH");
      for (const std::string_view word : request_.auth) requests_.Word(word);
    }
    selects_ = link_->db != request_.db;
    if (selects_) {
      requests_.Command(2);
      requests_.Word("SELECT");
      requests_.Integer(request_.db);
    }
    const int64_t now_ms = std::max(ctx_.engine.now_ms(), ctx_.server.clock().NowUs() / 1000);
    for (const Key& key : keys_) AddRestore(key, now_ms);
    return requests_.text();
  }

  /// A key that has expired meanwhile is left out.
  void AddRestore(const Key& key, int64_t now_ms) {
    const KeyEntry entry = ctx_.engine.Peek(key);
    int64_t ttl_ms = 0;
    if (entry.HasExpiry()) {
      if (entry.expiry_ms() < now_ms) return;
      ttl_ms = std::max<int64_t>(1, entry.expiry_ms() - now_ms);
    }
    sent_.push_back(key);
    requests_.Command(request_.replace ? 5 : 4);
    requests_.Word("RESTORE");
    requests_.Word(key.name);
    requests_.Integer(ttl_ms);
    requests_.Word(engine::DumpOf(entry));
    if (request_.replace) requests_.Word("REPLACE");
  }

  /// One reply. False: there is none. An error in it is remembered; the first one is replied.
  bool ReadReply(bool& accepted) {
    const std::optional<std::string> line = link_->ReadLine(request_.timeout_ms);
    if (!line) return false;
    const bool is_error = line->starts_with('-');
    if (is_error && error_.empty()) error_ = line->substr(1);
    accepted = accepted && !is_error;
    return true;
  }

  bool ReadReplies() {
    bool admitted = true;
    if (!request_.auth.empty() && !ReadReply(admitted)) return false;
    if (selects_ && !ReadReply(admitted)) return false;
    for (const Key& key : sent_) {
      bool accepted = admitted;
      if (!ReadReply(accepted)) return false;
      ++answered_;
      if (accepted) acknowledged_.push_back(key);
    }
    return true;
  }

  void DeleteAcknowledged() {
    if (request_.copy) return;
    std::vector<std::string_view> effect = {"DEL"};
    for (const Key& key : acknowledged_) {
      if (!ctx_.engine.Delete(key)) continue;  // named twice
      ctx_.engine.Modified(key, engine::kNotifyGeneric, "del");
      effect.push_back(key.name);
    }
    if (effect.size() > 1) ctx_.engine.Effect(effect);
  }

  void Finish(bool written, bool read) {
    if (read) {
      link_->db = error_.empty() ? std::optional(request_.db) : std::nullopt;
      ctx_.server.migrate_links().GiveBack(target_, std::move(link_), MonotonicMs());
    }
    if (!error_.empty()) return ctx_.FailText("ERR Target instance replied with error: " + error_);
    if (read) return ctx_.reply.Ok();
    ctx_.FailText("IOERR error or timeout " + std::string(written ? "reading" : "writing") + " to target instance");
  }

  CommandContext& ctx_;
  const MigrateRequest& request_;
  const std::vector<Key> keys_;
  std::string target_;
  std::unique_ptr<MigrateLink> link_;
  engine::EffectText requests_;
  bool selects_ = false;
  std::vector<Key> sent_;
  size_t answered_ = 0;
  std::vector<Key> acknowledged_;
  std::string error_;
};

void Migrate(CommandContext& ctx) {
  MigrateRequest request;
  if (!ParseRequest(ctx, request)) return;
  std::vector<Key> keys;
  for (size_t i = 0; i < request.key_count; ++i) {
    const Key key = ctx.KeyAt(request.first_key + i);
    if (ctx.engine.Read(key)) keys.push_back(key);
  }
  if (keys.empty()) return ctx.reply.SimpleString("NOKEY");
  Migration(ctx, request, std::move(keys)).Run();
}

/// As in Redis: the one key, unless KEYS stands before the last argument, where it is not the word of another option.
bool FindMigrateKeys(std::span<const std::string_view> args, std::vector<CommandKey>& keys) {
  constexpr uint16_t kFlags = kKeyRw | kKeyAccess | kKeyDelete;
  size_t first = kKeyAt;
  size_t end = kKeyAt + 1;
  const auto is_keys = [](std::string_view word) { return EqualsIgnoringCase(word, "KEYS"); };
  if (std::any_of(args.begin() + 2, args.end() - 1, is_keys)) {
    for (ArgReader reader(args, kOptionsAt); !reader.done();) {
      if (reader.Accept("KEYS")) {
        if (!args[kKeyAt].empty()) return false;
        first = reader.position();
        end = args.size();
        break;
      }
      size_t skipped = EqualsIgnoringCase(reader.Peek(), "AUTH") ? 1 : 0;
      if (EqualsIgnoringCase(reader.Peek(), "AUTH2")) skipped = 2;
      for (size_t i = 0; i <= skipped && !reader.done(); ++i) reader.Next();
    }
  }
  for (size_t at = first; at < end; ++at) {
    keys.push_back({engine::MakeKey(args[at]), static_cast<uint32_t>(at), kFlags});
  }
  return true;
}

constexpr KeySpec KeysBehindKeyword() {
  KeySpec spec;
  spec.flags = kKeyRw | kKeyAccess | kKeyDelete | kKeyIncomplete;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.index = -2;
  spec.keyword = "KEYS";
  spec.last_key = -1;
  return spec;
}

constexpr CommandSpec kRows[] = {
    {.name = "migrate",
     .arity = -6,
     .flags = kWrite | kMovableKeys | kLongWork,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = Keys(KeyRange(kKeyRw | kKeyAccess | kKeyDelete, kKeyAt, kKeyAt), KeysBehindKeyword()),
     .handler = Migrate,
     .tips = "nondeterministic_output",
     .find_keys = FindMigrateKeys},
};

}  // namespace

const CommandGroup kMigrateCommands{"generic", kRows};

}  // namespace usher::server
