// Geo commands through the dispatcher.
#include <doctest/doctest.h>

#include "tests/support/test_server.h"

namespace usher::tests {
namespace {

void AddSicily(TestServer& server) {
  server.Run("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania");
}

TEST_CASE("GEOADD: positions are scores") {
  TestServer server;
  AddSicily(server);
  CHECK(server.Run("ZSCORE g Palermo") == "3479099956230698");
  CHECK(server.Run("GEOPOS g Palermo")[0][0] == "13.36138933897018433");
  CHECK(server.Run("GEOHASH g Palermo")[0] == "sqc8b49rny0");
  CHECK(server.Run("GEOADD g 1 1 a x 1 b").is_error());
  CHECK(server.Run("ZCARD g") == Integer(2));
}

TEST_CASE("GEODIST: in any unit") {
  TestServer server;
  AddSicily(server);
  CHECK(server.Run("GEODIST g Palermo Catania") == "166274.1516");
  CHECK(server.Run("GEODIST g Palermo Catania km") == "166.2742");
  CHECK(server.Run("GEODIST g Palermo Rome").is_null());
}

TEST_CASE("GEOSEARCH: nearest first, within a circle or a box") {
  TestServer server;
  AddSicily(server);
  CHECK(server.Run("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC")[0] == "Catania");
  CHECK(server.Run("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 100 km").elements.size() == 1);
  CHECK(server.Run("GEOSEARCH g FROMMEMBER Palermo BYBOX 400 400 km DESC WITHDIST")[0][1] == "166.2742");
}

TEST_CASE("GEOSEARCHSTORE: stores positions or distances") {
  TestServer server;
  AddSicily(server);
  CHECK(server.Run("GEOSEARCHSTORE {g}d g FROMLONLAT 15 37 BYRADIUS 200 km") == Integer(2));
  CHECK(server.Run("ZSCORE {g}d Palermo") == "3479099956230698");
  CHECK(server.Run("GEORADIUS g 15 37 100 km STOREDIST {g}d") == Integer(1));
  CHECK(server.Run("ZCARD {g}d") == Integer(1));
}

TEST_CASE("GEORADIUS: of several STOREs the last one counts, in whatever shard it is") {
  TestServer server;
  AddSicily(server);
  for (const char* last : {"b", "c", "d", "e", "f"}) {
    CHECK(server.Run({"GEORADIUS", "g", "15", "37", "100", "km", "STORE", "a", "STOREDIST", "x", "STORE", last}) ==
          Integer(1));
    CHECK(server.Run({"EXISTS", "a", "x", last}) == Integer(1));
  }
  CHECK(server.Run("GEORADIUSBYMEMBER g Palermo 100 km STORE a STOREDIST last COUNT 1") == Integer(1));
  CHECK(server.Run("ZSCORE last Palermo") == "0");
  CHECK(server.Run("EXISTS a") == Integer(0));
}

}  // namespace
}  // namespace usher::tests
