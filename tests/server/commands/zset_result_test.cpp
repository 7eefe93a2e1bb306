// The shape of scored replies in both protocol versions.
#include "server/commands/zset_result.h"

#include <doctest/doctest.h>

namespace usher::server {
namespace {

std::string Encoded(protocol::RespVersion version, Scores scores) {
  protocol::ReplyBuffer buffer;
  protocol::RespWriter writer{buffer};
  writer.set_version(version);
  ZsetReply reply(writer, 1, scores);
  reply.Entry("m", 1.5);
  return std::string(buffer.Pending());
}

TEST_CASE("ZsetReply: members alone are the same in both versions") {
  CHECK(Encoded(protocol::RespVersion::kResp2, Scores::kOmitted) == "*1\r\n$1\r\nm\r\n");
  CHECK(Encoded(protocol::RespVersion::kResp3, Scores::kOmitted) == "*1\r\n$1\r\nm\r\n");
}

TEST_CASE("ZsetReply: scores are flat in RESP2 and in pairs in RESP3") {
  CHECK(Encoded(protocol::RespVersion::kResp2, Scores::kShown) == "*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n");
  CHECK(Encoded(protocol::RespVersion::kResp3, Scores::kShown) == "*1\r\n*2\r\n$1\r\nm\r\n,1.5\r\n");
}

}  // namespace
}  // namespace usher::server
