"""Generators for the hash commands."""

from .registry import SCAN_ALL, command


def _pairs(p, most):
    """Different fields: 7.2 converts by the number of pairs, 7.0 by that of fields, which repeated ones would show. Twice
    the same field is a literal case."""
    fields = {p.member() for _ in range(p.random.randint(1, most))}
    return [word for field in sorted(fields, key=str) for word in (field, p.value())]


@command("HSET", weight=6)
def _hset(p):
    pairs = _pairs(p, 8)
    return [["HSET", p.key("hash")] + (pairs[:-1] if p.chance(0.03) else pairs)]


@command("HMSET")
def _hmset(p):
    pairs = _pairs(p, 4)
    return [["HMSET", p.key("hash")] + (pairs[:-1] if p.chance(0.05) else pairs)]


@command("HSETNX")
def _hsetnx(p):
    return [["HSETNX", p.key("hash"), p.member(), p.value()]]


@command("HSETMANY", weight=0.4, mutable=False)
def _hset_many(p):
    # Past the listpack thresholds in one go.
    first, count = p.random.randrange(1000), p.pick(30, 130, 520)
    return [["HSET", p.key("hash")] + [word for i in range(first, first + count) for word in ("f%d" % i, "v%d" % i)]]


@command("HGET", "HEXISTS", "HSTRLEN", weight=1.5)
def _one_field(p, name):
    return [[name, p.key("hash"), p.member()]]


@command("HMGET", "HDEL", weight=1.2)
def _fields(p, name):
    return [[name, p.key("hash")] + [p.member() for _ in range(p.random.randint(1, 3))]]


@command("HLEN", weight=2)
def _hlen(p):
    return [["HLEN", p.key("hash")]]


@command("HGETALL", "HKEYS", "HVALS")
def _whole(p, name):
    key = p.key("hash")
    return [["TYPE", key], ["OBJECT", "ENCODING", key], [name, key]]


@command("HINCRBY", weight=2)
def _hincrby(p):
    return [["HINCRBY", p.key("hash"), p.member(), p.integer()]]


@command("HINCRBYFLOAT", weight=2)
def _hincrbyfloat(p):
    return [["HINCRBYFLOAT", p.key("hash"), p.member(), p.double()]]


@command("HRANDFIELD", weight=2)
def _hrandfield(p):
    key = p.key("hash")
    args = ["HRANDFIELD", key]
    if p.chance(0.75):
        args.append(p.count())
        if p.chance(0.5):
            args.append(p.cased("WITHVALUES") if p.chance(0.95) else "WITHSCORES")
    return [["HGETALL", key], args]


@command("HSCAN")
def _hscan(p):
    key = p.key("hash")
    options = []
    if p.chance(0.4):
        options += ["MATCH", p.pick("*", "m*", "m[0-3]", "?", "\\m1", "nothing")]
    if p.chance(0.4):
        options += ["COUNT", str(p.random.randint(1, 100))]
    if p.chance(0.1):
        return [["HSCAN", key, p.pick("abc", "-1", "", "1 "), "COUNT", p.pick("0", "-1", "abc", "5")]]
    return [[SCAN_ALL, "HSCAN", key] + options]
