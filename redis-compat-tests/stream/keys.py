"""Generators for the generic commands: keys, expiry, databases."""

from .pools import SHORT_TTL_MS
from .registry import SCAN_ALL, WAIT_MS, command

DATABASES = 3


def database(p):
    """An index that exists mostly."""
    if p.chance(0.92):
        return str(p.pick(0, 0, 0, 0, *range(DATABASES)))
    return p.pick("15", "16", "-1", "abc", "", "9223372036854775808")


@command("DEL", "UNLINK", weight=0.5)
def _delete(p, name):
    return [[name] + [p.any_key() for _ in range(p.random.randint(1, 2))]]


@command("EXISTS", "TOUCH")
def _many_keys(p, name):
    return [[name] + [p.any_key() for _ in range(p.random.randint(1, 4))]]


@command("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", weight=1.5)
def _expire(p, name):
    value = {"EXPIRE": p.ttl_s, "PEXPIRE": p.ttl_ms, "EXPIREAT": p.at_s, "PEXPIREAT": p.at_ms}[name]()
    args = [name, p.any_key(), value]
    if p.chance(0.5):
        args.append(p.cased(p.pick("NX", "XX", "GT", "LT")))
        if p.chance(0.1):
            args.append(p.pick("NX", "XX", "GT", "LT", "FOO"))
    return [args]


@command("SHORTEXPIRE", weight=0.35, mutable=False)
def _short_expire(p):
    # The key is gone before the next command, under both clocks; that command then takes the lazy path.
    return [["PEXPIRE", p.any_key(), str(SHORT_TTL_MS)], [WAIT_MS, str(2 * SHORT_TTL_MS)]]


@command("SHORTSET", weight=0.15, mutable=False)
def _short_set(p):
    return [["SET", p.key("string"), p.value(), "PX", str(SHORT_TTL_MS)], [WAIT_MS, str(2 * SHORT_TTL_MS)]]


@command("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "PERSIST", "TYPE")
def _one_key(p, name):
    return [[name, p.any_key()]]


@command("RENAME", "RENAMENX", weight=0.5)
def _rename(p, name):
    kind = p.pick("string", "hash", "set", "zset", "list")
    return [[name, p.key(kind), p.key(kind)]]


@command("COPY", weight=2)
def _copy(p):
    kind = p.pick("string", "hash", "set", "zset", "list")
    args = ["COPY", p.key(kind), p.key(kind)]
    if p.chance(0.4):
        args += [p.cased("DB"), database(p)]
    if p.chance(0.4):
        args.append(p.cased("REPLACE"))
    return [args]


@command("MOVE", weight=0.4)
def _move(p):
    return [["MOVE", p.any_key(), database(p)]]


@command("OBJECT", weight=3)
def _object(p):
    sub = p.pick("ENCODING", "ENCODING", "ENCODING", "REFCOUNT", "FREQ", "IDLETIME", "NOSUCH")
    key = p.any_key()
    # Whose clock IDLETIME reads depends on the encoding (normaliser shared-clock).
    encoding = [["OBJECT", "ENCODING", key]] if sub == "IDLETIME" else []
    return [["TYPE", key], *encoding, ["OBJECT", p.cased(sub), key]]


@command("RANDOMKEY", weight=0.5, mutable=False)
def _randomkey(_p):
    return [["KEYS", "*"], ["RANDOMKEY"]]


@command("KEYS", weight=0.7)
def _keys(p):
    return [
        [
            "KEYS",
            p.pick(
                "*", "string:*", "*:[0-3]", "?ash:1", "nothing", "h[^b]sh:*", "zset:\\1", "", "*\x00*", "[a", "{tag}*"
            ),
        ]
    ]


@command("SCAN", weight=0.7)
def _scan(p):
    if p.chance(0.15):
        return [["SCAN", p.pick("abc", "-1", "", "18446744073709551616"), "COUNT", p.pick("0", "-1", "abc", "5")]]
    options = []
    if p.chance(0.4):
        options += ["MATCH", p.pick("*", "string:*", "*:[0-3]", "nothing", "{tag}*")]
    if p.chance(0.4):
        options += ["COUNT", str(p.random.randint(1, 50))]
    if p.chance(0.4):
        options += ["TYPE", p.pick("string", "zset", "hash", "set", "ZSET", "list")]
    return [[SCAN_ALL, "SCAN"] + options]


@command("SELECT", weight=0.8)
def _select(p):
    return [["SELECT", database(p)]]


@command("SWAPDB", weight=0.15)
def _swapdb(p):
    return [["SWAPDB", database(p), database(p)]]


@command("DBSIZE", weight=0.5)
def _dbsize(p):
    # Redis counts keys that are expired but not yet found so; EXISTS makes both servers find them.
    return [["EXISTS"] + p.all_keys(), ["DBSIZE"]]


@command("FLUSHDB", weight=0.06)
def _flushdb(p):
    return [["FLUSHDB"] + ([p.pick("ASYNC", "SYNC", "async", "FOO")] if p.chance(0.6) else [])]


@command("FLUSHALL", weight=0.03)
def _flushall(p):
    return [["FLUSHALL"] + ([p.pick("ASYNC", "SYNC", "sync", "FOO")] if p.chance(0.6) else [])]


@command("DEBUG", weight=0.1, mutable=False)
def _debug(p):
    return [p.pick(["DEBUG", "SLEEP", "0"], ["DEBUG", "NOSUCH"], ["DEBUG", "OBJECT", "missing"], ["DEBUG"])]


@command("MEMORY", weight=0.2, mutable=False)
def _memory(p):
    # Redis measures a key that has expired and is not deleted yet; EXISTS makes both servers find it so.
    key = p.any_key()
    return [
        ["EXISTS", key],
        ["MEMORY", "USAGE", key]
        + p.pick([], [], ["SAMPLES", "0"], ["SAMPLES", "-1"], ["SAMPLES"], ["FOO", "1"]),
    ]
