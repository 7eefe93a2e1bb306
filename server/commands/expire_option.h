// ExpireOption: the EX, PX, EXAT, PXAT options that SET, GETEX and others share, resolved to an absolute time.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/key_entry.h"
#include "server/arg_reader.h"

namespace usher::server {

class CommandContext;

struct ExpireOption {
  bool given = false;
  int64_t at_ms = engine::kNoExpiry;  // absolute, once resolved

  /// As if "EX value" (or "PX", by the unit) had been given.
  static ExpireOption In(std::string_view value, int64_t unit_ms);
  /// Consumes EX|PX|EXAT|PXAT with its value; false if the next argument is none of them, or another of
  /// them was given already. (Of the same given twice the last counts, as in Redis.)
  bool Accept(ArgReader& reader);
  /// Checks the value and makes it absolute. False: the error is replied. Does nothing when none was given.
  bool Resolve(CommandContext& ctx);
  /// at_ms in digits, valid as long as this.
  std::string_view Text();

 private:
  std::string_view name_;
  std::string_view value_;
  int64_t unit_ms_ = 1;
  bool absolute_ = false;
  std::array<char, 24> digits_{};
};

}  // namespace usher::server
