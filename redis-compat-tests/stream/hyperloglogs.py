"""Generators for HyperLogLogs. The bytes are compared too: GET after a change, and the whole state."""

from .registry import command


def _key(p):
    return "hll:%d" % p.random.randrange(4) if p.chance(0.95) else p.any_key()


def _elements(p):
    count = p.random.randint(0, 5) if p.chance(0.8) else p.random.randint(50, 300)
    return ["%d" % p.random.randrange(p.pick(20, 10**6)) for _ in range(count)]


@command("PFADD", weight=3, mutable=False)
def _pfadd(p):
    key = _key(p)
    return [["PFADD", key] + _elements(p) + ([p.value()] if p.chance(0.1) else []), ["GET", key]]


@command("PFCOUNT", weight=2)
def _pfcount(p):
    return [["PFCOUNT"] + [_key(p) for _ in range(p.random.randint(1, 3))]]


@command("PFMERGE", weight=1.5)
def _pfmerge(p):
    key = _key(p)
    return [["PFMERGE", key] + [_key(p) for _ in range(p.random.randint(0, 3))], ["GET", key]]


@command("PFDEBUG", weight=0.7)
def _pfdebug(p):
    return [["PFDEBUG", p.cased(p.pick("ENCODING", "DECODE", "GETREG", "TODENSE", "NOSUCH")), _key(p)]]
