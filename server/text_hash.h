// TextHash: hashing that lets unordered maps keyed by std::string be searched with a std::string_view.
// Thread safety: pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace usher::server {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

}  // namespace usher::server
