// Replies as text, for tests that compare whole arrays.
#pragma once

#include <string>
#include <vector>

#include "tests/support/test_server.h"

namespace usher::tests {

/// The texts of an array's elements, each followed by a blank; an error's text.
inline std::string Joined(const Reply& reply) {
  if (reply.is_error()) return reply.text;
  std::string text;
  for (const Reply& element : reply.elements) text += element.text + ' ';
  return text;
}

/// The texts of an array's elements.
inline std::vector<std::string> Texts(const Reply& reply) {
  std::vector<std::string> texts;
  for (const Reply& element : reply.elements) texts.push_back(element.text);
  return texts;
}

}  // namespace usher::tests
