// AdmissionRate: how many people a queue admits per second, estimated from what it did lately; the ground of eta_ms.
//
// Each admission is an impulse that fades with a time constant of 30 s:
//   S(t) = sum over admissions i of people_i * exp(-(t - t_i) / 30 s)        rate(t) = S(t) / (30 s * (1 - exp(-(t -
//   t_0) / 30 s)))
// The divisor makes up for a short past. The first admission, at t_0, starts the clock and is not counted itself: it
// stands for a time that nobody measured. So the rate is unknown until the second one, and again after 150 s of
// silence. Complexity: O(1); the exponentials are worked out four times a second at most. Thread safety: none.
#pragma once

#include <cmath>
#include <cstdint>

namespace usher::engine {

class AdmissionRate {
 public:
  void Record(int64_t now_ms, uint64_t people) {
    if (first_ms_ == kNever || now_ms - last_ms_ > kSilenceMs) {
      first_ms_ = now_ms;
      faded_sum_ = 0;
    } else if (now_ms > first_ms_) {
      faded_sum_ = faded_sum_ * Fade(now_ms - last_ms_) + static_cast<double>(people);
    }
    last_ms_ = now_ms;
    known_ms_ = kNever;
  }

  /// People per second; 0 when unknown.
  double PerSecond(int64_t now_ms) {
    if (known_ms_ == kNever || now_ms - known_ms_ >= kKeepMs || now_ms < known_ms_) {
      known_ms_ = now_ms;
      per_second_ = Estimate(now_ms);
    }
    return per_second_;
  }

 private:
  static constexpr int64_t kNever = INT64_MIN;
  static constexpr double kFadeMs = 30'000;
  static constexpr int64_t kSilenceMs = 150'000;
  static constexpr int64_t kKeepMs = 250;

  static double Fade(int64_t elapsed_ms) { return std::exp(-static_cast<double>(elapsed_ms) / kFadeMs); }
  double Estimate(int64_t now_ms) const {
    if (first_ms_ == kNever || faded_sum_ <= 0 || now_ms <= first_ms_ || now_ms - last_ms_ > kSilenceMs) return 0;
    const double past = 1 - Fade(now_ms - first_ms_);
    return faded_sum_ * Fade(now_ms - last_ms_) * 1000 / (kFadeMs * past);
  }

  int64_t first_ms_ = kNever;
  int64_t last_ms_ = kNever;
  int64_t known_ms_ = kNever;
  double faded_sum_ = 0;
  double per_second_ = 0;
};

}  // namespace usher::engine
