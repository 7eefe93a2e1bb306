"""Generators for the commands over several sorted sets."""

from .registry import command


def _key_list(p):
    keys = [p.key("set") if p.chance(0.2) else key for key in p.keys("zset", 4)]
    number = str(len(keys)) if p.chance(0.95) else p.pick("0", "-1", "9", "abc", "1.5")
    return [number] + keys


def _weights(p, count):
    values = [p.score() for _ in range(count)]
    return [p.cased("WEIGHTS")] + (values[:-1] if p.chance(0.04) else values)


def _options(p, count):
    args = _weights(p, count) if p.chance(0.4) else []
    if p.chance(0.4):
        args += [p.cased("AGGREGATE"), p.cased(p.pick("SUM", "MIN", "MAX") if p.chance(0.95) else "AVG")]
    return args


@command("ZUNION", "ZINTER", weight=1.5)
def _combine(p, name):
    keys = _key_list(p)
    args = [name] + keys + _options(p, len(keys) - 1)
    return [args + ([p.cased("WITHSCORES")] if p.chance(0.6) else [])]


@command("ZUNIONSTORE", "ZINTERSTORE", weight=1.5)
def _combine_store(p, name):
    keys = _key_list(p)
    args = [name, p.destination()] + keys + _options(p, len(keys) - 1)
    return [args + (["WITHSCORES"] if p.chance(0.02) else [])]


@command("ZDIFF")
def _zdiff(p):
    args = ["ZDIFF"] + _key_list(p)
    if p.chance(0.5):
        args.append(p.cased("WITHSCORES"))
    return [args + (["WEIGHTS", "1"] if p.chance(0.02) else [])]


@command("ZDIFFSTORE")
def _zdiffstore(p):
    return [["ZDIFFSTORE", p.destination()] + _key_list(p)]


@command("ZINTERCARD")
def _zintercard(p):
    args = ["ZINTERCARD"] + _key_list(p)
    return [args + ([p.cased("LIMIT"), p.pick("0", "1", "2", p.index())] if p.chance(0.5) else [])]
