// Set: all encodings against a std::set, conversion, scanning and drawing.
#include "engine/set_value.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/test_seed.h"

namespace usher::engine {
namespace {

using usher::tests::TestSeed;
using Model = std::set<std::string>;

const SetLimits kLimits;

std::vector<std::string> MembersOf(const Set& set) {
  std::vector<std::string> members;
  set.ForEach([&](std::string_view member) { members.emplace_back(member); });
  return members;
}

Model ContentsOf(const Set& set) {
  const std::vector<std::string> members = MembersOf(set);
  Model contents(members.begin(), members.end());
  CHECK(contents.size() == members.size());
  return contents;
}

Set SetOf(const std::vector<std::string>& members, const SetLimits& limits = kLimits) {
  Set set;
  for (const std::string& member : members) set.Add(member, limits);
  return set;
}

std::vector<std::string> Numbered(std::string_view prefix, int count) {
  std::vector<std::string> members;
  for (int i = 0; i < count; ++i) members.push_back(std::string(prefix) + std::to_string(i));
  return members;
}

void EditAtRandom(const SetLimits& limits, uint64_t member_count, std::string_view prefix, uint64_t text_percent) {
  Random random{TestSeed()};
  Set set;
  Model model;
  const auto draw = [&] {
    const std::string number = std::to_string(random.Below(member_count));
    return random.Below(100) < text_percent ? std::string(prefix) + number : number;
  };
  for (int step = 0; step < 20'000; ++step) {
    const std::string member = draw();
    if (random.Below(100) < (step / 4'000 % 2 == 0 ? 70 : 30)) {
      CHECK(set.Add(member, limits) == model.insert(member).second);
    } else {
      CHECK(set.Remove(member) == (model.erase(member) == 1));
    }
    CHECK(set.size() == model.size());
    CHECK(set.empty() == model.empty());
    const std::string asked = draw();
    CHECK(set.Contains(asked) == (model.count(asked) == 1));
    if (step % 500 == 0) CHECK(ContentsOf(set) == model);
  }
  Set copy = set.Copy();
  CHECK(copy.encoding() == set.encoding());
  set.Destroy();
  CHECK(set.empty());
  CHECK(ContentsOf(copy) == model);
  copy.Destroy();
  CHECK(copy.MemoryBytes() == 0);
}

TEST_CASE("Set: agrees with a std::set as integers") {
  EditAtRandom(kLimits, 300, "", 0);
}

TEST_CASE("Set: agrees with a std::set while packed") {
  EditAtRandom(kLimits, 60, "member:", 50);
}

TEST_CASE("Set: agrees with a std::set across the conversions") {
  EditAtRandom({.integer_entries_max = 30, .packed_entries_max = 40}, 60, "m", 2);
}

TEST_CASE("Set: agrees with a std::set as a table") {
  EditAtRandom({.integer_entries_max = 0, .packed_entries_max = 0}, 5'000, "m", 50);
}

TEST_CASE("Set: leaves its small forms at Redis's thresholds") {
  Set set = SetOf(Numbered("", 512));
  CHECK(set.encoding() == Set::Encoding::kIntset);
  set.Add("512", kLimits);
  CHECK(set.encoding() == Set::Encoding::kHashtable);
  set.Destroy();

  set = SetOf(Numbered("", 127));
  set.Add("text", kLimits);
  CHECK(set.encoding() == Set::Encoding::kListpack);
  CHECK(set.size() == 128);
  set.Add("text", kLimits);
  CHECK(set.encoding() == Set::Encoding::kListpack);
  set.Add("another", kLimits);
  CHECK(set.encoding() == Set::Encoding::kHashtable);
  set.Destroy();

  set = SetOf(Numbered("", 128));
  set.Add("text", kLimits);
  CHECK(set.encoding() == Set::Encoding::kHashtable);
  CHECK(set.size() == 129);
  set.Destroy();

  set = SetOf({std::string(64, 'x')});
  CHECK(set.encoding() == Set::Encoding::kListpack);
  set.Add(std::string(65, 'x'), kLimits);
  CHECK(set.encoding() == Set::Encoding::kHashtable);
  set.Destroy();

  set = SetOf({"1", std::string(65, 'x')});
  CHECK(set.encoding() == Set::Encoding::kHashtable);
  CHECK(set.Contains("1"));
  set.Destroy();
}

TEST_CASE("Set: integers too long for the packed form make a table") {
  const SetLimits limits{.packed_value_bytes_max = 5};
  Set set = SetOf({"-123456", "a"}, limits);
  CHECK(set.encoding() == Set::Encoding::kHashtable);
  set.Destroy();
  set = SetOf({"12345", "a"}, limits);
  CHECK(set.encoding() == Set::Encoding::kListpack);
  set.Destroy();
}

TEST_CASE("Set: only canonical integers are integers") {
  for (const char* member : {"01", "+1", "-0", " 1", "1.0", "9223372036854775808", ""}) {
    Set set = SetOf({"1", member});
    CHECK(set.encoding() == Set::Encoding::kListpack);
    CHECK(set.size() == 2);
    CHECK(set.Contains(member));
    set.Destroy();
  }
  Set set = SetOf({"9223372036854775807", "-9223372036854775808"});
  CHECK(set.encoding() == Set::Encoding::kIntset);
  CHECK_FALSE(set.Contains("+1"));
  set.Destroy();
}

TEST_CASE("Set: members that come together choose the form as if all were different") {
  const auto encoding_of = [](size_t count, const char* member, const SetLimits& limits) {
    const std::vector<std::string_view> members(count, member);
    Set set;
    CHECK(set.AddAll(members, limits) == 1);
    const Set::Encoding encoding = set.encoding();
    set.Destroy();
    return encoding;
  };
  CHECK(encoding_of(512, "1", kLimits) == Set::Encoding::kIntset);
  CHECK(encoding_of(513, "1", kLimits) == Set::Encoding::kHashtable);
  CHECK(encoding_of(128, "a", kLimits) == Set::Encoding::kListpack);
  CHECK(encoding_of(129, "a", kLimits) == Set::Encoding::kHashtable);
  CHECK(encoding_of(5, "1", {.integer_entries_max = 3}) == Set::Encoding::kListpack);
  Set set = SetOf({"a"});
  CHECK(set.AddAll(std::vector<std::string_view>(129, "b"), kLimits) == 1);
  CHECK(set.encoding() == Set::Encoding::kHashtable);
  CHECK(ContentsOf(set) == Model{"a", "b"});
  set.Destroy();
}

TEST_CASE("Set: integers ascend, packed members keep the order of arrival") {
  Set set = SetOf({"10", "-3", "7"});
  CHECK(MembersOf(set) == std::vector<std::string>{"-3", "7", "10"});
  set.Add("b", kLimits);
  set.Add("1", kLimits);
  set.Add("a", kLimits);
  CHECK(MembersOf(set) == std::vector<std::string>{"-3", "7", "10", "b", "1", "a"});
  set.Destroy();
}

TEST_CASE("Set: what was added in order becomes integers again if all are") {
  Set set;
  for (const char* member : {"3", "1", "2"}) set.AddInOrder(member, kLimits);
  CHECK(MembersOf(set) == std::vector<std::string>{"3", "1", "2"});
  set.ConvertToIntegers(kLimits);
  CHECK(set.encoding() == Set::Encoding::kIntset);
  CHECK(ContentsOf(set) == Model{"1", "2", "3"});
  set.Destroy();
  for (const char* member : {"3", "x"}) set.AddInOrder(member, kLimits);
  set.ConvertToIntegers(kLimits);
  CHECK(set.encoding() == Set::Encoding::kListpack);
  set.Destroy();
}

TEST_CASE("Set: a walk ends when it is told so") {
  for (const int count : {5, 100, 2'000}) {
    Set set = SetOf(Numbered("m", count));
    int seen = 0;
    set.ForEachWhile([&](std::string_view) { return ++seen < 3; });
    CHECK(seen == 3);
    set.Destroy();
  }
}

TEST_CASE("Set: a scan reports what stays, whatever comes and goes meanwhile") {
  Random random{TestSeed()};
  Set set = SetOf(Numbered("m", 3'000));
  Model seen;
  uint64_t cursor = 0;
  do {
    cursor = set.Scan(cursor, [&](std::string_view member) { seen.emplace(member); });
    for (int i = 0; i < 50; ++i) set.Add("guest:" + std::to_string(random.Below(20'000)), kLimits);
    for (int i = 0; i < 50; ++i) set.Remove("guest:" + std::to_string(random.Below(20'000)));
  } while (cursor != 0);
  for (const std::string& member : Numbered("m", 3'000)) CHECK(seen.count(member) == 1);
  set.Destroy();
}

TEST_CASE("Set: every member is drawn equally often") {
  Random random{TestSeed()};
  for (const auto& [prefix, count] : {std::pair{"", 100}, {"m", 100}, {"m", 1'000}}) {
    Set set = SetOf(Numbered(prefix, count));
    for (int i = count / 2; i < count; ++i) set.Remove(prefix + std::to_string(i));
    std::map<std::string, int> drawn;
    const int draws = count / 2 * 400;
    for (int i = 0; i < draws; ++i)
      set.RandomMember(random, [&](std::string_view member) { ++drawn[std::string(member)]; });
    CHECK(drawn.size() == static_cast<size_t>(count / 2));
    for (const auto& [member, times] : drawn) CHECK(std::abs(times - 400) < 140);  // 7 standard deviations
    set.Destroy();
  }
}

TEST_CASE("Set: distinct draws are distinct, repeated ones as many as asked for") {
  Random random{TestSeed()};
  for (const auto& [prefix, count] : {std::pair{"", 90}, {"m", 90}, {"m", 900}}) {
    Set set = SetOf(Numbered(prefix, count));
    for (const size_t wanted : {1u, 5u, 29u, 60u, 89u, 1'000u}) {
      Model drawn;
      size_t calls = 0;
      set.RandomDistinct(random, wanted, [&](std::string_view member) {
        CHECK(set.Contains(member));
        drawn.emplace(member);
        ++calls;
      });
      CHECK(calls == std::min(wanted, set.size()));
      CHECK(drawn.size() == calls);
      calls = 0;
      set.RandomRepeated(random, wanted, [&](std::string_view member) { calls += set.Contains(member) ? 1 : 0; });
      CHECK(calls == wanted);
    }
    set.Destroy();
  }
}

TEST_CASE("Set: popped members are gone, the others stay") {
  Random random{TestSeed()};
  for (const auto& [prefix, count] : {std::pair{"", 100}, {"m", 100}, {"m", 1'000}}) {
    Set set = SetOf(Numbered(prefix, count));
    Model model = ContentsOf(set);
    while (!set.empty()) {
      const size_t before = set.size();
      const size_t wanted = 1 + random.Below(40);
      size_t popped = 0;
      set.PopRandom(random, wanted, [&](std::string_view member) {
        CHECK(model.erase(std::string(member)) == 1);
        ++popped;
      });
      CHECK(popped == std::min(wanted, before));
      CHECK(ContentsOf(set) == model);
    }
    CHECK(set.MemoryBytes() == 0);
  }
}

}  // namespace
}  // namespace usher::engine
