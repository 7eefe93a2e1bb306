// RequestBatch: entries, bytes and storage.
#include "protocol/request.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

using namespace usher::protocol;

TEST_CASE("RequestBatch: requests keep their arguments while later ones make the storage grow") {
  RequestBatch batch;
  batch.ArgRoom(1)[0] = "PING";
  batch.Add(1, 6);
  std::string_view* const args = batch.ArgRoom(5000);
  for (size_t i = 0; i < 5000; ++i) args[i] = "x";
  batch.Add(5000, 100);
  CHECK(batch.size() == 2);
  CHECK(batch[0].args.size() == 1);
  CHECK(batch[0].args[0] == "PING");
  CHECK(batch[1].args[4999] == "x");
  CHECK(batch.bytes() == 106);
}

TEST_CASE("RequestBatch: skipped bytes count to the last request") {
  RequestBatch batch;
  batch.ArgRoom(1)[0] = "PING";
  batch.Add(1, 6);
  batch.AddSkipped(4);
  CHECK(batch[0].bytes == 10);
  CHECK(batch.bytes() == 10);
  batch.Clear();
  CHECK(batch.empty());
  CHECK(batch.bytes() == 0);
}

TEST_CASE("RequestBatch: moving keeps the views into its own text") {
  RequestBatch batch;
  char* const text = batch.TextRoom(3);
  std::copy_n("abc", 3, text);
  batch.ArgRoom(1)[0] = {text, 3};
  batch.Add(1, 5);
  const RequestBatch taken = std::move(batch);
  CHECK(taken[0].args[0] == "abc");
}
