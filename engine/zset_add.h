// The rules of ZADD, stated once for every encoding and caller (ZADD, ZINCRBY, GEOADD, the waiting room): given the
// member's present score, what becomes of it. Pure functions. Thread safety: values, nothing shared.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "engine/base/result.h"

namespace usher::engine {

/// ZADD's options. The command refuses NX with XX, GT or LT and GT with LT.
struct AddRules {
  bool only_new = false;       // NX
  bool only_existing = false;  // XX
  bool only_greater = false;   // GT: an existing score changes only to a greater one
  bool only_less = false;      // LT
  bool increment = false;      // INCR: the score given is added to the present one
};

enum class AddOutcome : uint8_t { kAdded, kChanged, kSame, kRefused };

/// What an upsert did, or would do: `score` is the member's score afterwards (meaningless when refused and not there).
struct AddResult {
  AddOutcome outcome;
  double score;
  std::optional<double> old_score;

  bool added() const { return outcome == AddOutcome::kAdded; }
  bool changed() const { return outcome == AddOutcome::kChanged; }
};

/// Decides what adding `score` to a member with score `current` (none: not there) does. kScoreNan.
inline Result<AddResult> DecideAdd(const AddRules& rules, std::optional<double> current, double score) {
  if (!current) {
    if (rules.only_existing) return AddResult{AddOutcome::kRefused, 0, current};
    if (std::isnan(score)) return Error::kScoreNan;
    return AddResult{AddOutcome::kAdded, score, current};
  }
  if (rules.only_new) return AddResult{AddOutcome::kRefused, *current, current};
  const double wanted = rules.increment ? *current + score : score;
  if (std::isnan(wanted)) return Error::kScoreNan;
  if ((rules.only_greater && wanted <= *current) || (rules.only_less && wanted >= *current)) {
    return AddResult{AddOutcome::kRefused, *current, current};
  }
  if (wanted == *current) return AddResult{AddOutcome::kSame, wanted, current};  // -0 stays, but the sum may be 0
  return AddResult{AddOutcome::kChanged, wanted, current};
}

}  // namespace usher::engine
