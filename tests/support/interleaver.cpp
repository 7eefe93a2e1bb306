// Passing of the baton and the two schedules. See interleaver.h.
#include "tests/support/interleaver.h"

#include <cstdlib>
#include <semaphore>
#include <thread>

#include "tests/support/test_seed.h"

namespace usher::tests {

struct Interleaver::Thread {
  std::function<void()> body;
  std::thread runner;
  std::binary_semaphore baton{0};
  State state = State::kRunnable;
  bool wake_pending = false;
  int64_t priority = 0;
};

namespace {
thread_local Interleaver* running_in = nullptr;
thread_local int64_t logical_now_ns = 0;
constexpr int64_t kClockJumpNs = 500'000;
constexpr uint64_t kClockJumpsOneIn = 3;

constexpr uint64_t kSwitchOneIn[] = {1, 2, 3, 5, 9, 20};
constexpr uint64_t kFallOneIn[] = {4, 8, 16, 32, 64, 128};
}  // namespace

Interleaver::Interleaver(uint64_t seed)
    : random_(seed),
      by_priority_((seed & 1) != 0),
      switch_one_in_(by_priority_ ? kFallOneIn[random_.Below(std::size(kFallOneIn))]
                                  : kSwitchOneIn[random_.Below(std::size(kSwitchOneIn))]) {}

Interleaver::~Interleaver() = default;

void Interleaver::AddThread(std::function<void()> body) {
  auto thread = std::make_unique<Thread>();
  thread->body = std::move(body);
  thread->priority = static_cast<int64_t>(random_.Below(1'000'000)) + 1;
  threads_.push_back(std::move(thread));
}

std::string Interleaver::Run() {
  for (size_t i = 0; i < threads_.size(); ++i) threads_[i]->runner = std::thread([this, i] { ThreadMain(i); });
  const size_t first = ChooseNext(false);
  if (first != kNobody) PassBaton(first);
  for (const auto& thread : threads_) thread->runner.join();
  return complaint_;
}

void Interleaver::ThreadMain(size_t self) {
  threads_[self]->baton.acquire();
  running_in = this;
  logical_now_ns = 0;
  if (complaint_.empty()) {
    try {
      threads_[self]->body();
    } catch (const Stopped&) {  // somebody failed; this body was ended at its next point
    }
  }
  running_in = nullptr;
  threads_[self]->state = State::kDone;
  const size_t next = ChooseNext(false);
  if (next != kNobody) PassBaton(next);
}

void Interleaver::Point() {
  if (running_in != nullptr) running_in->Step();
}

void Interleaver::GiveWay() {
  running_in->FallBehind(running_in->current_);
  running_in->Step();
}

void Interleaver::Step() {
  StopIfFailed();
  if (++steps_ > kStepsMax) Fail("too many steps");
  trace_ = (trace_ ^ (current_ + 1)) * 0x9E3779B97F4A7C15u;
  if (by_priority_ && random_.Below(switch_one_in_) == 0) FallBehind(current_);
  const size_t next = ChooseNext(true);
  if (next == current_) return;
  const size_t self = current_;
  PassBaton(next);
  threads_[self]->baton.acquire();
  StopIfFailed();
}

void Interleaver::Sleep() {
  Interleaver& run = *running_in;
  Thread& self = *run.threads_[run.current_];
  run.Step();
  if (!self.wake_pending) {
    self.state = State::kAsleep;
    run.WaitForBaton();
  }
  self.wake_pending = false;
}

void Interleaver::WaitUntilQuiet() {
  Interleaver& run = *running_in;
  run.threads_[run.current_]->state = State::kWaitsForQuiet;
  run.WaitForBaton();
}

/// The caller has just become unable to move.
void Interleaver::WaitForBaton() {
  const size_t self = current_;
  const size_t next = ChooseNext(false);
  if (next != self) {
    PassBaton(next);
    threads_[self]->baton.acquire();
  }
  StopIfFailed();
}

void Interleaver::Wake(size_t thread) {
  threads_[thread]->wake_pending = true;
  if (threads_[thread]->state == State::kAsleep) threads_[thread]->state = State::kRunnable;
}

void Interleaver::Fail(const std::string& complaint) {
  Interleaver& run = *running_in;
  if (run.complaint_.empty()) run.complaint_ = complaint + " at step " + std::to_string(run.steps_);
  throw Stopped();
}

uint64_t Interleaver::Draw(uint64_t bound) {
  return running_in == nullptr ? 0 : running_in->random_.Below(bound);
}

void Interleaver::StopIfFailed() const {
  if (!complaint_.empty() && std::uncaught_exceptions() == 0) throw Stopped();
}

void Interleaver::PassBaton(size_t next) {
  current_ = next;
  threads_[next]->baton.release();
}

void Interleaver::FallBehind(size_t thread) {
  threads_[thread]->priority = --lowest_priority_;
}

size_t Interleaver::ChooseNext(bool may_stay) {
  if (may_stay && !by_priority_ && random_.Below(switch_one_in_) != 0) return current_;
  CollectAble(State::kRunnable);
  if (able_.empty()) CollectAble(State::kWaitsForQuiet);
  if (able_.empty()) CollectAble(State::kAsleep);
  if (able_.empty()) return kNobody;
  if (threads_[able_[0]]->state == State::kAsleep && complaint_.empty()) {
    complaint_ =
        "deadlock: nobody can move at step " + std::to_string(steps_);  // sleepers are let go, so that they end
  }
  size_t chosen = able_[random_.Below(able_.size())];
  if (by_priority_) {
    for (const size_t candidate : able_) {
      if (threads_[candidate]->priority > threads_[chosen]->priority) chosen = candidate;
    }
  }
  threads_[chosen]->state = State::kRunnable;
  return chosen;
}

void Interleaver::CollectAble(State state) {
  able_.clear();
  for (size_t i = 0; i < threads_.size(); ++i) {
    if (threads_[i]->state == state) able_.push_back(i);
  }
}

int64_t InterleavedSync::NowNs() {
  if (Interleaver::Draw(kClockJumpsOneIn) == 1) logical_now_ns += kClockJumpNs;
  return logical_now_ns;
}

std::string Explore(int count, const std::function<std::string(Interleaver&)>& scenario) {
  const char* fixed = std::getenv("USHER_INTERLEAVING");
  const uint64_t base = fixed != nullptr ? std::strtoull(fixed, nullptr, 10) : TestSeed() << 20;
  for (int i = 0; i < (fixed != nullptr ? 1 : count); ++i) {
    const uint64_t seed = base + static_cast<uint64_t>(i);
    Interleaver interleaver(seed);
    const std::string complaint = scenario(interleaver);
    if (!complaint.empty()) return complaint + " (repeat with USHER_INTERLEAVING=" + std::to_string(seed) + ")";
  }
  return "";
}

}  // namespace usher::tests
