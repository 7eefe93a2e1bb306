"""Generators for the string commands."""

from .pools import INT64_MAX
from .registry import command


@command("SET", weight=8)
def _set(p):
    args = ["SET", p.number_key(), p.integer()] if p.chance(0.3) else ["SET", p.key("string"), p.value()]
    roll = p.random.random()
    if roll < 0.45:
        return [args]
    options = []
    if p.chance(0.5):
        options.append([p.cased(p.pick("NX", "XX"))])
    if p.chance(0.4):
        options.append([p.cased("GET")])
    if p.chance(0.5):
        options.append([p.cased("KEEPTTL")] if p.chance(0.3) else p.expiry_option())
    if p.chance(0.04):
        options += [p.pick(["NX"], ["XX"], ["KEEPTTL"], ["EX", "100000"], ["PXAT"], ["FOO"], [""])]
    p.random.shuffle(options)
    return [args + sum(options, [])]


@command("GET", "STRLEN", weight=2)
def _read(p, name):
    return [[name, p.key("string")]]


@command("GETDEL")
def _getdel(p):
    return [["GETDEL", p.key("string")]]


@command("INCR", "DECR", weight=2)
def _incr(p, name):
    return [[name, p.number_key()]]


@command("GETEX", weight=2)
def _getex(p):
    args = ["GETEX", p.key("string")]
    if p.chance(0.7):
        args += p.expiry_option() if p.chance(0.75) else [p.cased("PERSIST")]
    if p.chance(0.04):
        args += p.pick(["PERSIST"], ["EX", "100000"], ["NX"], ["KEEPTTL"])
    return [args]


@command("GETSET", "SETNX", "APPEND")
def _key_value(p, name):
    return [[name, p.key("string"), p.value()]]


@command("SETEX")
def _setex(p):
    return [["SETEX", p.key("string"), p.ttl_s(), p.value()]]


@command("PSETEX")
def _psetex(p):
    return [["PSETEX", p.key("string"), p.ttl_ms(), p.value()]]


@command("SETRANGE", weight=2)
def _setrange(p):
    offset = (
        str(p.random.randint(0, 80)) if p.chance(0.85) else p.pick("-1", "536870912", str(INT64_MAX), "abc", "2000", "")
    )
    return [["SETRANGE", p.key("string"), offset, p.pick(p.text(), p.text(), b"", b"hello")]]


@command("GETRANGE", "SUBSTR")
def _getrange(p, name):
    return [[name, p.key("string"), p.index(), p.index()]]


@command("INCRBY", "DECRBY", weight=2)
def _incrby(p, name):
    return [[name, p.number_key(), p.integer()]]


@command("INCRBYFLOAT", weight=2)
def _incrbyfloat(p):
    return [["INCRBYFLOAT", p.number_key(), p.double()]]


@command("MGET")
def _mget(p):
    return [["MGET"] + p.keys("string", 6)]


@command("MSET", "MSETNX")
def _mset(p, name):
    pairs = [word for key in p.keys("string", 4) for word in (key, p.value())]
    return [[name] + (pairs[:-1] if p.chance(0.05) else pairs)]


@command("LCS")
def _lcs(p):
    # Strings of their own, kept short: LCS is quadratic, and the pool has values of 100 KB.
    steps = [["SET", key, b"".join(p.text() for _ in range(4))] for key in ("lcs:{1}", "lcs:{2}") if p.chance(0.5)]
    args = ["LCS", "lcs:{1}", "lcs:{2}" if p.chance(0.9) else p.pick("hash:1", "missing")]
    if p.chance(0.4):
        args.append(p.cased("LEN"))
    if p.chance(0.5):
        args.append(p.cased("IDX"))
    if p.chance(0.3):
        args += [p.cased("MINMATCHLEN"), p.index()]
    if p.chance(0.3):
        args.append(p.cased("WITHMATCHLEN"))
    return steps + [args]
