// math, os and bit. math.random() is the lrand48() sequence, from its beginning in every state; os has clock() only.
// Thread safety: as the lua_State.
#include <cmath>
#include <cstring>
#include <ctime>

#include "scripting/lua_libraries.h"
#include "scripting/readonly_table.h"
#include "scripting/runtime_state.h"

namespace usher::scripting {
namespace {

template <double (*kFunction)(double)>
int Unary(lua_State* lua) {
  lua_pushnumber(lua, kFunction(luaL_checknumber(lua, 1)));
  return 1;
}

template <double (*kFunction)(double, double)>
int Binary(lua_State* lua) {
  const double first = luaL_checknumber(lua, 1);
  lua_pushnumber(lua, kFunction(first, luaL_checknumber(lua, 2)));
  return 1;
}

constexpr double kDegreesPerRadian = 57.295779513082320877;

double Degrees(double value) {
  return value * kDegreesPerRadian;
}
double Radians(double value) {
  return value / kDegreesPerRadian;
}

int Ldexp(lua_State* lua) {
  const double value = luaL_checknumber(lua, 1);
  lua_pushnumber(lua, std::ldexp(value, static_cast<int>(TruncateToInteger(luaL_checknumber(lua, 2)))));
  return 1;
}

int Frexp(lua_State* lua) {
  int exponent = 0;
  lua_pushnumber(lua, std::frexp(luaL_checknumber(lua, 1), &exponent));
  lua_pushnumber(lua, exponent);
  return 2;
}

int Modf(lua_State* lua) {
  double whole = 0;
  const double fraction = std::modf(luaL_checknumber(lua, 1), &whole);
  lua_pushnumber(lua, whole);
  lua_pushnumber(lua, fraction);
  return 2;
}

int Min(lua_State* lua) {
  double least = luaL_checknumber(lua, 1);
  for (int i = 2; i <= lua_gettop(lua); ++i) {
    const double value = luaL_checknumber(lua, i);
    if (value < least) least = value;
  }
  lua_pushnumber(lua, least);
  return 1;
}

int Max(lua_State* lua) {
  double greatest = luaL_checknumber(lua, 1);
  for (int i = 2; i <= lua_gettop(lua); ++i) {
    const double value = luaL_checknumber(lua, i);
    if (value > greatest) greatest = value;
  }
  lua_pushnumber(lua, greatest);
  return 1;
}

void CheckInRun(lua_State* lua, const char* name) {
  if (StateOf(lua).host == nullptr) luaL_error(lua, "%s can only be called inside a script invocation", name);
}

int Random(lua_State* lua) {
  CheckInRun(lua, "math.random");
  uint64_t& x = StateOf(lua).random;
  x = (x * 0x5DEECE66D + 0xB) & 0xFFFFFFFFFFFF;  // the 48-bit generator of POSIX
  const auto drawn = static_cast<int32_t>(x >> 17);
  const double r = static_cast<double>(drawn % INT32_MAX) / INT32_MAX;
  double low = 1;
  double high = 0;
  switch (lua_gettop(lua)) {
    case 0:
      lua_pushnumber(lua, r);
      return 1;
    case 1:
      high = static_cast<double>(static_cast<int32_t>(TruncateToInteger(luaL_checknumber(lua, 1))));
      luaL_argcheck(lua, low <= high, 1, "interval is empty");
      break;
    case 2:
      low = static_cast<double>(static_cast<int32_t>(TruncateToInteger(luaL_checknumber(lua, 1))));
      high = static_cast<double>(static_cast<int32_t>(TruncateToInteger(luaL_checknumber(lua, 2))));
      luaL_argcheck(lua, low <= high, 2, "interval is empty");
      break;
    default:
      return luaL_error(lua, "wrong number of arguments");
  }
  lua_pushnumber(lua, std::floor(r * (high - low + 1)) + low);
  return 1;
}

int RandomSeedFunction(lua_State* lua) {
  CheckInRun(lua, "math.randomseed");
  const auto seed = static_cast<uint32_t>(TruncateToInteger(luaL_checknumber(lua, 1)));
  StateOf(lua).random = (uint64_t{seed} << 16) | 0x330E;  // as srand48() does
  return 0;
}

constexpr luaL_Reg kMathFunctions[] = {{"abs", Unary<std::fabs>},
                                       {"acos", Unary<std::acos>},
                                       {"asin", Unary<std::asin>},
                                       {"atan", Unary<std::atan>},
                                       {"atan2", Binary<std::atan2>},
                                       {"ceil", Unary<std::ceil>},
                                       {"cos", Unary<std::cos>},
                                       {"cosh", Unary<std::cosh>},
                                       {"deg", Unary<Degrees>},
                                       {"exp", Unary<std::exp>},
                                       {"floor", Unary<std::floor>},
                                       {"fmod", Binary<std::fmod>},
                                       {"frexp", Frexp},
                                       {"ldexp", Ldexp},
                                       {"log", Unary<std::log>},
                                       {"log10", Unary<std::log10>},
                                       {"max", Max},
                                       {"min", Min},
                                       {"mod", Binary<std::fmod>},
                                       {"modf", Modf},
                                       {"pow", Binary<std::pow>},
                                       {"rad", Unary<Radians>},
                                       {"random", Random},
                                       {"randomseed", RandomSeedFunction},
                                       {"sin", Unary<std::sin>},
                                       {"sinh", Unary<std::sinh>},
                                       {"sqrt", Unary<std::sqrt>},
                                       {"tan", Unary<std::tan>},
                                       {"tanh", Unary<std::tanh>}};

int Clock(lua_State* lua) {
  lua_pushnumber(lua, static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
  return 1;
}

/// The number modulo 2^32, halves rounded to even: adding 1.5 * 2^52 moves the integer's low bits to the fraction's
/// end.
uint32_t Bits(lua_State* lua, int argument) {
  const double shifted = luaL_checknumber(lua, argument) + 6755399441055744.0;
  uint64_t bits = 0;
  std::memcpy(&bits, &shifted, sizeof bits);
  return static_cast<uint32_t>(bits);
}

int PushBits(lua_State* lua, uint32_t bits) {
  lua_pushnumber(lua, static_cast<double>(static_cast<int32_t>(bits)));
  return 1;
}

int BitToBit(lua_State* lua) {
  return PushBits(lua, Bits(lua, 1));
}
int BitNot(lua_State* lua) {
  return PushBits(lua, ~Bits(lua, 1));
}

template <class Operation>
int Fold(lua_State* lua, Operation operation) {
  uint32_t bits = Bits(lua, 1);
  for (int i = lua_gettop(lua); i > 1; --i) bits = operation(bits, Bits(lua, i));
  return PushBits(lua, bits);
}

int BitAnd(lua_State* lua) {
  return Fold(lua, [](uint32_t a, uint32_t b) { return a & b; });
}
int BitOr(lua_State* lua) {
  return Fold(lua, [](uint32_t a, uint32_t b) { return a | b; });
}
int BitXor(lua_State* lua) {
  return Fold(lua, [](uint32_t a, uint32_t b) { return a ^ b; });
}

template <class Operation>
int Shift(lua_State* lua, Operation operation) {
  const uint32_t bits = Bits(lua, 1);
  return PushBits(lua, operation(bits, Bits(lua, 2) & 31));
}

int BitLshift(lua_State* lua) {
  return Shift(lua, [](uint32_t b, uint32_t n) { return b << n; });
}
int BitRshift(lua_State* lua) {
  return Shift(lua, [](uint32_t b, uint32_t n) { return b >> n; });
}
int BitArshift(lua_State* lua) {
  return Shift(lua, [](uint32_t b, uint32_t n) { return static_cast<uint32_t>(static_cast<int32_t>(b) >> n); });
}
int BitRol(lua_State* lua) {
  return Shift(lua, [](uint32_t b, uint32_t n) { return (b << n) | (b >> ((32 - n) & 31)); });
}
int BitRor(lua_State* lua) {
  return Shift(lua, [](uint32_t b, uint32_t n) { return (b >> n) | (b << ((32 - n) & 31)); });
}
int BitSwap(lua_State* lua) {
  return PushBits(lua, __builtin_bswap32(Bits(lua, 1)));
}

int BitToHex(lua_State* lua) {
  uint32_t bits = Bits(lua, 1);
  int64_t digits = lua_isnone(lua, 2) ? 8 : static_cast<int32_t>(Bits(lua, 2));
  const char* symbols = "0123456789abcdef";
  if (digits < 0) {
    digits = -digits;
    symbols = "0123456789ABCDEF";
  }
  if (digits > 8) digits = 8;
  char text[8];
  for (int64_t i = digits; i-- > 0; bits >>= 4) text[i] = symbols[bits & 15];
  lua_pushlstring(lua, text, static_cast<size_t>(digits));
  return 1;
}

constexpr luaL_Reg kBitFunctions[] = {{"tobit", BitToBit},   {"bnot", BitNot},        {"band", BitAnd},
                                      {"bor", BitOr},        {"bxor", BitXor},        {"lshift", BitLshift},
                                      {"rshift", BitRshift}, {"arshift", BitArshift}, {"rol", BitRol},
                                      {"ror", BitRor},       {"bswap", BitSwap},      {"tohex", BitToHex}};

}  // namespace

void OpenMath(lua_State* lua) {
  lua_createtable(lua, 0, 32);
  AddFunctions(lua, kMathFunctions);
  lua_pushnumber(lua, 3.14159265358979323846);
  lua_setfield(lua, -2, "pi");
  lua_pushnumber(lua, HUGE_VAL);
  lua_setfield(lua, -2, "huge");
}

void OpenOs(lua_State* lua) {
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, Clock);
  lua_setfield(lua, -2, "clock");
}

void OpenBit(lua_State* lua) {
  lua_createtable(lua, 0, 12);
  AddFunctions(lua, kBitFunctions);
}

}  // namespace usher::scripting
