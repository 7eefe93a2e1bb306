// ReadBuffer: order of the bytes, growth, and memory given back.
#include "protocol/read_buffer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "tests/support/test_seed.h"

using namespace usher::protocol;

namespace {

void Receive(ReadBuffer& buffer, const std::string& bytes) {
  const auto room = buffer.Writable(bytes.size());
  REQUIRE(room.size() >= bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  buffer.Commit(bytes.size());
}

}  // namespace

TEST_CASE("ReadBuffer: nothing is allocated before the first read, 16 KiB with it") {
  ReadBuffer buffer;
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.Unread().empty());
  CHECK(buffer.Writable().size() == 16 * 1024);
  buffer.ReleaseIfEmpty();
  CHECK(buffer.capacity() == 0);
}

TEST_CASE("ReadBuffer: agrees with a string under random reads and consumption") {
  std::mt19937_64 random{usher::tests::TestSeed()};
  ReadBuffer buffer;
  std::string model;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0) {
      const std::string text(random() % (random() % 50 == 0 ? 300'000 : 3'000), static_cast<char>(random() % 256));
      Receive(buffer, text);
      model += text;
    } else {
      const size_t bytes = random() % 3 == 0 ? model.size() : random() % (model.size() + 1);
      buffer.Consume(bytes);
      model.erase(0, bytes);
    }
    REQUIRE(buffer.Unread() == model);
  }
}

TEST_CASE("ReadBuffer: small requests never grow it") {
  ReadBuffer buffer;
  for (int i = 0; i < 10'000; ++i) {
    Receive(buffer, std::string(100, 'x'));
    buffer.Consume(i % 2 == 0 ? 90 : 110);
  }
  CHECK(buffer.capacity() == ReadBuffer::kChunkBytes);
}

TEST_CASE("ReadBuffer: an expected bulk gets exactly its room, granted as it arrives") {
  ReadBuffer buffer;
  Receive(buffer, std::string(1000, 'x'));
  const size_t total = 60'000'000;
  size_t missing = total - 1000;
  while (missing != 0) {
    buffer.Expect(missing);
    const auto room = buffer.Writable();
    REQUIRE(!room.empty());
    CHECK(buffer.capacity() <= std::max<size_t>(2 * buffer.Unread().size(), 17 * 1024 * 1024));
    const size_t taken = std::min<size_t>({room.size(), missing, 60'000});
    buffer.Commit(taken);
    missing -= taken;
  }
  CHECK(buffer.capacity() == total);
  buffer.Consume(total);
  CHECK(buffer.capacity() == 0);
}

TEST_CASE("ReadBuffer: a giant buffer shrinks although a partial request follows") {
  ReadBuffer buffer;
  Receive(buffer, std::string(8'000'000, 'x'));
  buffer.Consume(7'999'999);
  Receive(buffer, "y");
  CHECK(buffer.Unread() == "xy");
  CHECK(buffer.capacity() == ReadBuffer::kChunkBytes);
}

TEST_CASE("ReadBuffer: a capacity of the size in use is kept, an unused one given back") {
  ReadBuffer buffer;
  for (int i = 0; i < 100; ++i) {
    Receive(buffer, std::string(200'000, 'x'));
    buffer.Consume(200'000);
  }
  CHECK(buffer.capacity() == 200'000);
  for (int i = 0; i < 100; ++i) {
    Receive(buffer, "x");
    buffer.Consume(1);
  }
  CHECK(buffer.capacity() == ReadBuffer::kChunkBytes);
}

TEST_CASE("ReadBuffer: moving takes the bytes along and leaves an empty buffer") {
  ReadBuffer buffer;
  Receive(buffer, "abc");
  ReadBuffer taken = std::move(buffer);
  CHECK(taken.Unread() == "abc");
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.Unread().empty());
}
