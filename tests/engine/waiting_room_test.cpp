// The waiting room against a naive model under random commands, with what it journals applied to an image of the keys.
#include "engine/waiting_room.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "protocol/number_text.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/test_seed.h"

namespace usher::engine::waiting_room {
namespace {

using tests::EngineFixture;

struct Collected final : BatchSink {
  void Begin(size_t count) override { announced = count; }
  void User(std::string_view user, std::string_view token) override {
    users.emplace_back(user);
    if (!token.empty()) tokens.emplace(token);
  }
  size_t announced = 0;
  std::vector<std::string> users;
  std::set<std::string> tokens;
};

/// What the product document says, as plainly as it can be said.
struct Model {
  struct Token {
    int64_t expires_s;
    bool active = false;
    int extends = 0;
  };
  std::vector<std::string> line;
  std::map<std::string, Token> active;
  uint64_t entered = 0, expired = 0, left = 0;

  bool DropIfOver(const std::string& user, int64_t now_ms) {
    const auto found = active.find(user);
    if (found == active.end() || now_ms < found->second.expires_s * 1000) return false;
    active.erase(found);
    ++expired;
    return true;
  }
  std::vector<std::string> DropOver(int64_t now_ms, size_t limit) {
    std::vector<std::pair<int64_t, std::string>> over;
    for (const auto& [user, token] : active) {
      if (now_ms >= token.expires_s * 1000) over.emplace_back(token.expires_s, user);
    }
    std::sort(over.begin(), over.end());
    over.resize(std::min(over.size(), limit));
    std::vector<std::string> users;
    for (const auto& [expiry, user] : over) {
      active.erase(user);
      users.push_back(user);
    }
    expired += users.size();
    return users;
  }
};

/// The keys as somebody sees them who only reads the journal.
class Image {
 public:
  void Apply(std::string_view bytes) {
    while (!bytes.empty()) ApplyOne(Words(bytes));
  }
  std::map<std::string, std::map<std::string, double>> sets;
  std::map<std::string, std::map<std::string, std::string>> hashes;
  std::map<std::string, int64_t> expiries;

 private:
  static std::vector<std::string> Words(std::string_view& bytes) {
    const auto number = [&] {
      const size_t end = bytes.find("\r\n");
      const size_t value = std::stoul(std::string(bytes.substr(1, end - 1)));
      bytes.remove_prefix(end + 2);
      return value;
    };
    std::vector<std::string> words(number());
    for (std::string& word : words) {
      const size_t length = number();
      word = bytes.substr(0, length);
      bytes.remove_prefix(length + 2);
    }
    return words;
  }
  void ApplyOne(const std::vector<std::string>& words) {
    if (words[0] == "ZADD") {
      for (size_t i = 2; i < words.size(); i += 2) {
        double score = 0;
        REQUIRE(protocol::ParseDouble(words[i], score));
        sets[words[1]][words[i + 1]] = score;
      }
    } else if (words[0] == "ZREM") {
      for (size_t i = 2; i < words.size(); ++i) CHECK(sets[words[1]].erase(words[i]) == 1);
      if (sets[words[1]].empty()) sets.erase(words[1]);
    } else if (words[0] == "HSET") {
      for (size_t i = 2; i < words.size(); i += 2) hashes[words[1]][words[i]] = words[i + 1];
    } else if (words[0] == "PEXPIREAT") {
      expiries[words[1]] = std::stoll(words[2]);
    } else if (words[0] == "DEL") {
      for (size_t i = 1; i < words.size(); ++i) {
        sets.erase(words[i]);
        hashes.erase(words[i]);
        expiries.erase(words[i]);
      }
    } else {
      CHECK((words[0] == "MULTI" || words[0] == "EXEC"));
    }
  }
};

class Comparison {
 public:
  explicit Comparison(uint64_t seed) : random_(seed), fixture_(size_t{64} << 20) {}

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      Step();
      Check();
    }
    CheckImage();
  }

 private:
  std::string AnyUser() { return "u" + std::to_string(random_.Below(25)); }
  template <class Fn>
  auto Do(Fn&& fn) {
    return fixture_.Run([&](EngineContext& context) { return fn(context, queue_); });
  }

  void Step() {
    const std::string user = AnyUser();
    switch (random_.Below(9)) {
      case 0:
      case 1:
        return EnterUser(user);
      case 2:
        return AdmitSome();
      case 3:
        return LookAt(user);
      case 4:
        return ActivateUser(user);
      case 5:
        return ExtendUser(user);
      case 6:
        return LeaveUser(user);
      case 7:
        return ExpireSome();
      default:
        fixture_.now_ms += static_cast<int64_t>(random_.Below(4000));
    }
  }

  void CheckPlace(const Result<Place>& place, const std::string& user, Standing in_line) {
    REQUIRE(place);
    const auto at = std::find(model_.line.begin(), model_.line.end(), user);
    if (const auto token = model_.active.find(user); token != model_.active.end()) {
      CHECK((*place).standing == (token->second.active ? Standing::kActive : Standing::kReady));
      CHECK((*place).expires_at_s == token->second.expires_s);
      CHECK((*place).token.size() == 32);
    } else if (at == model_.line.end()) {
      CHECK((*place).standing == Standing::kNone);
    } else {
      CHECK((*place).standing == in_line);
      CHECK((*place).position == static_cast<size_t>(at - model_.line.begin()));
      CHECK((*place).waiting == model_.line.size());
    }
  }

  void EnterUser(const std::string& user) {
    model_.DropIfOver(user, fixture_.now_ms);
    const bool is_new =
        !model_.active.contains(user) && std::find(model_.line.begin(), model_.line.end(), user) == model_.line.end();
    const Result<Place> place = Do([&](auto& context, const Key& queue) { return Enter(context, queue, user, {}); });
    if (is_new) {
      model_.line.push_back(user);
      ++model_.entered;
    }
    CheckPlace(place, user, is_new ? Standing::kNew : Standing::kWaiting);
  }

  void AdmitSome() {
    const size_t count = random_.Below(6);
    const int64_t most = 1 + static_cast<int64_t>(random_.Below(kActiveMax));
    const int64_t ttl_s = 1 + static_cast<int64_t>(random_.Below(20));
    Collected collected;
    CHECK(Do([&](auto& context, const Key& queue) {
      return Admit(context, queue, {.count = static_cast<int64_t>(count), .ttl_s = ttl_s, .active_max = most},
                   collected);
    }));
    model_.DropOver(fixture_.now_ms, kSliceMax);
    const size_t room = static_cast<size_t>(most) - std::min(static_cast<size_t>(most), model_.active.size());
    const size_t admitted = std::min({count, room, model_.line.size()});
    const std::vector<std::string> expected(model_.line.begin(),
                                            model_.line.begin() + static_cast<ptrdiff_t>(admitted));
    CHECK(collected.users == expected);
    CHECK(collected.announced == admitted);
    CHECK(collected.tokens.size() == admitted);
    for (const std::string& token : collected.tokens) CHECK(tokens_.insert(token).second);
    model_.line.erase(model_.line.begin(), model_.line.begin() + static_cast<ptrdiff_t>(admitted));
    for (const std::string& user : expected) model_.active[user] = {fixture_.now_ms / 1000 + ttl_s};
  }

  void LookAt(const std::string& user) {
    model_.DropIfOver(user, fixture_.now_ms);
    CheckPlace(Do([&](auto& context, const Key& queue) { return Look(context, queue, user); }), user,
               Standing::kWaiting);
  }

  void ActivateUser(const std::string& user) {
    model_.DropIfOver(user, fixture_.now_ms);
    const auto token = model_.active.find(user);
    const int64_t expected = token == model_.active.end() ? 0 : token->second.active ? -1 : 1;
    CHECK(*Do([&](auto& context, const Key& queue) { return Activate(context, queue, user, 7); }) == expected);
    if (expected != 1) return;
    token->second.active = true;
    token->second.expires_s = fixture_.now_ms / 1000 + 7;
  }

  void ExtendUser(const std::string& user) {
    model_.DropIfOver(user, fixture_.now_ms);
    const auto token = model_.active.find(user);
    const bool active = token != model_.active.end() && token->second.active;
    const int64_t expected = !active ? 0 : token->second.extends >= 2 ? -1 : 1;
    CHECK(*Do([&](auto& context, const Key& queue) { return Extend(context, queue, user, 9, 2); }) == expected);
    if (expected != 1) return;
    ++token->second.extends;
    token->second.expires_s = fixture_.now_ms / 1000 + 9;
  }

  void LeaveUser(const std::string& user) {
    model_.DropIfOver(user, fixture_.now_ms);
    const size_t gone = model_.active.erase(user) + static_cast<size_t>(std::erase(model_.line, user));
    model_.left += gone;
    CHECK(*Do([&](auto& context, const Key& queue) { return Leave(context, queue, user); }) ==
          static_cast<int64_t>(gone));
  }

  void ExpireSome() {
    const size_t limit = 1 + random_.Below(4);
    Collected collected;
    CHECK(Do([&](auto& context, const Key& queue) { return Expire(context, queue, limit, collected); }));
    CHECK(collected.users == model_.DropOver(fixture_.now_ms, limit));
  }

  void Check() {
    const Overview overview = *Do([&](auto& context, const Key& queue) { return Inform(context, queue); });
    CHECK(overview.waiting == model_.line.size());
    CHECK(overview.active == model_.active.size());
    CHECK(overview.active <= kActiveMax);
    CHECK(overview.totals.entered == model_.entered);
    CHECK(overview.totals.expired == model_.expired);
    CHECK(overview.totals.left == model_.left);
    const QueueTotals& totals = overview.totals;
    CHECK(overview.waiting + overview.active + totals.expired + totals.left == totals.entered);
  }

  /// The journal alone gives the same keys: for crash recovery and replicas.
  void CheckImage() {
    Image image;
    fixture_.engine.journal()->Read(0, [&](const Journal::RecordInfo&, std::string_view bytes) { image.Apply(bytes); });
    CHECK(image.sets["queue:wait:{q}"].size() == model_.line.size());
    CHECK(image.sets["queue:active:{q}"].size() == model_.active.size());
    CHECK(image.hashes.size() == model_.active.size());
    for (const auto& [user, token] : model_.active) {
      CHECK(image.sets["queue:active:{q}"][user] == static_cast<double>(token.expires_s));
      const std::string key = "active:token:{q}:" + user;
      CHECK(image.expiries[key] == token.expires_s * 1000);
      CHECK(image.hashes[key]["status"] == (token.active ? "ACTIVE" : "READY"));
      CHECK(image.hashes[key]["extend_count"] == std::to_string(token.extends));
      CHECK(image.hashes[key]["expired_at"] == std::to_string(token.expires_s));
    }
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [user, arrival] : image.sets["queue:wait:{q}"]) order.emplace_back(arrival, user);
    std::sort(order.begin(), order.end());
    for (size_t i = 0; i < order.size(); ++i) CHECK(order[i].second == model_.line[i]);
  }

  static constexpr size_t kActiveMax = 8;
  Random random_;
  EngineFixture fixture_;
  const Key queue_ = MakeKey("q");
  Model model_;
  std::set<std::string> tokens_;
};

TEST_CASE("WaitingRoom: agrees with the model under random commands, and so does its journal") {
  for (uint64_t round = 0; round < 20; ++round) Comparison(tests::TestSeed() + round).Run(1500);
}

TEST_CASE("WaitingRoom: a token that was deleted takes its place with it") {
  EngineFixture fixture;
  const Key queue = MakeKey("q");
  Collected collected;
  fixture.Run([&](EngineContext& context) {
    static_cast<void>(Enter(context, queue, "a", {}));
    CHECK(Admit(context, queue, {.count = 1}, collected));
    context.Delete(MakeKey("active:token:{q}:a"));
    CHECK((*Look(context, queue, "a")).standing == Standing::kNone);
    CHECK((*Inform(context, queue)).active == 0);
    CHECK((*Inform(context, queue)).totals.expired == 1);
  });
}

TEST_CASE("WaitingRoom: a token of a wrong type is an error and stays") {
  EngineFixture fixture;
  const Key queue = MakeKey("q");
  const Key token = MakeKey("active:token:{q}:a");
  Collected collected;
  fixture.Run([&](EngineContext& context) {
    static_cast<void>(Enter(context, queue, "a", {}));
    CHECK(Admit(context, queue, {.count = 1}, collected));
    context.SetString(token, "text", kNoExpiry);
    CHECK(Enter(context, queue, "a", {}).error() == Error::kWrongType);
    CHECK(Look(context, queue, "a").error() == Error::kWrongType);
    CHECK(Activate(context, queue, "a", {}).error() == Error::kWrongType);
    CHECK(Extend(context, queue, "a", {}, {}).error() == Error::kWrongType);
    CHECK(Leave(context, queue, "a").error() == Error::kWrongType);
    CHECK((*Inform(context, queue)).active == 1);
    CHECK(context.Peek(token).type() == ValueType::kString);
  });
}

}  // namespace
}  // namespace usher::engine::waiting_room
