"""The `lua_values` suite: random expressions in scripts, on both servers: arithmetic and the texts of numbers,
string.format, patterns, cjson, cmsgpack, struct and bit, with values, texts and formats that are often nearly right.

A script gets a hundred expressions as ARGV, runs each by loadstring() under pcall(), and returns what each gave as text,
with all digits of its numbers. Left out is what C leaves open (numbers too large for the integer they become).
"""

import json
import random

from ..harness.resp import Client, text_of

ROUNDS = 40
PER_ROUND = 100
SCRIPT = r"""
local function show(v, depth)
  if type(v) == 'number' then return string.format('%.17g', v) .. '|' .. tostring(v) end
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v) end
  if depth > 8 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = (type(k) == 'table' and 'table' or tostring(k)) .. '=' .. show(v[k], depth + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
for i, source in ipairs(ARGV) do
  local f, message = loadstring(source, '=s')
  local results = f and {pcall(f)} or {message}
  local parts = {}
  for j = 1, table.maxn(results) do parts[j] = show(results[j], 0) end
  out[i] = table.concat(parts, ' ')
end
return out
"""


def quoted(text):
    """A Lua string literal of any bytes."""
    return '"%s"' % "".join("\\%03d" % byte for byte in (text.encode() if isinstance(text, str) else text))


class Writer:
    """Writes random expressions."""

    def __init__(self, rng):
        self.rng = rng
        self.kinds = [
            self.number_text,
            self.arithmetic,
            self.format,
            self.cjson_encode,
            self.cjson_decode,
            self.cmsgpack_round,
            self.cmsgpack_unpack,
            self.struct_pack,
            self.struct_unpack,
            self.bits,
            self.find,
            self.gsub,
            self.gmatch,
            self.tonumber,
        ]

    def expression(self):
        """One of any kind."""
        return self.rng.choice(self.kinds)()

    def number(self):
        """A numeral or a short expression of one."""
        rng = self.rng
        return rng.choice(
            [
                lambda: str(rng.randrange(-10, 10)),
                lambda: str(rng.randrange(-(2**40), 2**40)),
                lambda: repr(rng.uniform(-1000, 1000)),
                lambda: "%de%d" % (rng.randrange(1, 1000), rng.randrange(-20, 16)),
                lambda: "2^%d" % rng.randrange(-10, 62),
                lambda: "(-2^%d)" % rng.randrange(1, 62),
                lambda: "%d/%d" % (rng.randrange(1, 100), rng.randrange(1, 30)),
                lambda: "0x%x" % rng.randrange(2 ** rng.randrange(1, 60)),
                lambda: "%d.5" % rng.randrange(-100, 100),
                lambda: str(2**31 + rng.randrange(-3, 3)),
                lambda: str(10 ** rng.randrange(10, 18) + rng.randrange(-3, 3)),
            ]
        )()

    def bytes(self, length):
        """Some bytes, often of the signs that mean something."""
        special = b"abc019 .%[]()-+*?^$\"\\/\n"
        return bytes(self.rng.choice([self.rng.randrange(256), self.rng.choice(special)]) for _ in range(self.rng.randrange(length)))

    def value(self, depth=0):
        """A Lua value; tables have one key or an array part, so that their order is no question."""
        kind = self.rng.randrange(9 if depth < 4 else 6)
        if kind < 3:
            return self.number()
        if kind < 5:
            return quoted(self.bytes(12))
        if kind == 5:
            return self.rng.choice(["true", "false", "cjson.null"])
        if kind < 8:
            return "{%s}" % ",".join(self.value(depth + 1) for _ in range(self.rng.randrange(5)))
        key = self.rng.choice(["k", '["x y"]', "[%d]" % self.rng.randrange(1, 12), "[1.5]"])
        return "{%s=%s}" % (key, self.value(depth + 1))

    def json_value(self, depth=0):
        """What JSON text is made of."""
        rng = self.rng
        kind = rng.randrange(8 if depth < 4 else 5)
        if kind < 2:
            return rng.choice([rng.randrange(-1000, 1000), rng.random(), rng.randrange(10**16), 1e300, -0.0])
        if kind < 4:
            letters = [rng.randrange(32, 127), rng.randrange(160, 0x3000), 0x1F600, 10, 1]
            return "".join(chr(rng.choice(letters)) for _ in range(rng.randrange(8)))
        if kind == 4:
            return rng.choice([True, False, None])
        if kind < 7:
            return [self.json_value(depth + 1) for _ in range(rng.randrange(4))]
        return {"k%d" % rng.randrange(9): self.json_value(depth + 1) for _ in range(rng.randrange(2))}

    def number_text(self):
        """Numbers as texts."""
        return 'return tostring(%s), (%s) .. "", cjson.encode({%s})' % (self.number(), self.number(), self.number())

    def arithmetic(self):
        """An operation and a comparison."""
        operator, comparison = self.rng.choice("+-*/"), self.rng.choice(["<", "<=", "=="])
        numbers = [self.number() for _ in range(4)]
        return "return (%s) %s (%s), (%s) %s (%s)" % (numbers[0], operator, numbers[1], numbers[2], comparison, numbers[3])

    def format(self):
        """string.format() of one number."""
        flags = self.rng.choice(["", "-", "0", "+", " ", "#", "-0", "+0"])
        width = self.rng.choice(["", "5", "12", ".3", "10.2", ".0", "3.7"])
        return "return string.format('%%%s%s%s', %s)" % (flags, width, self.rng.choice("diouxXeEfgGsq"), self.number())

    def cjson_encode(self):
        """Any value as JSON."""
        return "return cjson.encode(%s)" % self.value()

    def cjson_decode(self):
        """JSON, or what is left of it after one byte has changed."""
        text = bytearray(json.dumps(self.json_value(), ensure_ascii=self.rng.random() < 0.5).encode())
        if self.rng.random() < 0.5:
            text[self.rng.randrange(len(text))] = self.rng.choice(b'{}[],:"\\0 a\x01')
        return "return cjson.decode(%s)" % quoted(bytes(text))

    def cmsgpack_round(self):
        """There and back."""
        return "local p = cmsgpack.pack(%s) return p, cmsgpack.unpack(p)" % self.value()

    def cmsgpack_unpack(self):
        """Bytes that are often broken."""
        likely = b"\x91\x81\x92\xa1\xcb\xd9\xdc\xde\xc0"
        text = bytes(self.rng.choice([self.rng.randrange(256), self.rng.choice(likely)]) for _ in range(self.rng.randrange(1, 20)))
        return "return cmsgpack.unpack(%s)" % quoted(text)

    def struct_format(self, sizes):
        """A format of the struct library."""
        letters = ["b", "B", "h", "H", "l", "L", "i", "I", "i%d" % self.rng.randrange(1, sizes), "f", "d", "s", "x", ">", "<"]
        letters += ["I%d" % self.rng.randrange(1, 9), "c%d" % self.rng.randrange(5), "!", "!%d" % 2 ** self.rng.randrange(5), " ", "T"]
        return quoted("".join(self.rng.choice(letters) for _ in range(self.rng.randrange(1, 7))))

    def struct_pack(self):
        """Values that may not suit the format. (A text with a zero byte is a number to 5.1 if what is before it is.)"""
        values = [self.rng.choice([self.number(), quoted(self.bytes(6).replace(b"\0", b"z"))]) for _ in range(6)]
        return "return struct.pack(%s, %s)" % (self.struct_format(17), ", ".join(values))

    def struct_unpack(self):
        """Bytes that may be too few."""
        data = bytes(self.rng.randrange(256) for _ in range(self.rng.randrange(40)))
        return "return struct.unpack(%s, %s, %d)" % (self.struct_format(9), quoted(data), self.rng.choice([1, 1, 1, 2, 5, 0]))

    def bits(self):
        """An operation of the bit library."""
        names = "band bor bxor lshift rshift arshift rol ror tohex bnot bswap tobit".split()
        other = self.rng.choice([self.number(), str(self.rng.randrange(40))])
        return "return bit.%s(%s, %s)" % (self.rng.choice(names), self.number(), other)

    def pattern(self):
        """A pattern; its parentheses are mostly even."""
        parts = "a|b|.|%a|%d|%s|%w|%p|[abc]|[^a]|[%w_]|(%a)|()|(a*)|b+|c-|d?|%b()|%f[%w]|%1|^|$|%%|%.|[a-c]| ".split("|")
        return quoted("".join(self.rng.choice(parts) for _ in range(self.rng.randrange(1, 6))))

    def subject(self):
        """A text that patterns find something in."""
        return quoted("".join(self.rng.choice("abcd (x)1.%,") for _ in range(self.rng.randrange(12))))

    def find(self):
        """string.find() and string.match() from some place."""
        name, start = self.rng.choice(["find", "match"]), self.rng.choice([1, 1, 2, -2, 5])
        return "return string.%s(%s, %s, %d)" % (name, self.subject(), self.pattern(), start)

    def gsub(self):
        """string.gsub() with a replacement text."""
        replacement = quoted(self.rng.choice(["x", "%0", "<%1>", "%%", "", "%2", "%a"]))
        return "return string.gsub(%s, %s, %s)" % (self.subject(), self.pattern(), replacement)

    def gmatch(self):
        """The first matches of string.gmatch()."""
        loop = "for a, b in string.gmatch(%s, %s) do t[#t + 1] = tostring(a) .. ':' .. tostring(b) if #t > 20 then break end end"
        return "local t = {} " + loop % (self.subject(), self.pattern()) + " return t"

    def tonumber(self):
        """Texts that are numbers, nearly."""
        number = self.number()
        texts = [number, " %s " % number, number + "x", "0x", "1e", "--1", "1e5e", ".", "5.", "inf", "-nan", "0x1p3"]
        based = ["ff", "-12", "zz", "077", "8", " 9 ", "0x1F", ""]
        return "return tonumber(%s), tonumber(%s, %d)" % (
            quoted(self.rng.choice(texts)),
            quoted(self.rng.choice(based)),
            self.rng.choice([2, 8, 16, 36, 10]),
        )


def run(context):
    """ROUNDS scripts of PER_ROUND expressions each."""
    writer = Writer(random.Random("%s lua values" % context.seed))
    with Client(context.pair.ports[0]) as oracle, Client(context.pair.ports[1]) as target:
        if target.call("EVAL", "return 1", 0) != (b":", b"1"):
            context.report.skip("lua_values", "target does not know EVAL", ROUNDS)
            return
        for number in range(ROUNDS):
            if context.out_of_time():
                break
            _round(context, "lua_values/%s/%d" % (context.seed, number), writer, (oracle, target))


def _round(context, check, writer, clients):
    sources = [writer.expression() for _ in range(PER_ROUND)]
    replies = [client.call("EVAL", SCRIPT, 0, *sources) for client in clients]
    differences = []
    if all(isinstance(reply[1], list) for reply in replies):
        for source, one, other in zip(sources, replies[0][1], replies[1][1]):
            if one != other:
                differences.append("%s\n  oracle: %s\n  target: %s" % (source, text_of(one, 500), text_of(other, 500)))
    elif replies[0] != replies[1]:
        differences.append("oracle: %s\ntarget: %s" % tuple(text_of(reply, 500) for reply in replies))
    context.report.check(check, not differences, lambda: "\n".join(differences))
