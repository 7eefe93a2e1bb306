// Fuzz target of the whole server in one process: the input is a list of steps of four clients (bytes as they are,
// commands made of the command table's names and the option words of COMMAND DOCS, in pieces), of the clock, and of
// connections that break. Nothing may crash, leak or hang; every reply must be well-formed RESP.
//
// The commands are whatever the table holds, so that a new type is fuzzed from its first day. With USHER_FUZZ_SEEDS=DIR
// a few inputs for each row are written there first, and DIR/commands.dict with the names and words (-dict=...):
//   USHER_FUZZ_SEEDS=corpus server_fuzz -runs=0 && server_fuzz -dict=corpus/commands.dict corpus
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/command_table.h"
#include "server/worker.h"
#include "tests/support/test_server.h"

namespace {

using namespace usher;
using tests::Reply;
using tests::TestClient;
using tests::TestServer;

constexpr size_t kClients = 4;
constexpr size_t kStepsMax = 300;
constexpr size_t kArgsMax = 12;
constexpr size_t kCommonWords = 0x60;  // words that one byte of input names
constexpr uint8_t kCommandStep = 3 * kClients;
constexpr uint8_t kWhole = 0;  // below 0xC0: a request in one piece

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void CollectTokens(const Reply& reply, std::set<std::string>& tokens) {
  for (size_t i = 0; i < reply.elements.size(); ++i) {
    if (i > 0 && reply.elements[i - 1] == "token") tokens.insert(reply.elements[i].text);
    CollectTokens(reply.elements[i], tokens);
  }
}

/// What arguments are made of: few keys, so that they meet; numbers at the edges; every option word there is.
std::vector<std::string> MakeWords() {
  std::vector<std::string> words = {"a",
                                    "b",
                                    "c",
                                    "{q}1",
                                    "{q}2",
                                    "queue:wait:{a}",
                                    "queue:active:{a}",
                                    "m1",
                                    "m2",
                                    "0",
                                    "1",
                                    "2",
                                    "3",
                                    "10",
                                    "100",
                                    "-1",
                                    "-2",
                                    "0.01",
                                    "1.5",
                                    "-inf",
                                    "+inf",
                                    "nan",
                                    "(1",
                                    "(2",
                                    "[m",
                                    "-",
                                    "+",
                                    "*",
                                    "a*",
                                    "1e300",
                                    "",
                                    "4294967296",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "hello",
                                    "0-0",
                                    "maxmemory",
                                    "maxmemory-policy",
                                    "allkeys-lru",
                                    "allkeys-lfu",
                                    "noeviction",
                                    "hash-max-listpack-entries",
                                    "zset-max-listpack-entries",
                                    "1000000",
                                    "list-max-listpack-size",
                                    "set-max-intset-entries",
                                    "set-max-listpack-entries",
                                    "stream-node-max-entries",
                                    "5-1",
                                    "5-*",
                                    "$",
                                    ">",
                                    "u8",
                                    "i64",
                                    "#1",
                                    "13.361389",
                                    "38.115556"};
  words.push_back(std::string(70, 'x'));
  words.push_back(std::string(3000, 'y'));
  TestServer server;
  std::set<std::string> tokens;
  CollectTokens(server.Run("COMMAND DOCS"), tokens);
  words.insert(words.end(), tokens.begin(), tokens.end());
  return words;
}

const std::vector<std::string>& Words() {
  static const std::vector<std::string> words = MakeWords();
  return words;
}

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  bool empty() const { return rest_.empty(); }
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  size_t Word() { return Byte() * size_t{256} + Byte(); }
  std::string_view Bytes(size_t count) {
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  std::string_view rest_;
};

class Play {
 public:
  explicit Play(Input input) : input_(input) {
    for (auto& client : clients_) client = std::make_unique<TestClient>(server_);
  }

  void Run() {
    for (size_t step = 0; step < kStepsMax && !input_.empty(); ++step) {
      const uint8_t byte = input_.Byte();
      Step(clients_[byte % kClients], byte / kClients % 8);
      server_.DeliverMail();
      for (auto& client : clients_) DrainReplies(*client);
    }
    PassTime(int64_t{1} << 32);
  }

 private:
  void Step(std::unique_ptr<TestClient>& client, unsigned kind) {
    switch (kind) {
      case 0:
        client->Feed(input_.Bytes(input_.Byte()));
        break;
      case 1:
        PassTime(int64_t{1} << input_.Byte() % 31);
        break;
      case 2:
        // A client that breaks off in the middle of whatever it does. One that is away comes home first, as at a
        // worker.
        client.reset();
        client = std::make_unique<TestClient>(server_);
        break;
      default:
        FeedInPieces(*client, Command());
    }
    server_.DeliverMail();
    Require(!client->away(), "a session came home");
  }

  std::string Command() {
    const auto rows = server::CommandTable::Get().rows();
    const std::string_view name = rows[input_.Word() % rows.size()].spec->name;
    const size_t bar = name.find('|');
    std::vector<std::string> args = {std::string(name.substr(0, bar))};
    if (bar != std::string_view::npos) args.emplace_back(name.substr(bar + 1));
    for (size_t count = input_.Byte() % kArgsMax; count > 0; --count) args.push_back(Argument());
    std::string request = "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string& arg : args) request += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
    return request;
  }

  std::string Argument() {
    const size_t choice = input_.Byte();
    if (choice < kCommonWords) return Words()[choice];
    if (choice < 0xF0) return Words()[(choice * 256 + input_.Byte()) % Words().size()];
    return std::string(input_.Bytes(choice % 16));
  }

  void FeedInPieces(TestClient& client, std::string_view request) {
    const uint8_t pieces = input_.Byte();
    const size_t piece = pieces < 0xC0 ? request.size() : 1 + pieces % 8;
    for (; !request.empty(); request.remove_prefix(std::min(piece, request.size()))) {
      client.Feed(request.substr(0, piece));
    }
  }

  void PassTime(int64_t milliseconds) {
    passed_ms_ += milliseconds;
    server_.clock().AdvanceMs(milliseconds);
    const int64_t monotonic_ms = server::Worker::MonotonicMs() + passed_ms_;
    server_.server().pause().OnTick(monotonic_ms);
    server_.server().maintenance().SubmitDue(server_.thread());
    server_.DeliverMail();
    for (auto& client : clients_) client->OnTick(monotonic_ms);
    server_.DeliverMail();
  }

  static void DrainReplies(TestClient& client) {
    while (client.Read().type != 0) {
    }
  }

  TestServer server_;
  Input input_;
  std::array<std::unique_ptr<TestClient>, kClients> clients_;
  int64_t passed_ms_ = 0;
};

/// One input per row and number of arguments: the command thrice, with keys, numbers and keys again in turn.
void WriteSeeds(const std::string& folder) {
  const auto rows = server::CommandTable::Get().rows();
  std::ofstream names(folder + "/commands.dict");
  for (size_t row = 0; row < rows.size(); ++row) {
    const std::string name(rows[row].spec->name);
    names << '"' << name.substr(name.find('|') + 1) << "\"\n";
    for (uint8_t args = 1; args <= 5; ++args) {
      std::string input;
      for (uint8_t step = 0; step < 3; ++step) {
        input += {static_cast<char>(kCommandStep), static_cast<char>(row / 256), static_cast<char>(row),
                  static_cast<char>(args)};
        for (uint8_t i = 0; i < args; ++i) input += static_cast<char>(i % 2 == step % 2 ? i / 2 : 9 + i);
        input += static_cast<char>(kWhole);
      }
      std::ofstream(folder + '/' + std::to_string(row) + '-' + std::to_string(args)) << input;
    }
  }
  for (const std::string& word : Words()) {
    if (word.size() > 1 && word.size() < 40) names << '"' << word << "\"\n";
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  Words();
  if (const char* folder = std::getenv("USHER_FUZZ_SEEDS")) WriteSeeds(folder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Play(Input(data, size)).Run();
  return 0;
}
