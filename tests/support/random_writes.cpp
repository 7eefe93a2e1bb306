// See random_writes.h.
#include "tests/support/random_writes.h"

#include <string>

namespace usher::tests {

void WriteAtRandom(TestServer& server, engine::Random& random, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string key = "k" + std::to_string(random.Below(200));
    const std::string value = std::to_string(random.Next());
    server.Run("SELECT " + std::to_string(random.Below(3)));
    switch (random.Below(9)) {
      case 0:
        server.Run("SET " + key + ' ' + value + " PX 500000");
        break;
      case 1:
        server.Run("HSET " + key + " f" + value.substr(0, 2) + ' ' + value);
        break;
      case 2:
        server.Run("ZADD " + key + ' ' + value.substr(0, 5) + " m" + value.substr(0, 3));
        break;
      case 3:
        server.Run("MULTI");
        server.Run("RPUSH " + key + ' ' + value);
        server.Run("INCR counter");
        server.Run("EXEC");
        break;
      case 4:
        server.Run("SADD " + key + ' ' + value);
        server.Run("SPOP " + key);
        break;
      case 5:
        server.Run("XADD " + key + " * f " + value);
        break;
      case 6:
        server.Run("EVAL " + std::string("return{redis.call('set',KEYS[1],1),redis.call('incr','strayed')} 1 ") + key);
        break;
      case 7:
        server.Run("ENTERQUEUE room u" + value.substr(0, 4));
        break;
      default:
        server.Run("DEL " + key);
    }
  }
  server.Run("SELECT 0");
}

}  // namespace usher::tests
