// Mailbox: messages to one worker from any thread, delivered in the order they were posted (per sender, and across
// senders whenever one post happens before the other). Lock-free: posting is one exchange on a stack that the owner
// takes whole and reverses. Posting tells whether the owner may be asleep, so that wake-ups can be batched and sent
// later.
#pragma once

#include <atomic>

namespace usher::server {

/// Something the owner does when it reads its mail. A message is deleted by whoever it names as owner: Deliver()
/// decides.
class Message {
 public:
  virtual ~Message() = default;
  /// Runs on the owner's thread. May delete this.
  virtual void Deliver() = 0;
  /// The mailbox goes while this is in it: nobody will read it. May delete this.
  virtual void Discard() {}

 private:
  friend class Mailbox;
  Message* next_ = nullptr;
};

class Mailbox {
 public:
  Mailbox() = default;
  ~Mailbox() {
    for (Message* message = head_.load(); message != nullptr;) {
      Message* const next = message->next_;
      message->Discard();
      message = next;
    }
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Any thread. After this the message belongs to the mailbox's owner.
  void Post(Message* message) {
    Message* head = head_.load(std::memory_order_relaxed);
    do {
      message->next_ = head;
    } while (!head_.compare_exchange_weak(head, message, std::memory_order_seq_cst, std::memory_order_relaxed));
  }

  bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

  /// Owner only: delivers everything posted so far. Returns how many messages there were.
  int DeliverAll() {
    if (head_.load(std::memory_order_relaxed) == nullptr) return 0;
    Message* newest = head_.exchange(nullptr, std::memory_order_acquire);
    Message* oldest = nullptr;
    while (newest != nullptr) {
      Message* next = newest->next_;
      newest->next_ = oldest;
      oldest = newest;
      newest = next;
    }
    int count = 0;
    while (oldest != nullptr) {
      Message* next = oldest->next_;
      oldest->Deliver();
      oldest = next;
      ++count;
    }
    return count;
  }

 private:
  std::atomic<Message*> head_{nullptr};
};

}  // namespace usher::server
