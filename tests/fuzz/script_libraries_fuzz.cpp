// Fuzz target of what scripts hand bytes to: cjson, cmsgpack, struct, patterns, format, and the compiler itself. The
// first byte chooses; what decodes must survive being encoded and decoded again. Memory is limited, so that a bomb ends
// in an error. Run: build/fuzz/tests/script_libraries_fuzz -max_total_time=60 -max_len=4096 [CORPUS_FOLDER]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/scripting/script_fixture.h"

namespace {

using namespace usher;

constexpr std::string_view kScripts[] = {
    R"(local ok, value = pcall(cjson.decode, ARGV[1])
       if not ok then return 1 end
       cjson.encode_invalid_numbers(true)
       cjson.encode_sparse_array(true)
       local text = cjson.encode(value)
       return #cjson.encode(cjson.decode(text)) == #text and 1 or text)",
    R"(local values = {pcall(cmsgpack.unpack, ARGV[1])}
       if not values[1] then return 1 end
       local packed = cmsgpack.pack(values)
       pcall(cmsgpack.unpack, packed)
       return 1)",
    R"(local at = 0
       for i = 1, 100 do
         local ok, following = pcall(cmsgpack.unpack_one, ARGV[1], at)
         if not ok or following == -1 then break end
         at = following
       end
       return 1)",
    R"(pcall(struct.size, ARGV[1])
       local values = {pcall(struct.unpack, ARGV[1], ARGV[2])}
       if values[1] then pcall(struct.pack, ARGV[1], unpack(values, 2)) end
       return 1)",
    R"(pcall(string.format, ARGV[1], 1, 'x', 2.5, -3, ARGV[2]) return 1)",
    R"(pcall(string.gsub, ARGV[2]:sub(1, 20), ARGV[1]:sub(1, 12), ARGV[2]:sub(1, 20)) return 1)",
    R"(local f = loadstring(ARGV[1]) return 1)",
    R"(tonumber(ARGV[1]) tonumber(ARGV[1], 16) pcall(bit.tohex, ARGV[1], ARGV[2]) return 1)",
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static tests::ScriptFixture scripts({.memory_bytes_max = 64 << 20});
  if (size < 2) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
  const size_t split = data[1] < bytes.size() ? data[1] : bytes.size();
  const std::string_view script = kScripts[data[0] % std::size(kScripts)];
  const bool one_text = data[0] % std::size(kScripts) < 3;
  const std::string reply = one_text ? scripts.Eval(script, {}, {bytes})
                                     : scripts.Eval(script, {}, {bytes.substr(0, split), bytes.substr(split)});
  if (reply != ":1|" && reply.find("not enough memory") == std::string::npos &&
      reply.find("stack overflow") == std::string::npos && reply.find("excessive nesting") == std::string::npos) {
    std::fprintf(stderr, "broken: %s\n", reply.c_str());
    std::abort();
  }
  return 0;
}
