// Mailbox: messages to one worker from any thread, delivered in the order they were posted (per sender, and across
// senders whenever one post happens before the other). Lock-free: posting is one exchange on a stack that the owner
// takes whole and reverses. A message's Deliver() may call DeliverAll() again (a worker that serves others while its
// script runs): it goes on where the outer one is, so the order stays.
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
    Take();
    while (Message* const message = PopTaken()) message->Discard();
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
    if (head_.load(std::memory_order_relaxed) != nullptr) Take();
    int count = 0;
    while (Message* const message = PopTaken()) {
      message->Deliver();
      ++count;
    }
    return count;
  }

 private:
  /// Moves what was posted behind what is taken already, oldest first.
  void Take() {
    Message* newest = head_.exchange(nullptr, std::memory_order_acquire);
    Message* oldest = nullptr;
    while (newest != nullptr) {
      Message* next = newest->next_;
      newest->next_ = oldest;
      oldest = newest;
      newest = next;
    }
    Message** end = &taken_;
    while (*end != nullptr) end = &(*end)->next_;
    *end = oldest;
  }

  Message* PopTaken() {
    Message* const oldest = taken_;
    if (oldest != nullptr) taken_ = oldest->next_;
    return oldest;
  }

  std::atomic<Message*> head_{nullptr};
  Message* taken_ = nullptr;  // the owner's: not delivered yet, oldest first
};

}  // namespace usher::server
