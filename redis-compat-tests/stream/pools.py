"""The random choices all generators share: few keys so that commands collide, and values at the edges.

A stream must mean the same on two servers with different clocks. So no relative TTL can end while a stream runs,
except the short ones of keys.py, which make the runner wait until the key is surely gone before the next
command.
"""

import struct

INT64_MAX, INT64_MIN = 2**63 - 1, -(2**63)
FAR_AHEAD_S = 4_000_000_000  # absolute expiries lie around here, never near now
SHORT_TTL_MS = 4

KEYS = {"string": 5, "hash": 5, "set": 6, "zset": 6, "list": 5, "stream": 4, "geo": 2}
# Sorted sets whose members all have score 0: what a lexicographic range answers is defined for these only (on mixed
# scores it depends on the random heights of Redis's skip list, so two redis-servers differ).
LEX_KEYS = 3
NUMBER_KEYS = 3
OTHER_KEYS = ["missing", "", "k\x00\xff", "{tag}a", "{tag}b"]
HUGE = 100_000

ODD_NUMBERS = [
    "0",
    "-1",
    "1",
    "2",
    "-2",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "00",
    "-0",
    "+1",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "0x10",
    "",
    "abc",
    "nan",
    "inf",
    "-inf",
    "1\x002",
    "18446744073709551616",
    "٣",
]
ODD_DOUBLES = [
    "0",
    "-0",
    "-0.0",
    "1",
    "1.5",
    "-1.5",
    "inf",
    "+inf",
    "-inf",
    "Infinity",
    "nan",
    "-nan",
    "1e308",
    "-1e308",
    "1e309",
    "1e-308",
    "5e-324",
    "0.1",
    "0.30000000000000004",
    "3.0000000000000004",
    "1e17",
    "1e21",
    "1e22",
    "123456789012345680",
    "9007199254740993",
    "17179869184.5",
    "4.35",
    "1.7976931348623157e308",
    "0x1p3",
    " 1",
    "1 ",
    "",
    "abc",
    "1_0",
    ".5",
    "5.",
    "1e",
    "--1",
    "+5",
    "3.141592653589793238",
    "100000000000000000000",
]
FRAGMENTS = ["a", "b", "aa", "ab", "A", "", "\x00", "\xff", "é", "a b", "\r\n", "zz", "m", "0", "10", "2"]


class Pools:
    """Random choices from one seeded generator."""

    def __init__(self, random):
        self.random = random

    def chance(self, probability):
        """True with this probability."""
        return self.random.random() < probability

    def pick(self, *choices):
        """One of them, uniformly."""
        return self.random.choice(choices)

    def some(self, choices, least=0, most=None):
        """A random selection in random order."""
        most = len(choices) if most is None else most
        return self.random.sample(choices, self.random.randint(least, most))

    def key(self, kind):
        """A key that mostly holds `kind`, sometimes another type, sometimes nothing."""
        if self.chance(0.06):
            kind = self.random.choice(list(KEYS))
        elif self.chance(0.02):
            return self.pick(*OTHER_KEYS)
        return "%s:%d" % (kind, self.random.randrange(KEYS[kind]))

    def lex_key(self):
        """A sorted set with equal scores; sometimes nothing or a wrong type."""
        if self.chance(0.05):
            return self.pick("no-lex", "num:0")  # a string for ever: no command makes a sorted set of it
        return "lex:%d" % self.random.randrange(LEX_KEYS)

    def number_key(self):
        """A key that mostly holds a number; SET gives those numbers."""
        return "num:%d" % self.random.randrange(NUMBER_KEYS) if self.chance(0.75) else self.key("string")

    def destination(self):
        """Where a store command writes: often a set of its own, so that the others stay filled."""
        return "zset:dst%d" % self.random.randrange(2) if self.chance(0.7) else self.key("zset")

    def set_destination(self):
        """The same for the store commands of sets."""
        return "set:dst%d" % self.random.randrange(2) if self.chance(0.7) else self.key("set")

    def any_key(self):
        """A key of whatever type."""
        return self.lex_key() if self.chance(0.08) else self.key(self.random.choice(list(KEYS)))

    def keys(self, kind, most=3):
        """One to `most` keys."""
        return [self.key(kind) for _ in range(self.random.randint(1, most))]

    def all_keys(self):
        """Every key that the generators may give an expiry to."""
        kinds = [*KEYS.items(), ("lex", LEX_KEYS), ("num", NUMBER_KEYS), ("bits", 4), ("hll", 4)]
        named = ["%s:%d" % (kind, i) for kind, count in kinds for i in range(count)]
        return named + ["zset:dst0", "zset:dst1", "set:dst0", "set:dst1", "no-lex", *OTHER_KEYS]

    def value(self):
        """A string value: short, numeric, binary, empty, at encoding limits, rarely huge."""
        roll = self.random.random()
        if roll < 0.30:
            return self.integer()
        if roll < 0.40:
            return self.double()
        if roll < 0.75:
            return self.text()
        if roll < 0.90:
            return self.random.randbytes(self.random.randrange(20))
        if roll < 0.993:
            return b"x" * self.pick(43, 44, 45, 63, 64, 65, 200)
        return self.random.randbytes(self.pick(HUGE, HUGE - 1, 20_000))

    def text(self):
        """Up to four fragments in a row."""
        joined = "".join(self.random.choice(FRAGMENTS) for _ in range(self.random.randint(0, 4)))
        return joined.encode("latin-1")

    def member(self):
        """A field or member: few of them, with ties in prefixes, some long enough to end a listpack."""
        roll = self.random.random()
        if roll < 0.75:
            return b"m%d" % self.random.randrange(10)
        if roll < 0.85:
            return b"%d" % self.random.randrange(12)
        if roll < 0.97:
            return self.text()
        return b"L" * self.pick(63, 64, 65, 300)

    def integer(self):
        """A number, mostly small, often at a limit, sometimes not a number."""
        roll = self.random.random()
        if roll < 0.65:
            return str(self.random.randint(-20, 20))
        if roll < 0.80:
            return str(self.pick(INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1, 2**31, 2**32, -(2**31), 2**53 + 1))
        if roll < 0.91:
            return str(self.random.randint(INT64_MIN, INT64_MAX))
        return self.random.choice(ODD_NUMBERS)

    def index(self):
        """A rank or offset: small, negative, out of range, rarely nonsense."""
        roll = self.random.random()
        if roll < 0.85:
            return str(self.random.randint(-12, 12))
        return self.pick("0", "-1", "1000", "-1000", str(INT64_MAX), str(INT64_MIN), "abc", "1.5", "")

    def count(self, negative=True):
        """A COUNT argument; never so negative that a random-member command would answer forever."""
        if self.chance(0.75):
            return str(self.random.randint(1, 4))
        if self.chance(0.6):
            return str(self.random.randint(-6 if negative else 0, 15))
        return self.pick("0", "1000", "abc", "", "1.5", str(INT64_MAX))

    def double(self):
        """A floating-point number as text."""
        roll = self.random.random()
        if roll < 0.35:
            return str(self.random.randint(-5, 5))
        if roll < 0.60:
            return repr(self.random.choice([-1, 1]) * self.random.randint(0, 4000) / 8)
        if roll < 0.80:
            bits = struct.unpack("<d", self.random.randbytes(8))[0]
            return "%.17g" % bits
        if roll < 0.88:
            return repr(self.random.random() * 10 ** self.random.randint(-10, 20))
        return self.random.choice(ODD_DOUBLES)

    def score(self):
        """A score: few distinct ones so that ties are common."""
        return str(self.random.randint(-3, 3)) if self.chance(0.75) else self.double()

    def ttl_s(self):
        """A relative TTL in seconds that cannot end during a run, or an invalid or deleting one."""
        if self.chance(0.9):
            return str(self.random.randint(10_000, 90_000_000))
        return self.pick(
            "0", "-1", "-100", str(INT64_MAX), str(INT64_MIN), "9223372036854775", "9223372036854776", "abc", "", "1.5"
        )

    def ttl_ms(self):
        """A relative TTL in milliseconds, as ttl_s."""
        if self.chance(0.9):
            return str(self.random.randint(10_000_000, 90_000_000_000))
        return self.pick("0", "-1", "-100", str(INT64_MAX), str(INT64_MIN), "9223372036854775", "abc", "", "1.5")

    def at_s(self):
        """An absolute expiry in seconds: far ahead, long past, or invalid."""
        if self.chance(0.9):
            return str(FAR_AHEAD_S + self.random.randint(-1000, 1000))
        return self.pick("1", "0", "-1", "1000000", str(INT64_MAX), str(INT64_MIN), "9223372036854775", "abc", "")

    def at_ms(self):
        """An absolute expiry in milliseconds, as at_s."""
        if self.chance(0.9):
            return str(FAR_AHEAD_S * 1000 + self.random.randint(-1000, 1000))
        return self.pick("1", "0", "-1", "1000000", str(INT64_MAX), str(INT64_MIN), "abc", "")

    def cased(self, word):
        """The word in capitals mostly, else in a case of its own."""
        if self.chance(0.9):
            return word
        return "".join(self.random.choice((c.lower(), c.upper())) for c in word)

    def expiry_option(self, kinds=("EX", "PX", "EXAT", "PXAT")):
        """One of SET's expiry options with its value."""
        kind = self.random.choice(kinds)
        value = {"EX": self.ttl_s, "PX": self.ttl_ms, "EXAT": self.at_s, "PXAT": self.at_ms}[kind]()
        return [self.cased(kind), value]
