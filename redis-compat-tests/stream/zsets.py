"""Generators for the commands of one sorted set."""

from .registry import SCAN_ALL, command


def score_bound(p):
    """One end of a score interval."""
    if p.chance(0.15):
        return p.pick("-inf", "+inf", "-inf", "+inf", "-inf", "+inf", "(inf", "(-inf", "nan", "(", "abc", "(nan")
    return p.pick("", "", "(") + p.score()


def lex_bound(p):
    """One end of a lexicographic interval."""
    if p.chance(0.25):
        return p.pick("-", "+", "-", "+", "-", "+", "-", "+", "", "m1", "(", "[", "+x")
    return p.pick(b"[", b"(") + p.member()


def interval(p, bound, reverse=False):
    """Both ends; mostly the smaller first, or last for a reverse range, so that something is in between."""
    ends = [bound(p), bound(p)]
    if p.chance(0.25):
        return ends
    return sorted(ends, key=_place, reverse=reverse)


def _place(end):
    text = end if isinstance(end, bytes) else end.encode("latin-1")
    try:
        return (0, float(text.lstrip(b"(")), b"")
    except ValueError:
        return (0, 0.0, b"") if text == b"-" else (2, 0.0, b"") if text == b"+" else (1, 0.0, text[1:])


def limit(p):
    """LIMIT offset count, sometimes negative, rarely broken."""
    if p.chance(0.05):
        return p.pick(["LIMIT", "1"], ["LIMIT", "a", "1"], ["LIMIT"])
    return [p.cased("LIMIT"), str(p.pick(-1, 0, 0, 0, 1, 1, 2, 5)), str(p.random.randint(-2, 8))]


@command("ZADD", weight=11)
def _zadd(p):
    args = ["ZADD", p.key("zset")]
    if p.chance(0.4):
        args += [p.cased(word) for word in p.some(["NX", "XX", "GT", "LT", "CH", "CH", "INCR"], 1, p.pick(1, 1, 2, 3))]
    pairs = 1 if "INCR" in args and p.chance(0.9) else p.random.randint(1, 9)
    words = [word for _ in range(pairs) for word in (p.score(), p.member())]
    return [args + (words[:-1] if p.chance(0.02) else words)]


@command("ZADDMANY", weight=0.5, mutable=False)
def _zadd_many(p):
    first, count = p.random.randrange(1000), p.pick(30, 100, 140, 300)
    same = p.chance(0.4)
    words = [word for i in range(first, first + count) for word in ("0" if same else str(i % 50), "n%d" % i)]
    return [["ZADD", p.key("zset")] + words]


@command("ZADDLEX", weight=3, mutable=False)
def _zadd_lex(p):
    members = [p.member() for _ in range(p.random.randint(1, 5))]
    if p.chance(0.08):
        members = [b"n%d" % i for i in range(p.pick(30, 140, 300))]
    return [["ZADD", p.lex_key()] + [word for member in members for word in ("0", member)]]


@command("ZCARD", weight=2)
def _zcard(p):
    return [["ZCARD", p.key("zset")]]


@command("ZSCORE", "ZRANK", "ZREVRANK", weight=2)
def _member(p, name):
    return [[name, p.key("zset"), p.member()]]


@command("ZMSCORE", "ZREM", weight=1.2)
def _members(p, name):
    return [[name, p.key("zset")] + [p.member() for _ in range(p.random.randint(1, 3))]]


@command("ZINCRBY", weight=3)
def _zincrby(p):
    return [["ZINCRBY", p.key("zset"), p.score(), p.member()]]


@command("ZCOUNT")
def _zcount(p):
    return [["ZCOUNT", p.key("zset")] + interval(p, score_bound)]


@command("ZLEXCOUNT")
def _zlexcount(p):
    return [["ZLEXCOUNT", p.lex_key()] + interval(p, lex_bound)]


@command("ZREMRANGEBYSCORE", weight=0.4)
def _by_score(p):
    return [["ZREMRANGEBYSCORE", p.key("zset")] + interval(p, score_bound)]


@command("ZREMRANGEBYLEX", weight=0.4)
def _by_lex(p):
    return [["ZREMRANGEBYLEX", p.lex_key()] + interval(p, lex_bound)]


@command("ZREMRANGEBYRANK", weight=0.4)
def _by_rank(p):
    return [["ZREMRANGEBYRANK", p.key("zset"), p.index(), p.index()]]


def range_arguments(p):
    """key min max and options of ZRANGE and ZRANGESTORE, mostly matching each other."""
    kind = p.pick("RANK", "BYSCORE", "BYLEX")
    reverse = p.chance(0.4)
    if kind == "RANK":
        ends = [p.pick("0", "1", "-3", p.index()), p.pick("-1", "-2", "2", "4", p.index())]
    else:
        ends = interval(p, {"BYSCORE": score_bound, "BYLEX": lex_bound}[kind], reverse)
    args = [p.lex_key() if kind == "BYLEX" else p.key("zset"), *ends]
    options = [] if kind == "RANK" else [[p.cased(kind)]]
    if reverse:
        options.append([p.cased("REV")])
    if p.chance(0.35 if kind != "RANK" else 0.04):
        options.append(limit(p))
    if p.chance(0.02):
        options.append([p.pick("BYSCORE", "FOO")])
    p.random.shuffle(options)
    return args + sum(options, [])


@command("ZRANGE", weight=5)
def _zrange(p):
    args = ["ZRANGE"] + range_arguments(p)
    with_scores = p.chance(0.6 if not any(word in args for word in ("BYLEX", "bylex")) else 0.04)
    return [args + ([p.cased("WITHSCORES")] if with_scores else [])]


@command("ZRANGESTORE", weight=1.5)
def _zrangestore(p):
    return [["ZRANGESTORE", p.destination()] + range_arguments(p)]


@command("ZREVRANGE")
def _zrevrange(p):
    args = ["ZREVRANGE", p.key("zset"), p.pick("0", "1", p.index()), p.pick("-1", "3", p.index())]
    return [args + ([p.cased("WITHSCORES")] if p.chance(0.5) else [])]


@command("ZRANGEBYSCORE", "ZREVRANGEBYSCORE")
def _range_by_score(p, name):
    args = [name, p.key("zset")] + interval(p, score_bound, "REV" in name)
    args += [p.cased("WITHSCORES")] if p.chance(0.5) else []
    return [args + (limit(p) if p.chance(0.35) else [])]


@command("ZRANGEBYLEX", "ZREVRANGEBYLEX")
def _range_by_lex(p, name):
    args = [name, p.lex_key()] + interval(p, lex_bound, "REV" in name)
    return [args + (limit(p) if p.chance(0.35) else [])]


@command("ZPOPMIN", "ZPOPMAX", weight=0.7)
def _zpop(p, name):
    return [[name, p.key("zset")] + ([p.count()] if p.chance(0.6) else [])]


@command("ZMPOP", weight=0.7)
def _zmpop(p):
    keys = p.keys("zset")
    number = str(len(keys)) if p.chance(0.94) else p.pick("0", "-1", "9", "abc")
    args = ["ZMPOP", number] + keys + [p.cased(p.pick("MIN", "MAX"))]
    return [args + ([p.cased("COUNT"), p.count()] if p.chance(0.5) else [])]


@command("BZPOPMIN", "BZPOPMAX", weight=0.4, mutable=False)
def _bzpop(p, name):
    timeout = "0.001" if p.chance(0.8) else p.pick("-1", "abc", "nan", "inf", "", "1e400")
    return [[name] + p.keys("zset") + [timeout]]


@command("BZMPOP", weight=0.4, mutable=False)
def _bzmpop(p):
    keys = p.keys("zset")
    timeout = "0.001" if p.chance(0.8) else p.pick("-1", "abc", "-0.5")
    args = ["BZMPOP", timeout, str(len(keys))] + keys + [p.pick("MIN", "MAX", "MIN", "MAX", "FOO")]
    return [args + (["COUNT", p.count(negative=False)] if p.chance(0.5) else [])]


@command("ZRANDMEMBER", weight=2)
def _zrandmember(p):
    key = p.key("zset")
    args = ["ZRANDMEMBER", key]
    if p.chance(0.75):
        args.append(p.count())
        if p.chance(0.5):
            args.append(p.cased("WITHSCORES"))
    return [["ZRANGE", key, "0", "-1", "WITHSCORES"], args]


@command("ZSCAN")
def _zscan(p):
    key = p.key("zset")
    options = []
    if p.chance(0.4):
        options += ["MATCH", p.pick("*", "m*", "m[0-3]", "?", "n1*", "nothing")]
    if p.chance(0.4):
        options += ["COUNT", str(p.random.randint(1, 100))]
    if p.chance(0.1):
        return [["ZSCAN", key, p.pick("abc", "-1", "", "1 "), "COUNT", p.pick("0", "-1", "abc", "5")]]
    return [[SCAN_ALL, "ZSCAN", key] + options]
