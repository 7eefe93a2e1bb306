"""Generators for strings used as bitmaps. They work on the strings of the other generators and on keys of their own."""

from .registry import command


def _key(p):
    return "bits:%d" % p.random.randrange(4) if p.chance(0.8) else p.key("string")


def _bit_offset(p):
    if p.chance(0.95):
        return str(p.random.randrange(p.pick(20, 200, 5000)))
    return p.pick("-1", "4294967295999", "abc", "", "1.5", str(2**63))


def _bit(p):
    return p.pick("0", "1") if p.chance(0.95) else p.pick("2", "-1", "abc", "")


def _range(p):
    """Only what is valid: 7.0 judges it after the key, 7.2 before (literal cases)."""
    bounds = [str(p.random.randint(-100, 100) if p.chance(0.5) else p.random.randint(-9, 9)) for _ in range(2)]
    return bounds + ([p.cased(p.pick("BIT", "BYTE"))] if p.chance(0.5) else [])


@command("SETBIT", weight=3)
def _setbit(p):
    return [["SETBIT", _key(p), _bit_offset(p), _bit(p)]]


@command("GETBIT", weight=1.5)
def _getbit(p):
    return [["GETBIT", _key(p), _bit_offset(p)]]


@command("BITCOUNT", weight=2, mutable=False)
def _bitcount(p):
    return [["BITCOUNT", _key(p)] + (_range(p) if p.chance(0.7) else [])]


@command("BITPOS", weight=2, mutable=False)
def _bitpos(p):
    return [["BITPOS", _key(p), _bit(p)] + _range(p)[: p.random.randint(0, 3)]]


@command("BITOP", weight=2)
def _bitop(p):
    name = p.pick("AND", "OR", "XOR", "NOT") if p.chance(0.95) else "NAND"
    sources = [_key(p) for _ in range(1 if name == "NOT" and p.chance(0.95) else p.random.randint(1, 4))]
    return [["BITOP", p.cased(name), _key(p)] + sources]


def _field(p):
    kind = p.pick("i", "u") + str(p.random.randint(1, 63)) if p.chance(0.9) else p.pick("i64", "i65", "u64", "u0", "x8")
    offset = str(p.random.randrange(300)) if p.chance(0.7) else "#%d" % p.random.randrange(20)
    return [kind, offset if p.chance(0.97) else p.pick("-1", "#-1", "abc", "#", "")]


@command("BITFIELD", weight=3)
def _bitfield(p):
    args = ["BITFIELD", _key(p)]
    for _ in range(p.random.randint(0, 4)):
        if p.chance(0.3):
            args += [p.cased("OVERFLOW"), p.cased(p.pick("WRAP", "SAT", "FAIL") if p.chance(0.97) else "CLAMP")]
        verb = p.pick("GET", "SET", "INCRBY")
        args += [p.cased(verb)] + _field(p) + ([] if verb == "GET" else [p.integer()])
    return [args]


@command("BITFIELD_RO")
def _bitfield_ro(p):
    fields = [word for _ in range(p.random.randint(0, 3)) for word in [p.cased("GET")] + _field(p)]
    return [["BITFIELD_RO", _key(p)] + fields + (["SET", "u8", "0", "1"] if p.chance(0.05) else [])]
