"""Generators for streams. IDs are given, never taken from a clock, except where the reply is none. A consumer is made
before it reads or claims: 7.2 makes it even if there is nothing for it, 7.0 does not. Times of deliveries are fixed by
XCLAIM, and XINFO's are compared by literal cases only, since 7.2 shows more of them."""

from .registry import command

GROUPS = ["g1", "g2", "g3"]
CONSUMERS = ["alice", "bob", "c"]
ODD_IDS = [
    "", "-", "+", "$", ">", "*", "abc", "1-", "-1", "1-2-3", "1--1", "01-1", " 1-1", "+1", "18446744073709551615",
    "18446744073709551616", "18446744073709551615-18446744073709551615", "0-0", "0-1", "1-*x",
]  # fmt: skip
HIGH = 2**63


def _id(p, odd=0.04):
    """An ID among few, so that most of them exist at some time."""
    if p.chance(odd):
        return p.pick(*ODD_IDS)
    ms = p.random.randint(1, 60)
    return str(ms) if p.chance(0.15) else "%d-%d" % (ms, p.random.randint(0, 3))


def _new_id(p):
    """An ID for XADD: mostly above what is there, since time goes on."""
    if p.chance(0.03):
        return p.pick(*(id for id in ODD_IDS if id != "*" and not id.startswith("1844")))
    p.stream_clock = getattr(p, "stream_clock", 0) + p.random.randint(0, 1)
    ms = p.stream_clock // 4 + p.random.randint(0, 2)
    return "%d-*" % ms if p.chance(0.6) else "%d-%d" % (ms, p.random.randint(0, 40))


def _edge(p, end):
    """An end of an interval."""
    if p.chance(0.35):
        return end
    return ("(" if p.chance(0.2) else "") + _id(p)


def _count(p):
    return p.pick("0", "1", "2", "3", "10", "1000", "-1") if p.chance(0.95) else p.integer()


def _trim(p, exact=0.5):
    by_length = p.chance(0.6)
    words = [p.cased("MAXLEN" if by_length else "MINID")]
    approximate = not p.chance(exact)
    words += ["~"] if approximate else p.pick([], ["="])
    words.append(str(p.random.randint(0, 40)) if by_length else _id(p))
    if approximate and p.chance(0.3):
        words += ["LIMIT", p.pick("0", "1", "5", "10", "100", "-1", "x")]
    return words


def _group(p):
    return p.pick(*GROUPS) if p.chance(0.97) else "nogroup"


def _seen(p, key, group):
    """The consumer, and the command that makes it."""
    consumer = p.pick(*CONSUMERS)
    return consumer, ["XGROUP", "CREATECONSUMER", key, group, consumer]


@command("XADD", weight=14, mutable=False)
def _xadd(p):
    options = (["NOMKSTREAM"] if p.chance(0.05) else []) + (_trim(p) if p.chance(0.12) else [])
    fields = ["f", "g", "h"][: p.random.randint(1, 3)] if p.chance(0.7) else [p.text() for _ in range(p.pick(1, 2))]
    pairs = [word for field in fields for word in (field, p.value())]
    return [["XADD", p.key("stream"), *options, _new_id(p), *(pairs[:-1] if p.chance(0.02) else pairs)]]


@command("XLEN", weight=2)
def _xlen(p):
    return [["XLEN", p.key("stream")]]


@command("XRANGE", "XREVRANGE", weight=3)
def _xrange(p, name):
    ends = [_edge(p, "-"), _edge(p, "+")]
    args = [name, p.key("stream"), *(ends if name == "XRANGE" else ends[::-1])]
    return [args + ([p.cased("COUNT"), _count(p)] if p.chance(0.5) else [])]


@command("XDEL", weight=2.5)
def _xdel(p):
    return [["XDEL", p.key("stream"), *[_id(p) for _ in range(p.random.randint(1, 4))]]]


@command("XTRIM", weight=1.5, mutable=False)
def _xtrim(p):
    return [["XTRIM", p.key("stream"), *(_trim(p) if p.chance(0.95) else p.pick(["MAXLEN"], ["LIMIT", "1"], ["X", "1"]))]]


@command("XSETID", weight=0.4, mutable=False)
def _xsetid(p):
    # Above all that is deleted: below it 7.2 refuses what 7.0 takes, and the streams would differ from then on.
    last_id = "%d-0" % p.random.randint(61, 70) if p.chance(0.9) else p.pick("", "abc", "1-2-3", "-1", "*")
    options = (["ENTRIESADDED", p.pick("0", "5", "100", "-1", "x")] if p.chance(0.3) else []) + (
        ["MAXDELETEDID", _id(p)] if p.chance(0.3) else []
    )
    return [["XSETID", p.key("stream"), last_id, *options]]


@command("XREAD", weight=2, mutable=False)
def _xread(p):
    keys = p.keys("stream", 2)
    options = (["COUNT", _count(p)] if p.chance(0.5) else []) + (["NOACK"] if p.chance(0.02) else [])
    ids = [_id(p) if p.chance(0.9) else p.pick("$", ">") for _ in keys]
    return [["XREAD", *options, p.cased("STREAMS"), *keys, *(ids if p.chance(0.98) else ids + ["1"])]]


@command("XGROUP", weight=4)
def _xgroup(p):
    key, group = p.key("stream"), _group(p)
    read = ["ENTRIESREAD", p.pick("0", "1", "5", "-1", "-2", "x")] if p.chance(0.3) else []
    id = p.pick("$", "0", "0", _id(p))
    return [
        p.random.choices(
            [
                ["XGROUP", "CREATE", key, group, id, *(["MKSTREAM"] if p.chance(0.2) else []), *read],
                ["XGROUP", "SETID", key, group, id, *read],
                ["XGROUP", "DESTROY", key, group],
                ["XGROUP", "CREATECONSUMER", key, group, p.pick(*CONSUMERS)],
                ["XGROUP", "DELCONSUMER", key, group, p.pick(*CONSUMERS)],
            ],
            [8, 2, 0.5, 1, 0.5],
        )[0]
    ]


@command("XREADGROUP", weight=5, mutable=False)
def _xreadgroup(p):
    key, group = p.key("stream"), _group(p)
    consumer, made = _seen(p, key, group)
    options = (["COUNT", _count(p)] if p.chance(0.7) else []) + (["NOACK"] if p.chance(0.1) else [])
    id = ">" if p.chance(0.7) else _id(p)
    return [made, ["XREADGROUP", "GROUP", group, consumer, *options, "STREAMS", key, id]]


@command("XACK", weight=3)
def _xack(p):
    return [["XACK", p.key("stream"), _group(p), *[_id(p) for _ in range(p.random.randint(1, 4))]]]


@command("XCLAIM", weight=3, mutable=False)
def _xclaim(p):
    key, group = p.key("stream"), _group(p)
    consumer, made = _seen(p, key, group)
    ids = [_id(p) for _ in range(p.random.randint(1, 4))]
    options = [["TIME", str(p.random.randint(1, 10**9))]] if p.chance(0.7) else []
    options += [["RETRYCOUNT", p.pick("0", "3", "7")]] if p.chance(0.3) else []
    options += [["FORCE"]] if p.chance(0.4) else []
    options += [["JUSTID"]] if p.chance(0.3) else []
    options += [["LASTID", _id(p)]] if p.chance(0.1) else []
    options += [p.pick(["IDLE", "x"], ["NOPE"], ["TIME", "x"])] if p.chance(0.03) else []
    return [made, ["XCLAIM", key, group, consumer, p.pick("0", "0", "-5", "100000000"), *ids, *sum(options, [])]]


@command("XAUTOCLAIM", weight=2, mutable=False)
def _xautoclaim(p):
    key, group = p.key("stream"), _group(p)
    consumer, made = _seen(p, key, group)
    options = (["COUNT", p.pick("1", "2", "10", "0", "x")] if p.chance(0.5) else []) + (
        ["JUSTID"] if p.chance(0.3) else []
    )
    return [made, ["XAUTOCLAIM", key, group, consumer, p.pick("0", "0", "100000000"), _edge(p, "-"), *options]]


@command("XPENDING", weight=3, mutable=False)
def _xpending(p):
    key, group = p.key("stream"), _group(p)
    if p.chance(0.5):
        return [["XPENDING", key, group]]
    consumer = [p.pick(*CONSUMERS, "nobody")] if p.chance(0.4) else []
    return [["XPENDING", key, group, _edge(p, "-"), _edge(p, "+"), p.pick("0", "1", "3", "10", "x"), *consumer]]


@command("XINFO", weight=3, mutable=False)
def _xinfo(p):
    key = p.key("stream")
    return [p.pick(["XINFO", "STREAM", key], ["XINFO", "GROUPS", key])]
