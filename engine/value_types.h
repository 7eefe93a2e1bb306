// The types a key's value can have, and which class stands for which. Each container class is one tagged word of
// exactly 8 bytes, trivially relocatable, freed by an explicit Destroy(): it lives inside the key's entry
// (key_entry.h).
#pragma once

#include <cstdint>
#include <string_view>

namespace usher::engine {

class RawString;
class Hash;
class Zset;
class List;
class Set;
class Stream;

enum class ValueType : uint8_t { kString, kList, kSet, kZset, kHash, kStream };

/// As TYPE answers.
constexpr std::string_view TypeName(ValueType type) {
  constexpr std::string_view kNames[] = {"string", "list", "set", "zset", "hash", "stream"};
  return kNames[static_cast<uint8_t>(type)];
}

/// kTypeOf<Hash> is ValueType::kHash, and so on.
template <class T>
inline constexpr ValueType kTypeOf = ValueType::kString;
template <>
inline constexpr ValueType kTypeOf<List> = ValueType::kList;
template <>
inline constexpr ValueType kTypeOf<Set> = ValueType::kSet;
template <>
inline constexpr ValueType kTypeOf<Zset> = ValueType::kZset;
template <>
inline constexpr ValueType kTypeOf<Hash> = ValueType::kHash;
template <>
inline constexpr ValueType kTypeOf<Stream> = ValueType::kStream;

}  // namespace usher::engine
