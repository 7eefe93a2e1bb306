// PackedList: encodings, and random edits against a vector of strings.
#include "engine/packed_list.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;

std::vector<std::string> Forwards(const PackedList& list) {
  std::vector<std::string> texts;
  PackedScratch scratch;
  for (auto at = list.Begin(); at != list.End(); at = list.Next(at)) texts.emplace_back(list.At(at).Text(scratch));
  return texts;
}

std::vector<std::string> Backwards(const PackedList& list) {
  std::vector<std::string> texts;
  PackedScratch scratch;
  for (auto at = list.End(); at != list.Begin();) {
    at = list.Previous(at);
    texts.emplace_back(list.At(at).Text(scratch));
  }
  return texts;
}

size_t BytesOf(std::string_view text) {
  return PackedText(text).ElementBytes();
}

std::string RandomText(Random& random) {
  static const std::string kAlphabets[] = {"0123456789", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz-_", "0",
                                           "0123456789abcdefg"};
  switch (random.Below(8)) {
    case 0:
      return std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64));
    case 1:
      return std::vector<std::string>{"token", "READY", "status", "Token", "", "-", "-0", "0"}[random.Below(8)];
    case 2:
      return std::string(random.Below(random.Below(30) == 0 ? 70'000 : 300), static_cast<char>(random.Next()));
    default:
      break;
  }
  const std::string& alphabet = kAlphabets[random.Below(5)];
  std::string text(random.Below(70), ' ');
  for (char& c : text) c = alphabet[random.Below(alphabet.size())];
  return text;
}

TEST_CASE("PackedList: every text comes back as it was") {
  const std::vector<std::string> texts = {"",
                                          "0",
                                          "63",
                                          "64",
                                          "-1",
                                          "-0",
                                          "00",
                                          "007",
                                          "+5",
                                          "-",
                                          "1 ",
                                          "127",
                                          "128",
                                          "-128",
                                          "-129",
                                          "32767",
                                          "32768",
                                          "8388607",
                                          "8388608",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "9223372036854775808",
                                          "18446744073709551616",
                                          "deadbeef",
                                          "DEADBEEF",
                                          "deadbee",
                                          "deadbeeg",
                                          "00000000",
                                          "token",
                                          "tokens",
                                          "expires_at",
                                          std::string("a\0b", 3),
                                          std::string(63, 'x'),
                                          std::string(64, 'x'),
                                          std::string(64, 'a'),
                                          std::string(66, 'a'),
                                          std::string(124, 'x'),
                                          std::string(125, 'x'),
                                          std::string(255, 'x'),
                                          std::string(256, 'x'),
                                          std::string(65'535, 'x'),
                                          std::string(65'536, 'x')};
  PackedList list;
  for (const std::string& text : texts) list.Append(PackedText(text));
  CHECK(Forwards(list) == texts);
  CHECK(Backwards(list) == std::vector<std::string>(texts.rbegin(), texts.rend()));
  uint32_t index = 0;
  for (auto at = list.Begin(); at != list.End(); at = list.Next(at), ++index) {
    CHECK(list.At(at).TextBytes() == texts[index].size());
    CHECK(list.Seek(index) == at);
    CHECK(list.Find(PackedText(texts[index])) == at);
  }
  list.Destroy();
}

TEST_CASE("PackedList: encodings have the promised sizes") {
  CHECK(BytesOf("token") == 1);
  CHECK(BytesOf("extend_count") == 1);
  CHECK(BytesOf("63") == 1);
  CHECK(BytesOf("100") == 3);
  CHECK(BytesOf("1700000000") == 6);
  CHECK(BytesOf("0123456789abcdef0123456789abcdef") == 18);
  CHECK(BytesOf("hello") == 7);
}

TEST_CASE("PackedList: a token hash fits in 48 bytes") {
  PackedList list;
  for (const char* text : {"token", "9f86d081884c7d659a2feaa0c55ad015", "status", "READY", "extend_count", "0",
                           "expired_at", "1767225600"}) {
    list.Append(PackedText(text));
  }
  CHECK(list.End() == 30);
  CHECK(list.MemoryBytes() <= 48);
  list.Destroy();
}

TEST_CASE("PackedList: integers are known as such, exactly when canonical") {
  PackedList list;
  PackedScratch scratch;
  for (const int64_t value :
       {int64_t{0}, int64_t{63}, int64_t{64}, int64_t{-1}, int64_t{-128}, int64_t{-129}, int64_t{1} << 40,
        std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    list.Append(PackedText(value));
    const auto last = list.Previous(list.End());
    CHECK(list.At(last).Integer() == value);
    CHECK(list.At(last).Text(scratch) == std::to_string(value));
    CHECK(list.At(last) == PackedText(std::to_string(value)));
  }
  for (const char* text : {"", "01", "-0", "1.5", "9223372036854775808", "deadbeef", "token"}) {
    list.Append(PackedText(text));
    CHECK_FALSE(list.At(list.Previous(list.End())).Integer().has_value());
  }
  list.Destroy();
}

TEST_CASE("PackedList: a strided search looks at fields only") {
  PackedList list;
  for (const char* text : {"a", "b", "b", "a", "c", "c"}) list.Append(PackedText(text));
  CHECK(list.Find(PackedText("b"), list.Begin(), 2) == list.Seek(2));
  CHECK(list.Find(PackedText("a"), list.Seek(1), 2) == list.Seek(3));
  CHECK(list.Find(PackedText("z"), list.Begin(), 2) == list.End());
  list.Destroy();
}

TEST_CASE("PackedList: agrees with a vector under random edits") {
  Random random{TestSeed()};
  PackedList list;
  std::vector<std::string> model;
  for (int step = 0; step < 30'000; ++step) {
    const std::string text = RandomText(random);
    const size_t index = random.Below(model.size() + 1);
    const auto place = static_cast<std::ptrdiff_t>(index);
    const bool small = model.size() < 60;
    if (index == model.size() || random.Below(10) < (small ? 6 : 3)) {
      list.Insert(list.Seek(static_cast<uint32_t>(index)), PackedText(text));
      model.insert(model.begin() + place, text);
    } else if (random.Below(2) == 0) {
      list.Replace(list.Seek(static_cast<uint32_t>(index)), PackedText(text));
      model[index] = text;
    } else {
      const size_t count =
          std::min(model.size() - index, static_cast<size_t>(random.Below(random.Below(50) == 0 ? 80 : 4)));
      list.Erase(list.Seek(static_cast<uint32_t>(index)), static_cast<uint32_t>(count));
      model.erase(model.begin() + place, model.begin() + place + static_cast<std::ptrdiff_t>(count));
    }
    CHECK(list.size() == model.size());
    if (step % 16 != 0) continue;
    CHECK(Forwards(list) == model);
    CHECK(Backwards(list) == std::vector<std::string>(model.rbegin(), model.rend()));
    const std::string probe = RandomText(random);
    uint32_t found = static_cast<uint32_t>(std::find(model.begin(), model.end(), probe) - model.begin());
    CHECK(list.Find(PackedText(probe)) == list.Seek(found));
  }
  PackedList copy = list.Copy();
  CHECK(Forwards(copy) == model);
  copy.Destroy();
  list.Destroy();
}

TEST_CASE("PackedList: memory follows the content down, and an empty list holds none") {
  PackedList list;
  for (int i = 0; i < 1'000; ++i) list.Append(PackedText("some text of a fair length"));
  const size_t full = list.MemoryBytes();
  list.Erase(list.Begin(), 900);
  CHECK(list.MemoryBytes() < full / 4);
  list.Erase(list.Begin(), 100);
  CHECK(list.block() == nullptr);
  CHECK(list.MemoryBytes() == 0);
  CHECK(list.Begin() == list.End());
}

}  // namespace
}  // namespace usher::engine
