// RdbWriter: the primitives of Redis's RDB format (rdb_format.h), collected in memory and handed to a sink in pieces.
// Memory is bounded by a piece and the longest single string. Without a sink everything stays in memory.
// A sink that fails is not asked again; ok() says so. Complexity: linear. Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace usher::engine {

/// Where an RdbWriter's bytes go.
class RdbSink {
 public:
  virtual ~RdbSink() = default;
  /// False: they could not be written.
  virtual bool Write(std::string_view bytes) = 0;
};

class RdbWriter {
 public:
  static constexpr size_t kPieceBytes = 256 * 1024;

  explicit RdbWriter(RdbSink* sink = nullptr, bool compress = true) : sink_(sink), compress_(compress) {}

  void Byte(uint8_t byte) { bytes_.push_back(static_cast<char>(byte)); }
  void Bytes(std::string_view bytes) { bytes_.append(bytes); }
  void Length(uint64_t length);
  /// In the shortest form: an integer, compressed, or as it is.
  void String(std::string_view text);
  /// The digits of an integer as a string.
  void IntegerString(int64_t value);
  /// The low `bytes` bytes.
  void Little(uint64_t value, size_t bytes);
  void Little32(uint32_t value) { Little(value, sizeof value); }
  void Little64(uint64_t value) { Little(value, sizeof value); }
  void Big64(uint64_t value);
  void Double(double value);
  /// Between two things written: hands what there is to the sink if it is a piece.
  void MayFlush() {
    if (sink_ != nullptr && bytes_.size() >= kPieceBytes) Flush();
  }
  /// Hands everything to the sink. False: it has failed, now or before.
  bool Flush();
  bool ok() const { return ok_; }

  /// What is in memory.
  std::string_view view() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }
  void Clear() { bytes_.clear(); }

 private:
  bool ShortInteger(int64_t value);

  RdbSink* const sink_;
  const bool compress_;
  bool ok_ = true;
  std::string bytes_;
  std::string compressed_;
};

}  // namespace usher::engine
