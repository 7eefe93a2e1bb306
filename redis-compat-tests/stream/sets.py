"""Generators for the set commands. What SPOP takes is random: it is asked for all, for none, or for an only member."""

from .registry import SCAN_ALL, command


def _set_member(p):
    """Often a number, so that sets of numbers stay so for a while."""
    if p.chance(0.6):
        return str(p.random.randint(-6, 12)).encode()
    return p.integer().encode() if p.chance(0.15) else p.member()


def _different(p, most):
    """Different members: 7.2 converts by the number of arguments, 7.0 by that of members. Literal cases repeat them."""
    return sorted({_set_member(p) for _ in range(p.random.randint(1, most))})


@command("SADD", weight=5.5, mutable=False)
def _sadd(p):
    return [["SADD", p.key("set")] + _different(p, 6)]


@command("SADDFEW", weight=0.5)
def _sadd_few(p):
    # Few enough to stay below all thresholds when a mutation repeats one.
    return [["SADD", p.key("set")] + _different(p, 2)]


@command("SADDMANY", weight=0.4, mutable=False)
def _sadd_many(p):
    # Past the thresholds in one go: numbers of some width, or texts.
    first, count, step = p.random.randrange(1000), p.pick(30, 130, 520), p.pick(1, 100, 10**7, 10**15)
    form = p.pick("%d", "%d", "m%d")
    return [["SADD", p.key("set")] + [form % (i * step) for i in range(first, first + count)]]


@command("SREM", weight=3)
def _srem(p):
    return [["SREM", p.key("set")] + [_set_member(p) for _ in range(p.random.randint(1, 4))]]


@command("SISMEMBER", "SMISMEMBER", weight=1.5)
def _is_member(p, name):
    return [[name, p.key("set")] + [_set_member(p) for _ in range(1 if name == "SISMEMBER" else p.random.randint(1, 4))]]


@command("SCARD", weight=1.5)
def _scard(p):
    return [["SCARD", p.key("set")]]


@command("SMEMBERS", weight=2)
def _smembers(p):
    key = p.key("set")
    return [["TYPE", key], ["OBJECT", "ENCODING", key], ["SMEMBERS", key]]


@command("SMOVE", weight=2)
def _smove(p):
    return [["SMOVE", p.key("set"), p.key("set"), _set_member(p)]]


@command("SPOP", mutable=False)
def _spop(p):
    key = p.key("set")
    if p.chance(0.3):
        member = _set_member(p)
        return [["DEL", key], ["SADD", key, member], ["SPOP", key] + p.pick([], ["1"], ["7"])]
    if p.chance(0.7):
        return [["SPOP", key, p.pick("0", "-1", "abc", "", "1.5", "-9223372036854775808")]]
    return [["SPOP", key, p.pick("100000", "9223372036854775807")] + (["1"] if p.chance(0.1) else [])]


@command("SRANDMEMBER", weight=2)
def _srandmember(p):
    key = p.key("set")
    return [["SMEMBERS", key], ["SRANDMEMBER", key] + ([p.count()] if p.chance(0.75) else [])]


@command("SINTER", "SUNION", "SDIFF", weight=1.5)
def _algebra(p, name):
    return [[name] + p.keys("set", 4)]


@command("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE", weight=1.5)
def _algebra_store(p, name):
    return [[name, p.set_destination()] + p.keys("set", 4)]


@command("SINTERCARD", weight=1.5)
def _sintercard(p):
    keys = p.keys("set", 4)
    number = str(len(keys)) if p.chance(0.95) else p.pick("0", "-1", "9", "abc", "1.5")
    return [["SINTERCARD", number] + keys + ([p.cased("LIMIT"), p.pick("0", "1", "2", p.index())] if p.chance(0.5) else [])]


@command("SSCAN")
def _sscan(p):
    key = p.key("set")
    options = []
    if p.chance(0.4):
        options += ["MATCH", p.pick("*", "m*", "m[0-3]", "?", "\\1", "nothing", "-*")]
    if p.chance(0.4):
        options += ["COUNT", str(p.random.randint(1, 100))]
    if p.chance(0.1):
        return [["SSCAN", key, p.pick("abc", "-1", "", "1 "), "COUNT", p.pick("0", "-1", "abc", "5")]]
    return [[SCAN_ALL, "SSCAN", key] + options]
