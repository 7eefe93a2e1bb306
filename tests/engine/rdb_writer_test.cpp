// RdbWriter: the bytes of lengths and strings; pieces for a sink.
#include "engine/rdb_writer.h"

#include <doctest/doctest.h>

#include <vector>

namespace usher::engine {
namespace {

using namespace std::string_literals;

template <class Fn>
std::string Written(Fn&& fn) {
  RdbWriter writer;
  fn(writer);
  return writer.Take();
}

struct TestSink : RdbSink {
  bool Write(std::string_view bytes) override {
    ++calls;
    text += bytes;
    return !fails;
  }
  std::string text;
  int calls = 0;
  bool fails = false;
};

TEST_CASE("RdbWriter: lengths take one, two, five or nine bytes") {
  const auto length = [](uint64_t value) { return Written([&](RdbWriter& writer) { writer.Length(value); }); };
  CHECK(length(0) == "\x00"s);
  CHECK(length(63) == "\x3f"s);
  CHECK(length(64) == "\x40\x40"s);
  CHECK(length(16383) == "\x7f\xff"s);
  CHECK(length(16384) == "\x80\x00\x00\x40\x00"s);
  CHECK(length(uint64_t{1} << 32) == "\x81\x00\x00\x00\x01\x00\x00\x00\x00"s);
}

TEST_CASE("RdbWriter: small integers are stored as such") {
  const auto text = [](std::string_view value) { return Written([&](RdbWriter& writer) { writer.String(value); }); };
  CHECK(text("-5") == "\xc0\xfb"s);
  CHECK(text("300") == "\xc1\x2c\x01"s);
  CHECK(text("70000") == "\xc2\x70\x11\x01\x00"s);
  CHECK(text("2147483648") == "\x0a"s + "2147483648");
  CHECK(text("007") == "\x03"s + "007");
  CHECK(Written([](RdbWriter& writer) { writer.IntegerString(2147483648); }) == "\x0a"s + "2147483648");
}

TEST_CASE("RdbWriter: long repetitive strings are compressed, if wanted") {
  const std::string text(100, 'x');
  CHECK(Written([&](RdbWriter& writer) { writer.String(text); }).substr(0, 1) == "\xc3");
  RdbWriter plain(nullptr, /*compress=*/false);
  plain.String(text);
  CHECK(plain.view() == "\x40\x64" + text);
}

TEST_CASE("RdbWriter: a sink gets pieces, and is left alone once it failed") {
  TestSink sink;
  RdbWriter writer(&sink, false);
  const std::string text(RdbWriter::kPieceBytes / 2, 'a');
  for (int i = 0; i < 6; ++i) {
    writer.Bytes(text);
    writer.MayFlush();
  }
  CHECK(sink.calls == 3);
  sink.fails = true;
  writer.Byte(1);
  CHECK_FALSE(writer.Flush());
  writer.Byte(1);
  CHECK_FALSE(writer.Flush());
  CHECK(sink.calls == 4);
  CHECK_FALSE(writer.ok());
}

}  // namespace
}  // namespace usher::engine
