// See hyperloglog.h.
#include "engine/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/assert.h"

namespace usher::engine::hyperloglog {
namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr size_t kEncodingAt = 4;
constexpr size_t kEstimateAt = 8;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr uint64_t kOutOfDate = uint64_t{1} << 63;

constexpr uint32_t kIndexBits = 14;
constexpr uint32_t kRunBits = 64 - kIndexBits;  // what is left of a hash
constexpr uint32_t kRegisterBits = 6;
constexpr uint8_t kRegisterMax = (1 << kRegisterBits) - 1;

constexpr uint8_t kSparseValueMax = 32;
constexpr uint32_t kValueRunMax = 4;
constexpr uint32_t kShortZerosMax = 64;

// MurmurHash64A (Austin Appleby, public domain algorithm) with the seed that the format demands.
uint64_t HashOf(std::string_view element) {
  constexpr uint64_t kSeed = 0xadc83b19;
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = kSeed ^ (element.size() * kFactor);
  size_t at = 0;
  for (; element.size() - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, element.data() + at, sizeof(word));
    word *= kFactor;
    word ^= word >> kShift;
    hash = (hash ^ word * kFactor) * kFactor;
  }
  if (at < element.size()) {
    uint64_t word = 0;
    std::memcpy(&word, element.data() + at, element.size() - at);
    hash = (hash ^ word) * kFactor;
  }
  hash ^= hash >> kShift;
  hash *= kFactor;
  return hash ^ hash >> kShift;
}

// ---- Dense

uint8_t DenseAt(std::string_view bytes, uint32_t index) {
  const size_t byte = kHeaderBytes + index * kRegisterBits / 8;
  const unsigned shift = index * kRegisterBits % 8;
  unsigned pair = static_cast<uint8_t>(bytes[byte]);
  if (byte + 1 < bytes.size()) pair |= static_cast<unsigned>(static_cast<uint8_t>(bytes[byte + 1])) << 8;
  return static_cast<uint8_t>(pair >> shift & kRegisterMax);
}

void SetDense(char* bytes, uint32_t index, uint8_t value) {
  const size_t byte = kHeaderBytes + index * kRegisterBits / 8;
  const unsigned shift = index * kRegisterBits % 8;
  const unsigned mask = unsigned{kRegisterMax} << shift;
  const unsigned bits = unsigned{value} << shift;
  bytes[byte] = static_cast<char>((static_cast<uint8_t>(bytes[byte]) & ~mask) | bits);
  if (mask > 0xFF) {
    bytes[byte + 1] = static_cast<char>((static_cast<uint8_t>(bytes[byte + 1]) & ~(mask >> 8)) | bits >> 8);
  }
}

bool RaiseDense(RawString& bytes, Mark mark) {
  if (DenseAt(bytes.view(), mark.index) >= mark.value) return false;
  SetDense(bytes.data(), mark.index, mark.value);
  return true;
}

// ---- Sparse

/// Up to three runs that take the place of one.
class RunText {
 public:
  void Zeros(uint32_t length) {
    if (length == 0) return;
    if (length <= kShortZerosMax) return Put(length - 1);
    Put(0x40 | (length - 1) >> 8);
    Put((length - 1) & 0xFF);
  }
  void Values(uint8_t value, uint32_t length) {
    if (length > 0) Put(0x80 | (value - 1u) << 2 | (length - 1));
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  void Put(uint32_t byte) { text_[size_++] = static_cast<char>(byte); }
  char text_[6];
  size_t size_ = 0;
};

struct Place {
  size_t at;         // of the run that holds a register
  size_t before_at;  // of the run before it, or of the first
  uint32_t first;    // register of the run
};

Place FindRun(std::string_view bytes, uint32_t index) {
  Place place{kHeaderBytes, kHeaderBytes, 0};
  for (;;) {
    const Run run = RunAt(bytes, place.at);
    ASSERT(run.bytes > 0);
    if (index < place.first + run.length) return place;
    place.first += run.length;
    place.before_at = place.at;
    place.at += run.bytes;
  }
}

void Splice(RawString& bytes, size_t at, size_t old_bytes, std::string_view text) {
  const size_t tail = bytes.size() - at - old_bytes;
  const size_t new_size = at + text.size() + tail;
  if (new_size > bytes.size()) bytes.Resize(new_size);
  std::memmove(bytes.data() + at + text.size(), bytes.data() + at + old_bytes, tail);
  std::memcpy(bytes.data() + at, text.data(), text.size());
  if (new_size < bytes.size()) bytes.Resize(new_size);
}

bool IsValues(std::string_view bytes, size_t at) {
  return at < bytes.size() && (static_cast<uint8_t>(bytes[at]) & 0x80) != 0;
}

// Joins neighbours of equal value from the run at `at` on, within five steps: Redis looks no further, and its bytes are
// what we must have.
void JoinRuns(RawString& bytes, size_t at) {
  for (int steps = 5; steps > 0 && at < bytes.size(); --steps) {
    const Run run = RunAt(bytes.view(), at);
    if (run.value > 0 && IsValues(bytes.view(), at + 1)) {
      const Run next = RunAt(bytes.view(), at + 1);
      if (next.value == run.value && run.length + next.length <= kValueRunMax) {
        RunText joined;
        joined.Values(run.value, run.length + next.length);
        Splice(bytes, at, 2, joined.view());
        continue;
      }
    }
    at += run.bytes;
  }
}

bool RaiseSparse(RawString& bytes, Mark mark, uint64_t sparse_bytes_max) {
  const Place place = FindRun(bytes.view(), mark.index);
  const Run run = RunAt(bytes.view(), place.at);
  if (run.value >= mark.value) return false;
  const uint32_t before = mark.index - place.first;
  const uint32_t after = run.length - before - 1;
  RunText text;
  const auto put_old = [&](uint32_t length) { run.value == 0 ? text.Zeros(length) : text.Values(run.value, length); };
  bool fits = mark.value <= kSparseValueMax;
  if (fits) {
    put_old(before);
    text.Values(mark.value, 1);
    put_old(after);
    fits = text.view().size() <= run.bytes || bytes.size() + text.view().size() - run.bytes <= sparse_bytes_max;
  }
  if (!fits) {
    ToDense(bytes);
    return RaiseDense(bytes, mark);
  }
  Splice(bytes, place.at, run.bytes, text.view());
  JoinRuns(bytes, place.before_at);
  return true;
}

// ---- Estimating: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017)

double Sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double y = 1;
  double z = x;
  for (double before = -1; before != z;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

double Tau(double x) {
  if (x == 0.0 || x == 1.0) return 0;
  double y = 1;
  double z = 1 - x;
  for (double before = -1; before != z;) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= std::pow(1 - x, 2) * y;
  }
  return z / 3;
}

uint64_t LoadEstimate(std::string_view bytes) {
  uint64_t estimate;
  std::memcpy(&estimate, bytes.data() + kEstimateAt, sizeof(estimate));
  return estimate;
}

}  // namespace

Mark MarkOf(std::string_view element) {
  const uint64_t hash = HashOf(element);
  const uint64_t rest = hash >> kIndexBits | uint64_t{1} << kRunBits;
  return {static_cast<uint32_t>(hash & (kRegisterCount - 1)), static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

std::string Empty() {
  std::string bytes(kMagic);
  bytes.resize(kHeaderBytes, '\0');
  bytes[kEncodingAt] = kSparse;
  RunText zeros;
  zeros.Zeros(kRegisterCount);
  bytes += zeros.view();
  return bytes;
}

bool HasHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return false;
  return bytes[kEncodingAt] == kSparse || (bytes[kEncodingAt] == kDense && bytes.size() == kDenseBytes);
}

bool IsSound(std::string_view bytes) {
  if (IsDense(bytes)) return true;
  uint64_t registers = 0;
  const bool whole = ForEachRun(bytes, [&](uint8_t, uint32_t length, bool) { registers += length; });
  return whole && registers == kRegisterCount;
}

bool IsDense(std::string_view bytes) {
  return bytes[kEncodingAt] == kDense;
}

Run RunAt(std::string_view bytes, size_t at) {
  const auto byte = static_cast<uint8_t>(bytes[at]);
  if ((byte & 0x80) != 0) return {static_cast<uint8_t>((byte >> 2 & 31) + 1), (byte & 3u) + 1, 1};
  if ((byte & 0x40) == 0) return {0, (byte & 63u) + 1, 1};
  if (at + 1 == bytes.size()) return {0, 0, 0};
  return {0, ((byte & 63u) << 8 | static_cast<uint8_t>(bytes[at + 1])) + 1, 2};
}

bool Raise(RawString& bytes, Mark mark, uint64_t sparse_bytes_max) {
  return IsDense(bytes.view()) ? RaiseDense(bytes, mark) : RaiseSparse(bytes, mark, sparse_bytes_max);
}

bool ToDense(RawString& bytes) {
  if (IsDense(bytes.view())) return false;
  Registers registers{};
  Collect(bytes.view(), registers);
  bytes.Resize(kHeaderBytes);
  bytes.Resize(kDenseBytes);
  bytes.data()[kEncodingAt] = kDense;
  for (uint32_t i = 0; i < kRegisterCount; ++i) SetDense(bytes.data(), i, registers[i]);
  return true;
}

void Collect(std::string_view bytes, Registers& registers) {
  if (IsDense(bytes)) {
    for (uint32_t i = 0; i < kRegisterCount; ++i) registers[i] = std::max(registers[i], DenseAt(bytes, i));
    return;
  }
  uint32_t index = 0;
  ForEachRun(bytes, [&](uint8_t value, uint32_t length, bool) {
    if (value > 0) {
      for (uint32_t i = index; i < index + length; ++i) registers[i] = std::max(registers[i], value);
    }
    index += length;
  });
}

uint64_t Estimate(const Registers& registers) {
  std::array<uint32_t, kRegisterMax + 1> counts{};
  for (const uint8_t value : registers) ++counts[value];
  constexpr double kCount = kRegisterCount;
  double z = kCount * Tau((kCount - counts[kRunBits + 1]) / kCount);
  for (uint32_t value = kRunBits; value > 0; --value) {
    z += counts[value];
    z *= 0.5;
  }
  z += kCount * Sigma(counts[0] / kCount);
  constexpr double kAlphaInfinite = 0.721347520444481703680;  // 1 / (2 ln 2)
  return static_cast<uint64_t>(std::llround(kAlphaInfinite * kCount * kCount / z));
}

std::optional<uint64_t> StoredEstimate(std::string_view bytes) {
  const uint64_t estimate = LoadEstimate(bytes);
  if ((estimate & kOutOfDate) != 0) return std::nullopt;
  return estimate;
}

void StoreEstimate(RawString& bytes, uint64_t estimate) {
  std::memcpy(bytes.data() + kEstimateAt, &estimate, sizeof(estimate));
}

void Outdate(RawString& bytes) {
  StoreEstimate(bytes, LoadEstimate(bytes.view()) | kOutOfDate);
}

}  // namespace usher::engine::hyperloglog
