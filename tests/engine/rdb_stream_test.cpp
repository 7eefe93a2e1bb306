// Streams read from files: what must be consistent.
#include "engine/rdb_stream.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/rdb_format.h"
#include "engine/rdb_writer.h"

namespace usher::engine {
namespace {

constexpr std::string_view kFields[] = {"f", "v"};

StreamNode NodeOf(StreamId id) {
  StreamNode node = StreamNode::Make(id, kFields);
  node.Append(id, kFields);
  return node;
}

void WriteNode(RdbWriter& writer, StreamNode node) {
  RdbWriter key;
  key.Big64(node.id.ms);
  key.Big64(node.id.seq);
  writer.String(key.view());
  writer.String(node.block());
  node.Destroy();
}

void WriteNumbers(RdbWriter& writer, uint64_t length, StreamId last) {
  writer.Length(length);
  writer.Length(last.ms);
  writer.Length(last.seq);
}

std::string ErrorOf(const RdbWriter& writer, uint8_t type = rdb::kStream) {
  Stream stream;
  stream.Create();
  RdbReader reader(writer.view());
  const bool ok = DecodeRdbStream(reader, type, stream);
  stream.Destroy();
  return ok ? "" : std::string(reader.error());
}

TEST_CASE("Rdb stream: one of version 5 gets the numbers it has no fields for") {
  RdbWriter writer;
  writer.Length(1);
  WriteNode(writer, NodeOf({5, 1}));
  WriteNumbers(writer, 1, {7, 0});
  writer.Length(1);
  writer.String("group");
  writer.Length(5);
  writer.Length(1);
  writer.Length(0);
  writer.Length(0);
  Stream stream;
  stream.Create();
  RdbReader reader(writer.view());
  REQUIRE(DecodeRdbStream(reader, rdb::kStream, stream));
  CHECK(stream.entries_added() == 1);
  CHECK(stream.first_id() == StreamId{5, 1});
  CHECK(stream.last_id() == StreamId{7, 0});
  CHECK(stream.FindGroup("group")->entries_read == 1);
  stream.Destroy();
}

TEST_CASE("Rdb stream: numbers that contradict the entries are refused") {
  RdbWriter wrong_length;
  wrong_length.Length(1);
  WriteNode(wrong_length, NodeOf({5, 1}));
  WriteNumbers(wrong_length, 2, {7, 0});
  CHECK(ErrorOf(wrong_length) == "a stream's length is not the number of its entries");
  RdbWriter wrong_last;
  wrong_last.Length(1);
  WriteNode(wrong_last, NodeOf({5, 1}));
  WriteNumbers(wrong_last, 1, {5, 0});
  CHECK(ErrorOf(wrong_last) == "a stream's last ID is before its last entry");
  RdbWriter wrong_order;
  wrong_order.Length(2);
  WriteNode(wrong_order, NodeOf({5, 1}));
  WriteNode(wrong_order, NodeOf({5, 1}));
  CHECK(ErrorOf(wrong_order) == "a stream's nodes are out of order");
}

TEST_CASE("Rdb stream: a pending entry belongs to exactly one consumer") {
  const auto with_pending = [](uint64_t pending, uint64_t owned) {
    RdbWriter writer;
    writer.Length(0);
    WriteNumbers(writer, 0, {7, 0});
    writer.Length(1);
    writer.String("group");
    writer.Length(0);
    writer.Length(0);
    writer.Length(pending);
    for (uint64_t i = 0; i < pending; ++i) {
      writer.Big64(5);
      writer.Big64(i);
      writer.Little64(1);
      writer.Length(1);
    }
    writer.Length(1);
    writer.String("consumer");
    writer.Little64(1);
    writer.Length(owned);
    for (uint64_t i = 0; i < owned; ++i) {
      writer.Big64(5);
      writer.Big64(i);
    }
    return ErrorOf(writer);
  };
  CHECK(with_pending(2, 2).empty());
  CHECK(with_pending(2, 1) == "a pending entry has no consumer");
  CHECK(with_pending(1, 2) == "a consumer's pending entry is not one of its group's");
}

}  // namespace
}  // namespace usher::engine
