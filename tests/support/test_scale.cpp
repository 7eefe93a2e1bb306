// See test_scale.h.
#include "tests/support/test_scale.h"

#include <algorithm>
#include <cstdlib>

namespace usher::tests {

int Scaled(int count, int floor) {
  static const double scale = [] {
    const char* text = std::getenv("USHER_TEST_SCALE");
    const double value = text != nullptr ? std::strtod(text, nullptr) : 1.0;
    return value > 0 && value <= 1 ? value : 1.0;
  }();
  return std::max(static_cast<int>(count * scale), floor);
}

}  // namespace usher::tests
