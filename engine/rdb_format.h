// The numbers of Redis's RDB format: files, DUMP payloads, the start of an AOF.
//
//   file     "REDIS" version, 4 digits | record ... | kEof | CRC-64 of all before, 8 bytes (0: not computed)
//   record   (kExpiryMs 8 bytes)(kIdle length | kFreq byte) type, key, value        one key
//            kSelectDb length | kResizeDb length length | kAux string string | kFunction string | ...
//   payload  type, value | version, 2 bytes | CRC-64 of all before, 8 bytes         of DUMP
//   length   00xxxxxx | 01xxxxxx +1 | 0x80 +4 | 0x81 +8 (both most significant first) | 11xxxxxx: a special string
//   string   length bytes | 0xC0 +1, 0xC1 +2, 0xC2 +4: an integer's digits | 0xC3 length length bytes: LZF
// All other numbers are little-endian. We write version 10, that of redis-server 7.0, and read up to 12 (7.4).
#pragma once

#include <cstdint>

namespace usher::engine::rdb {

inline constexpr uint32_t kVersionWritten = 10;
inline constexpr uint32_t kVersionReadMax = 12;

/// What a value is and how it is laid out.
enum Type : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZsetText = 3,  // scores as text
  kHash = 4,
  kZset = 5,
  kModulePreGa = 6,
  kModule = 7,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kZsetZiplist = 12,
  kHashZiplist = 13,
  kListQuicklist = 14,  // of ziplists
  kStream = 15,
  kHashListpack = 16,
  kZsetListpack = 17,
  kListQuicklist2 = 18,
  kStream2 = 19,  // with first ID, greatest deleted ID, entries added and read
  kSetListpack = 20,
  kStream3 = 21,  // with the consumers' active time
  kHashFieldTtlPreGa = 22,
  kHashListpackTtlPreGa = 23,
  kHashFieldTtl = 24,
  kHashListpackTtl = 25,
};

/// What a record is, where it is not a value's type.
enum Opcode : uint8_t {
  kSlotInfo = 0xF4,
  kFunction = 0xF5,
  kFunctionPreGa = 0xF6,
  kModuleAux = 0xF7,
  kIdle = 0xF8,
  kFreq = 0xF9,
  kAux = 0xFA,
  kResizeDb = 0xFB,
  kExpiryMs = 0xFC,
  kExpirySeconds = 0xFD,
  kSelectDb = 0xFE,
  kEof = 0xFF,
};

/// The first byte of a length, and of a special string.
inline constexpr uint8_t kLength32 = 0x80;
inline constexpr uint8_t kLength64 = 0x81;
inline constexpr uint8_t kInt8 = 0xC0;
inline constexpr uint8_t kInt16 = 0xC1;
inline constexpr uint8_t kInt32 = 0xC2;
inline constexpr uint8_t kCompressed = 0xC3;

/// How the nodes of a kListQuicklist2 are laid out.
inline constexpr uint64_t kNodePlain = 1;
inline constexpr uint64_t kNodePacked = 2;

}  // namespace usher::engine::rdb
