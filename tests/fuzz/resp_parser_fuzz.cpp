// Fuzz target of RespParser: bytes fed in the splits that the input's head draws must give the same requests, the same
// error and the same incomplete rest as the bytes fed whole.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/resp_parser.h"

namespace {

using namespace usher::protocol;

struct Parsed {
  std::vector<std::vector<std::string>> requests;
  std::string error;
  size_t left = 0;
  bool operator==(const Parsed&) const = default;
};

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

class Feeder {
 public:
  explicit Feeder(const Limits& limits) : limits_(limits) {}

  /// Receives `piece` in one read and executes what is complete. False after an error.
  bool Feed(std::string_view piece) {
    if (!piece.empty()) {
      const auto room = buffer_.Writable(piece.size());
      // The room may be less for an expected bulk's rest only; then the piece takes several reads.
      const size_t taken = std::min(room.size(), piece.size());
      std::memcpy(room.data(), piece.data(), taken);
      buffer_.Commit(taken);
      if (!Drain()) return false;
      return taken == piece.size() || Feed(piece.substr(taken));
    }
    return true;
  }

  const Parsed& parsed() const { return parsed_; }

 private:
  bool Drain() {
    for (;;) {
      const ParseStatus status = parser_.ParseBatch(buffer_, batch_, limits_);
      Collect();
      if (status == ParseStatus::kReady) {
        Require(!batch_.empty(), "a ready batch holds requests");
        buffer_.Consume(batch_.bytes());
        continue;
      }
      Require(batch_.empty(), "only a ready batch holds requests");
      if (status == ParseStatus::kError) parsed_.error = parser_.error();
      parsed_.left = status == ParseStatus::kError ? 0 : buffer_.Unread().size();
      return status == ParseStatus::kNeedMore;
    }
  }

  void Collect() {
    size_t bytes = 0;
    for (size_t i = 0; i < batch_.size(); ++i) {
      const Request request = batch_[i];
      Require(!request.args.empty(), "a request has a name");
      parsed_.requests.emplace_back(request.args.begin(), request.args.end());
      bytes += request.bytes;
    }
    Require(bytes == batch_.bytes(), "requests account for the batch's bytes");
  }

  Limits limits_;
  ReadBuffer buffer_;
  RespParser parser_;
  RequestBatch batch_;
  Parsed parsed_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  uint32_t state = data[0] * 256u + data[1];
  const Limits limits{.proto_max_bulk_bytes = (data[2] & 2) != 0 ? size_t{64} : size_t{1} << 29,
                      .authenticated = (data[2] & 1) == 0};
  const size_t piece_max = size_t{1} << (data[2] >> 4);
  const std::string_view stream(reinterpret_cast<const char*>(data) + 3, size - 3);
  Feeder whole(limits);
  whole.Feed(stream);
  Feeder split(limits);
  for (size_t at = 0; at < stream.size();) {
    state = state * 1664525u + 1013904223u;
    const std::string_view piece = stream.substr(at, 1 + (state >> 8) % piece_max);
    if (!split.Feed(piece)) break;
    at += piece.size();
  }
  Require(whole.parsed() == split.parsed(), "a split does not change what is parsed");
  return 0;
}
