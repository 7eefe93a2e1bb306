// See redis_oracle.h.
#include "tests/support/redis_oracle.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/assert.h"

namespace usher::tests {
namespace {

constexpr const char* kBinary = "/usr/bin/redis-server";
constexpr int kSilenceMsMax = 20'000;
constexpr int kStartTries = 200;
constexpr useconds_t kStartPauseUs = 50'000;

}  // namespace

RedisOracle::RedisOracle(const std::vector<std::string>& options) {
  if (access(kBinary, X_OK) != 0) return;
  ASSERT(mkdtemp(folder_) != nullptr);
  pid_ = fork();
  ASSERT(pid_ >= 0);
  if (pid_ == 0) {
    Start(options);
    _exit(1);
  }
  Connect();
}

/// Becomes redis-server; returns if that fails.
void RedisOracle::Start(const std::vector<std::string>& options) const {
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  std::vector<std::string> words = {kBinary, "--port", "0", "--unixsocket", "redis.sock", "--save", ""};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  if (chdir(folder_) == 0) execv(kBinary, pointers.data());
}

RedisOracle::~RedisOracle() {
  if (pid_ < 0) return;
  if (socket_ >= 0) close(socket_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  std::filesystem::remove_all(folder_);
}

void RedisOracle::Connect() {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = std::string(folder_) + "/redis.sock";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
  int tries = 0;
  while (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ASSERT(++tries < kStartTries);
    usleep(kStartPauseUs);
  }
}

std::string RedisOracle::Call(std::string_view command) {
  // The echo marks the end, so that the reply need not be understood.
  constexpr std::string_view kEnd = "$10\r\nendofreply\r\n";
  const std::string request = std::string(command) + "\r\nECHO endofreply\r\n";
  ASSERT(write(socket_, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  std::string reply;
  while (!reply.ends_with(kEnd)) {
    pollfd readable = {socket_, POLLIN, 0};
    ASSERT(poll(&readable, 1, kSilenceMsMax) == 1);
    char buffer[16 * 1024];
    const ssize_t size = read(socket_, buffer, sizeof buffer);
    ASSERT(size > 0);
    reply.append(buffer, static_cast<size_t>(size));
  }
  reply.resize(reply.size() - kEnd.size());
  return reply;
}

// The file is written before the reply is sent.
std::string RedisOracle::NewEffects() {
  std::ifstream file(std::string(folder_) + "/appendonlydir/appendonly.aof.1.incr.aof", std::ios::binary);
  file.seekg(static_cast<std::streamoff>(effects_read_));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  effects_read_ += text.size();
  return text;
}

}  // namespace usher::tests
