// See aof_replay.h.
#include "server/aof_replay.h"

#include <utility>

#include "server/arg_reader.h"
#include "server/command_context.h"
#include "server/server.h"
#include "server/transaction_run.h"

namespace usher::server {

/// Takes replies and remembers the last error among them.
class AofReplay::NoReply final : public protocol::ReplySink {
 public:
  /// The error that was replied since the last time this was asked.
  std::string TakeError() { return std::exchange(error_, {}); }
  bool has_error() const { return !error_.empty(); }

  protocol::RespVersion version() const override { return protocol::RespVersion::kResp2; }
  void SimpleString(std::string_view) override {}
  void Error(std::string_view text) override { error_ = text; }
  void Integer(int64_t) override {}
  void Bulk(std::string_view) override {}
  void Null() override {}
  void NullArray() override {}
  void Double(double) override {}
  void Boolean(bool) override {}
  void BigNumber(std::string_view) override {}
  void Verbatim(std::string_view, std::string_view) override {}
  void Array(size_t) override {}
  void Map(size_t) override {}
  void Set(size_t) override {}
  void Push(size_t) override {}
  void Attribute(size_t) override {}
  Deferred BeginDeferred() override { return {}; }
  void EndArray(Deferred, size_t) override {}
  void EndMap(Deferred, size_t) override {}
  void EndSet(Deferred, size_t) override {}

 private:
  std::string error_;
};

/// Nobody is at home: the session never leaves this thread.
class AofReplay::NoHome final : public SessionHome {
 public:
  void OnReturned(RunEnd) override {}
  void OnServed() override {}
  void Push(std::string_view) override {}
  void PostHome(Message& message) override { message.Discard(); }
};

AofReplay::AofReplay(Server& server, engine::EngineContext& context)
    : server_(server),
      context_(context),
      thread_(*ExecutionThread::Current()),
      reply_(std::make_unique<NoReply>()),
      home_(std::make_unique<NoHome>()) {
  const auto info = std::make_shared<ClientInfo>(/*client_id=*/0, *server.workers().front());
  session_ = std::make_unique<Session>(*home_, info);
  session_->client.never_waits = true;
  context_.BeginReplay();
}

AofReplay::~AofReplay() {
  context_.set_db(0);
  context_.EndReplay();
}

AofReplay::End AofReplay::Run(engine::AofReader& reader) {
  whole_bytes_ = reader.offset();
  for (;;) {
    switch (reader.Next()) {
      case engine::AofReader::Got::kCommand:
        if (!Take(reader.args())) return End::kUnknownCommand;
        if (!in_transaction_) whole_bytes_ = reader.offset();
        break;
      case engine::AofReader::Got::kEnd:
        if (!in_transaction_) return End::kWhole;
        [[fallthrough]];
      case engine::AofReader::Got::kTruncated:
        in_transaction_ = false;
        kept_.clear();
        return End::kTruncated;
      case engine::AofReader::Got::kMalformed:
        return End::kMalformed;
      case engine::AofReader::Got::kFailed:
        return End::kUnreadable;
    }
  }
}

bool AofReplay::Take(std::span<const std::string_view> args) {
  if (args.size() == 1 && EqualsIgnoringCase(args[0], "MULTI")) {
    in_transaction_ = true;
    return true;
  }
  if (!in_transaction_) return RunCommand(args);
  if (args.size() != 1 || !EqualsIgnoringCase(args[0], "EXEC")) {
    Keep(args);
    return true;
  }
  in_transaction_ = false;
  return RunKept();
}

void AofReplay::Keep(std::span<const std::string_view> args) {
  Kept& kept = kept_.emplace_back();
  for (const std::string_view arg : args) {
    kept.text += arg;
    kept.sizes.push_back(arg.size());
  }
}

bool AofReplay::RunKept() {
  std::vector<std::string_view> args;
  for (const Kept& kept : kept_) {
    args.clear();
    std::string_view text = kept.text;
    for (const size_t size : kept.sizes) {
      args.push_back(text.substr(0, size));
      text.remove_prefix(size);
    }
    if (!RunCommand(args)) return false;
  }
  kept_.clear();
  return true;
}

bool AofReplay::FindRow(std::span<const std::string_view> args) {
  if (last_name_.Matches(args[0])) return true;
  const CommandRow* const row = CommandTable::Get().FindRequested(args);
  const bool by_name_alone =
      row != nullptr && (row->spec->flags & kContainer) == 0 && row->spec->name.find('|') == std::string_view::npos;
  last_name_.Set(by_name_alone ? args[0] : std::string_view());
  if (row == nullptr || row->spec->handler == nullptr) {
    unknown_ = args[0];
    return false;
  }
  command_.row = row;
  return true;
}

bool AofReplay::RunCommand(std::span<const std::string_view> args) {
  if (!FindRow(args)) return false;
  const CommandSpec& spec = *command_.row->spec;
  ++commands_;
  if (!ArityFits(spec, args.size())) {
    reply_->Error("ERR wrong number of arguments");
  } else {
    command_.args = args;
    command_.keys.clear();
    command_.flags = spec.flags;
    if (const size_t at = command_.row->only_key; at != 0) {
      command_.keys.push_back({engine::MakeKey(args[at]), static_cast<uint32_t>(at), spec.keys[0].flags});
    } else if (spec.keys[0].begin != KeySpec::Begin::kNone) {
      ExtractKeys(spec, args, command_.keys);
    }
    CommandContext ctx(*session_, thread_, command_, *reply_);
    if ((spec.flags & kVisitShards) != 0) {
      RunVisits(ctx);
    } else {
      spec.handler(ctx);
    }
    context_.set_db(session_->client.db);
  }
  if (reply_->has_error()) [[unlikely]] {
    server_.log().Warning("== CRITICAL == This server is sending an error to its AOF-loading-client: '" +
                          reply_->TakeError() + "' after processing the command '" + std::string(spec.name) + "'");
  }
  return true;
}

}  // namespace usher::server
