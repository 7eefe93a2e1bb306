// Mailbox: the order of messages, also when one of them reads the mail again while it is delivered.
#include "server/mailbox.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>

namespace usher {
namespace {

class Note final : public server::Message {
 public:
  explicit Note(std::function<void()> say) : say_(std::move(say)) {}
  void Deliver() override { say_(); }

 private:
  std::function<void()> say_;
};

TEST_CASE("Mailbox: messages are delivered in the order they were posted") {
  server::Mailbox mailbox;
  std::string heard;
  Note first([&] { heard += "1"; });
  Note second([&] { heard += "2"; });
  CHECK(mailbox.empty());
  mailbox.Post(&first);
  mailbox.Post(&second);
  CHECK_FALSE(mailbox.empty());
  CHECK(mailbox.DeliverAll() == 2);
  CHECK(heard == "12");
  CHECK(mailbox.DeliverAll() == 0);
}

TEST_CASE("Mailbox: what a message posts is for the next time") {
  server::Mailbox mailbox;
  std::string heard;
  Note late([&] { heard += "late"; });
  Note first([&] { mailbox.Post(&late); });
  mailbox.Post(&first);
  CHECK(mailbox.DeliverAll() == 1);
  CHECK(heard.empty());
  CHECK(mailbox.DeliverAll() == 1);
  CHECK(heard == "late");
}

TEST_CASE("Mailbox: reading the mail inside of a message goes on behind it, in order") {
  server::Mailbox mailbox;
  std::string heard;
  Note third([&] { heard += "3"; });
  Note second([&] { heard += "2"; });
  Note first([&] {
    heard += "(";
    mailbox.Post(&third);
    CHECK(mailbox.DeliverAll() == 2);
    heard += ")";
  });
  mailbox.Post(&first);
  mailbox.Post(&second);
  CHECK(mailbox.DeliverAll() == 1);  // itself: the others were delivered inside
  CHECK(heard == "(23)");
  CHECK(mailbox.empty());
}

TEST_CASE("Mailbox: a message may bring its own post again") {
  server::Mailbox mailbox;
  int rounds = 0;
  Note again([&] {
    if (++rounds < 3) mailbox.Post(&again);
  });
  mailbox.Post(&again);
  while (mailbox.DeliverAll() != 0) {
  }
  CHECK(rounds == 3);
}

}  // namespace
}  // namespace usher
