// ReplySink: where a command handler writes its one reply. RespWriter encodes RESP2/RESP3 bytes; scripting's sink
// builds Lua values. A handler writes exactly one top-level value; aggregates announce their length first, or are
// deferred when the length is not known beforehand. Thread safety: none; the executing thread owns the sink while it
// runs the command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace usher::protocol {

enum class RespVersion : uint8_t { kResp2 = 2, kResp3 = 3 };

class ReplySink {
 public:
  /// Place of an aggregate's header whose length is still unknown.
  struct Deferred {
    size_t offset = 0;
  };

  virtual ~ReplySink() = default;

  virtual RespVersion version() const = 0;

  /// "+text". `text` holds no CR or LF.
  virtual void SimpleString(std::string_view text) = 0;
  /// "-text", the code word included ("ERR syntax error"). CR and LF in `text` are written as spaces, dropped at its
  /// end.
  virtual void Error(std::string_view text) = 0;
  virtual void Integer(int64_t value) = 0;
  virtual void Bulk(std::string_view bytes) = 0;
  /// RESP2 "$-1", RESP3 "_".
  virtual void Null() = 0;
  /// RESP2 "*-1", RESP3 "_".
  virtual void NullArray() = 0;
  /// RESP2 a bulk string as Redis prints doubles (number_text.h FormatDouble), RESP3 ",value".
  virtual void Double(double value) = 0;
  /// RESP2 ":1" / ":0", RESP3 "#t" / "#f".
  virtual void Boolean(bool value) = 0;
  /// RESP2 a bulk string, RESP3 "(digits".
  virtual void BigNumber(std::string_view digits) = 0;
  /// RESP2 a bulk string of `text`, RESP3 "=len\r\nfmt:text" with `format` of exactly three characters ("txt", "mkd").
  virtual void Verbatim(std::string_view format, std::string_view text) = 0;

  virtual void Array(size_t elements) = 0;
  /// RESP2 a flat array of 2 * pairs elements, RESP3 "%pairs".
  virtual void Map(size_t pairs) = 0;
  /// RESP2 an array, RESP3 "~elements".
  virtual void Set(size_t elements) = 0;
  /// RESP2 an array, RESP3 ">elements".
  virtual void Push(size_t elements) = 0;
  /// RESP3 "|pairs" before the value it belongs to; nothing may be written for RESP2 (the caller checks version()).
  virtual void Attribute(size_t pairs) = 0;

  /// Starts an aggregate whose length follows with the matching End...(). They nest.
  virtual Deferred BeginDeferred() = 0;
  virtual void EndArray(Deferred start, size_t elements) = 0;
  virtual void EndMap(Deferred start, size_t pairs) = 0;
  virtual void EndSet(Deferred start, size_t elements) = 0;

  void Ok() { SimpleString("OK"); }
};

}  // namespace usher::protocol
