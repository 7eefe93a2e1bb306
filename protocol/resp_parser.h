// RespParser: incremental parser of RESP2 requests ("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") and inline commands ("GET
// k\r\n").
//
// Two paths: an optimistic one for a request that is wholly in the buffer and well formed, and a careful one that knows
// every limit and error and remembers where it stopped. The optimistic path gives up without a trace, so a request is
// scanned at most twice, however many pieces it arrives in.
//
// Invariants: the remembered progress counts from the start of the incomplete request, which is the first unread byte
// once the batch before it is consumed; so the read buffer may move in between. Nothing but skipped empty requests is
// consumed by the parser. The requests and errors found do not depend on how the bytes were split into reads,
// but for one corner kept from Redis: a line longer than 64 KiB is taken when the read that made it so also brought
// its end.
// Complexity: linear in the bytes. Thread safety: none; it belongs to one connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/read_buffer.h"
#include "protocol/request.h"

namespace usher::protocol {

/// What a client may send. Unauthenticated clients are held to 10 arguments of 16 KiB.
struct Limits {
  size_t proto_max_bulk_bytes = size_t{512} * 1024 * 1024;
  bool authenticated = true;
};

enum class ParseStatus : uint8_t {
  kReady,     // the batch holds requests: execute them, Consume(batch.bytes()), parse again
  kNeedMore,  // no complete request: read more
  kError,     // reply "-ERR " + error() and close after it
};

class RespParser {
 public:
  /// Length of a line (inline command, count or length) above which it is an error while its end is not in sight.
  static constexpr size_t kLineBytesMax = 64 * 1024;

  /// Fills `batch` (cleared first) with the complete requests at the front of `buffer`, up to 32 of them, or one while
  /// the client is unauthenticated, since it may change that. An error shows once the requests before it were consumed.
  ParseStatus ParseBatch(ReadBuffer& buffer, RequestBatch& batch, const Limits& limits);

  /// The last kError's text: "Protocol error: ...".
  const std::string& error() const { return error_; }

  /// Forgets the progress inside an incomplete request. For an owner that executes only the first requests of a batch:
  /// it consumes those, restarts, and finds the others again (or reads the bytes by another protocol).
  void Restart();

 private:
  enum class Step : uint8_t { kRequest, kSkipped, kNeedMore, kError };

  struct Piece {
    size_t offset;  // from the start of the request
    size_t length;
  };

  // Each reads on at scan_ in `data`, which starts with the incomplete request. The parts of a request return kRequest
  // for "read and stepped over".
  Step ParseCarefully(std::string_view data, RequestBatch& batch, const Limits& limits, size_t skipped, size_t* taken);
  Step ParseInline(std::string_view data, RequestBatch& batch, size_t skipped, size_t* taken);
  Step ParseCount(std::string_view data, const Limits& limits);
  Step ParseBulkLength(std::string_view data, const Limits& limits);
  Step ParseBulk(std::string_view data, const Limits& limits);
  Step FindLine(std::string_view data, char terminator, std::string_view too_big, std::string_view* line);
  Step Fail(std::string_view text);
  void EmitPieces(std::string_view data, RequestBatch& batch, size_t skipped);

  // Progress inside the incomplete request at the front of the buffer.
  size_t scan_ = 0;          // where the next line or bulk starts
  size_t line_scanned_ = 0;  // bytes after scan_ known to hold no line end
  int64_t bulks_left_ = 0;   // 0: the count is not read yet
  int64_t bulk_bytes_ = -1;  // -1: the length of the next bulk is not read yet
  std::vector<Piece> pieces_;
  std::string error_;
};

}  // namespace usher::protocol
