// Request and RequestBatch: up to 32 requests parsed ahead from one read buffer, as views into it.
//
//   args_      SET k v | GET k | PING          one flat array, reused: no allocation per command once warm
//   entries_   {0, 3}    {3, 2}  {5, 1}
//
// Views hold until the read buffer is written to or consumed, or the batch is cleared (unescaped inline arguments live
// in the batch). Moving the batch keeps them. Thread safety: none; the batch moves with its connection's read buffer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace usher::protocol {

/// One complete request: its arguments, the command's name first (at least one).
struct Request {
  std::span<const std::string_view> args;
  /// What it took of the read buffer, with the empty requests skipped before (and, for the last one, behind) it.
  size_t bytes = 0;
};

class RequestBatch {
 public:
  static constexpr size_t kRequestsMax = 32;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == kRequestsMax; }

  /// REQUIRES: index < size().
  Request operator[](size_t index) const {
    const Entry& entry = entries_[index];
    return {{args_.data() + entry.first_arg, entry.arg_count}, entry.bytes};
  }

  /// What all requests took of the read buffer: consume it when the batch is executed.
  size_t bytes() const { return bytes_; }

  /// Empties the batch and frees what an unusually large one took.
  void Clear() {
    size_ = 0;
    bytes_ = 0;
    args_used_ = 0;
    unescaped_.clear();
    if (args_.size() > kKeptArgsMax) Release();
  }

  /// Gives all memory back; for connections that went idle. The batch is empty afterwards.
  void Release() {
    size_ = 0;
    bytes_ = 0;
    args_used_ = 0;
    unescaped_.clear();
    std::vector<std::string_view>().swap(args_);
  }

  /// For the parser: room for the next request's arguments, of which Add() takes over the first ones.
  std::string_view* ArgRoom(size_t count) {
    if (args_used_ + count > args_.size()) [[unlikely]] {
      args_.resize(std::max({kFirstArgs, args_used_ + count, args_.size() * 2}));
    }
    return args_.data() + args_used_;
  }

  /// For the parser: completes a request of the first `arg_count` arguments in ArgRoom(). REQUIRES: !full().
  void Add(size_t arg_count, size_t bytes) {
    entries_[size_++] = {static_cast<uint32_t>(args_used_), static_cast<uint32_t>(arg_count), bytes};
    args_used_ += arg_count;
    bytes_ += bytes;
  }

  /// For the parser: counts empty requests behind the last request to it. REQUIRES: !empty().
  void AddSkipped(size_t bytes) {
    entries_[size_ - 1].bytes += bytes;
    bytes_ += bytes;
  }

  /// For the parser: storage for unescaped argument text, freed by Clear().
  char* TextRoom(size_t bytes) {
    unescaped_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    return unescaped_.back().get();
  }

 private:
  static constexpr size_t kFirstArgs = 32;
  static constexpr size_t kKeptArgsMax = 1024;

  struct Entry {
    uint32_t first_arg = 0;
    uint32_t arg_count = 0;
    size_t bytes = 0;
  };

  std::vector<std::string_view> args_;  // its size is the room; args_used_ counts what is taken
  size_t args_used_ = 0;
  size_t size_ = 0;
  size_t bytes_ = 0;
  std::array<Entry, kRequestsMax> entries_;
  std::vector<std::unique_ptr<char[]>> unescaped_;
};

}  // namespace usher::protocol
