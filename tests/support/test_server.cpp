// See test_server.h.
#include "tests/support/test_server.h"

#include <cstdlib>
#include <stdexcept>

#include "engine/base/cycle_clock.h"
#include "server/blocked_client.h"
#include "server/dispatcher.h"

namespace usher::tests {

namespace {

using server::RunEnd;

class ReplyParser {
 public:
  explicit ReplyParser(std::string_view bytes) : bytes_(bytes) {}
  size_t position() const { return at_; }

  Reply Parse() {
    const char type = bytes_.at(at_++);
    const std::string line = Line();
    switch (type) {
      case '+':
      case '-':
      case ',':
      case '(':
      case '#':
        return {type, line, 0, {}};
      case ':':
        return {type, {}, std::stoll(line), {}};
      case '_':
        return {'_', {}, 0, {}};
      case '$':
      case '=':
        return Blob(type, std::stoll(line));
      case '%':
        return Aggregate(type, std::stoll(line) * 2);
      default:
        return Aggregate(type, std::stoll(line));
    }
  }

 private:
  std::string Line() {
    const size_t end = bytes_.find("\r\n", at_);
    if (end == std::string_view::npos) throw std::runtime_error("incomplete reply");
    std::string line(bytes_.substr(at_, end - at_));
    at_ = end + 2;
    return line;
  }
  Reply Blob(char type, int64_t length) {
    if (length < 0) return {'_', {}, 0, {}};
    Reply reply{type, std::string(bytes_.substr(at_, static_cast<size_t>(length))), 0, {}};
    at_ += static_cast<size_t>(length) + 2;
    return reply;
  }
  Reply Aggregate(char type, int64_t count) {
    if (count < 0) return {'_', {}, 0, {}};
    Reply reply{type, {}, 0, {}};
    for (int64_t i = 0; i < count; ++i) reply.elements.push_back(Parse());
    return reply;
  }

  std::string_view bytes_;
  size_t at_ = 0;
};

std::vector<std::string> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    if (!word.empty()) words.emplace_back(word == "\"\"" ? "" : word);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

}  // namespace

const Reply& Reply::operator[](std::string_view field) const {
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i] == field) return elements[i + 1];
  }
  throw std::runtime_error("no such field: " + std::string(field));
}

std::ostream& operator<<(std::ostream& out, const Reply& reply) {
  if (reply.type == ':') return out << ':' << reply.integer;
  if (reply.elements.empty()) return out << (reply.type == 0 ? '?' : reply.type) << reply.text;
  out << reply.type << '[';
  for (const Reply& element : reply.elements) out << element << ' ';
  return out << ']';
}

TestServer::TestServer(TestServerOptions options) : clock_(options.now_ms) {
  options.config.insert(options.config.begin(), {"save", ""});  // no test writes a file that it does not ask for
  for (const std::vector<std::string>& line : options.config) {
    const server::ConfigDirective* directive = server::FindConfigDirective(line.front());
    if (directive == nullptr || !config_.SetAtStart(*directive, {line.begin() + 1, line.end()}).empty()) {
      throw std::runtime_error("bad test configuration: " + line.front());
    }
  }
  config_.PublishAtStart();
  server::Server::Options server_options;
  server_options.clock = &clock_;
  server_options.worker_count = 1;
  server_options.shard_count = options.shard_count;
  server_ = std::make_unique<server::Server>(config_, server_options);
  thread_ = std::make_unique<server::ExecutionThread>(*server_, 0, server::ThreadKind::kPool);
  thread_->BindToThread();
  client_ = std::make_unique<TestClient>(*this);
}

void TestServer::DeliverMail() {
  const auto run_all = [this] {
    thread_->executor.Drain();
    while (thread_->executor.RunReady()) {
    }
  };
  run_all();
  while (mailbox_.DeliverAll() > 0) run_all();
  server_->workers().front()->DeliverMail();
}

TestClient::TestClient(TestServer& test_server)
    : server_(test_server),
      info_(test_server.server().clients().Add(*test_server.server().workers().front())),
      session_(std::make_unique<server::Session>(*this, info_)) {
  info_->pushes_to = this;
  session_->client.Restrict(server::kNotAuthenticated, !test_server.server().config().password.empty());
}

TestClient::~TestClient() {
  if (blocked_ && session_->blocked->Claim()) {
    server_.server().dispatcher().ForgetBlocked(session_->blocked, server_.thread());
  }
  info_->pushes_to = nullptr;
  server_.server().tracking().Disable(session_->client);
  session_.reset();
  server_.DeliverMail();
  server_.server().clients().Remove(*info_);
}

void TestClient::OnReturned(RunEnd end) {
  away_ = false;
  SetBlocked(end);
}

void TestClient::SetBlocked(RunEnd end) {
  blocked_ = end == RunEnd::kBlocked;
  if (blocked_) info_->SetWaiter(session_->blocked);
}

void TestClient::OnServed() {
  blocked_ = false;
  session_->blocked.reset();
  Pump();  // a command that runs once more, or the next one
}

void TestClient::Push(std::string_view bytes) {
  session_->replies.Append(bytes);
}

void TestClient::PostHome(server::Message& message) {
  server_.mailbox_.Post(&message);
}

void TestClient::Send(const std::vector<std::string>& args) {
  std::string request = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) request += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  Feed(request);
}

void TestClient::Feed(std::string_view bytes) {
  unread_ += bytes;
  Pump();
}

bool TestClient::ParseMore() {
  session_->input.Consume(session_->batch.bytes());
  session_->next_request = 0;
  if (broken_ || session_->client.close_after_reply) {
    session_->batch.Clear();
    return false;
  }
  const protocol::Limits limits{size_t{512} << 20, session_->client.authenticated()};
  protocol::ParseStatus status = session_->parser.ParseBatch(session_->input, session_->batch, limits);
  while (status == protocol::ParseStatus::kNeedMore && !unread_.empty()) {
    const std::span<char> room = session_->input.Writable();
    const size_t piece = std::min(room.size(), unread_.size());
    unread_.copy(room.data(), piece);
    session_->input.Commit(piece);
    unread_.erase(0, piece);
    status = session_->parser.ParseBatch(session_->input, session_->batch, limits);
  }
  if (status == protocol::ParseStatus::kError) {
    broken_ = true;
    session_->writer.Error("ERR " + session_->parser.error());
  }
  return status == protocol::ParseStatus::kReady;
}

void TestClient::Pump() {
  server_.thread().RefreshNow();
  server_.thread().last_ns = engine::CycleClock::NowNs();
  while (!blocked_ && !away_ && !paused_) {
    if (session_->next_request >= session_->batch.size() && !ParseMore()) break;
    const RunEnd end = server_.server().dispatcher().RunBatch(*session_, server_.thread(), server::RunPlace::kHome);
    away_ = end == RunEnd::kParked;
    SetBlocked(end);
    paused_ = end == RunEnd::kPaused;
    if (end == RunEnd::kFlush) Flush();
    if (session_->client.close_after_reply && !away_) session_->next_request = session_->batch.size();
    server_.DeliverMail();
  }
}

void TestClient::OnTick(int64_t monotonic_ms) {
  if (paused_ && server_.server().pause().mode() == server::PauseMode::kNone) {
    paused_ = false;
    Pump();
  }
  if (!blocked_ || session_->blocked->deadline_ms().value_or(monotonic_ms + 1) > monotonic_ms) return;
  StopWaiting();
}

bool TestClient::StopWaiting() {
  const std::shared_ptr<server::BlockedClient> waiter = session_->blocked;
  if (waiter == nullptr || !waiter->Claim()) return false;
  session_->EndWait(server::WaitEnd::kTimeout);
  OnServed();
  return true;
}

void TestClient::Flush() {
  flushed_ += session_->replies.Pending();
  session_->replies.MarkSent(session_->replies.size());
}

Reply TestClient::Read() {
  server_.DeliverMail();
  Flush();
  if (flushed_.empty()) return {};
  ReplyParser parser(flushed_);
  Reply reply = parser.Parse();
  flushed_.erase(0, parser.position());
  return reply;
}

Reply TestClient::EndWait() {
  if (!StopWaiting()) throw std::runtime_error("not blocked");
  return Read();
}

Reply TestClient::Run(const std::vector<std::string>& args) {
  Send(args);
  return Read();
}

Reply TestClient::Run(std::string_view line) {
  return Run(SplitWords(line));
}

}  // namespace usher::tests
