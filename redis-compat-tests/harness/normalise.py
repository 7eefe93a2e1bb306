"""Comparing two replies. Exact, unless a named normaliser says what is truly unordered, random or a clock.

A normaliser gets (args, before, oracle, target), where `before` is the preceding (args, oracle, target) of the same
connection: a stream asks OBJECT ENCODING before HGETALL and HGETALL before HRANDFIELD, so that the looser rule
applies only where it must. Errors are compared exactly, always. `run.py --list` prints every normaliser with its
reason.
"""

import typing

from .resp import AGGREGATES, SCALARS, is_error, plain

TTL_TOLERANCE_MS = 3000


class Normaliser(typing.NamedTuple):
    """A rule for comparing the replies of some commands."""

    name: str
    commands: tuple
    why: str
    agree: typing.Callable


NORMALISERS = {}
_ALL = []


def normaliser(name, *commands, why):
    """Register the decorated function as the comparison of these commands."""

    def register(function):
        rule = Normaliser(name, commands, why, function)
        _ALL.append(rule)
        for command in commands:
            NORMALISERS[command] = rule
        return function

    return register


def listed():
    """Every normaliser as a line of text."""
    return ["%-14s %s: %s" % (rule.name, ", ".join(rule.commands), rule.why) for rule in _ALL]


def command_name(args):
    """GET, or OBJECT ENCODING for commands that have subcommands with rules of their own."""
    name = args[0].decode("latin-1").upper()
    if len(args) > 1:
        full = name + " " + args[1].decode("latin-1").upper()
        if full in NORMALISERS:
            return full
    return name


def agree(args, before, oracle, target):
    """True when both replies mean the same under the rule of this command."""
    if oracle == target:
        return True
    if is_error(oracle) or is_error(target):
        return False
    rule = NORMALISERS.get(command_name(args))
    return bool(rule) and shape(oracle, 1) == shape(target, 1) and rule.agree(args, before, oracle, target)


def shape(tree, depth):
    """The type markers of a reply down to `depth`, without lengths; nil is a shape of its own."""
    marker, value = tree
    if value is None or marker in SCALARS:
        return (marker, value is None)
    if marker not in AGGREGATES or depth == 0:
        return (marker,)
    return (marker, tuple(sorted({shape(item, depth - 1) for item in value}, key=repr)))


def sorted_items(tree):
    """The items of an aggregate in an order of their own."""
    return sorted(tree[1], key=repr)


def sorted_pairs(tree):
    """The pairs of a map (RESP3) or of a flat array (RESP2), sorted."""
    return sorted(zip(tree[1][::2], tree[1][1::2]), key=repr)


def _preceded_by(before, name, key):
    return bool(before) and before[0][-1] == key and command_name(before[0]) == name


@normaliser("unordered-hash", "HGETALL", "HKEYS", "HVALS", why="a hashtable-encoded hash has no order; a listpack has")
def _unordered_hash(args, before, oracle, target):
    if _preceded_by(before, "OBJECT ENCODING", args[-1]) and before[1] == (b"$", b"listpack"):
        return False
    order = sorted_pairs if args[0].upper() == b"HGETALL" else sorted_items
    return order(oracle) == order(target)


@normaliser(
    "unordered-set",
    *"SMEMBERS SPOP SUNION SINTER SDIFF".split(),
    why="a hashtable-encoded set has no order, and 7.0 has no listpack for sets; an intset has. Streams SPOP all or none",
)
def _unordered_set(args, before, oracle, target):
    if args[0].upper() == b"SMEMBERS" and _preceded_by(before, "OBJECT ENCODING", args[-1]):
        if before[1] == (b"$", b"intset"):
            return False
    return oracle[0] in AGGREGATES and sorted_items(oracle) == sorted_items(target)


@normaliser(
    "small-packed",
    "OBJECT ENCODING",
    why="7.2 says listpack of small lists and sets, 7.0 quicklist and hashtable; for sets TYPE must have been asked "
    "just before",
)
def _small_packed(args, before, oracle, target):
    if plain(oracle) == b"quicklist":
        return plain(target) == b"listpack"
    if not _preceded_by(before, "TYPE", args[-1]) or not plain(before[1]) == plain(before[2]) == b"set":
        return False
    return plain(oracle) == b"hashtable" and plain(target) == b"listpack"


@normaliser(
    "shared-clock",
    "OBJECT IDLETIME",
    why="Redis's integers below 10000 are one object for all keys, with one clock; OBJECT ENCODING is asked just before",
)
def _shared_clock(args, before, oracle, target):
    return _preceded_by(before, "OBJECT ENCODING", args[-1]) and plain(before[1]) == plain(before[2]) == b"int"


@normaliser(
    "sort-ties",
    "SORT",
    "SORT_RO",
    why="what compares equal is in any order: texts that differ behind a NUL (strcoll ends there), and a set's members "
    "under BY without a star",
)
def _sort_ties(args, _before, oracle, target):
    words = [word.upper() for word in args[2:]]
    unordered = any(word == b"BY" and b"*" not in args[2 + at + 1] for at, word in enumerate(words[:-1]))
    if oracle[0] not in AGGREGATES or not (unordered or b"ALPHA" in words):
        return False
    if sorted_items(oracle) != sorted_items(target):
        return False
    return unordered or b"GET" in words or _up_to_nul(oracle) == _up_to_nul(target)


def _up_to_nul(tree):
    return [item[1] and item[1].split(b"\0", 1)[0] for item in tree[1]]


@normaliser(
    "random-set-members",
    "SRANDMEMBER",
    why="random: as many as the oracle's, distinct unless count < 0, each in the set read just before",
)
def _random_set_members(args, before, oracle, target):
    if not _preceded_by(before, "SMEMBERS", args[1]):
        return True
    for reply, collection in ((oracle, before[1]), (target, before[2])):
        picked = [reply[1]] if reply[0] == b"$" else plain(reply)
        repeated = len(args) > 2 and int(args[2]) < 0
        if not set(picked) <= set(plain(collection)) or (not repeated and len(set(picked)) != len(picked)):
            return False
    return oracle[0] == b"$" or len(oracle[1]) == len(target[1])


@normaliser(
    "score-digits",
    *"ZADD ZSCORE ZMSCORE ZINCRBY ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANK ZREVRANK".split(),
    *"ZPOPMIN ZPOPMAX ZMPOP BZPOPMIN BZPOPMAX BZMPOP ZUNION ZINTER ZDIFF".split(),
    why="7.0 prints a score with 17 digits, 7.2 with the fewest that read back as the same number, laid out its own way",
)
def _score_digits(_args, _before, oracle, target):
    return _same_but_for_digits(oracle, target)


def _same_but_for_digits(oracle, target):
    if oracle == target:
        return True
    if oracle[0] != target[0] or oracle[1] is None or target[1] is None:
        return False
    if oracle[0] in AGGREGATES:
        pairs = list(zip(oracle[1], target[1]))
        return len(oracle[1]) == len(target[1]) and all(_same_but_for_digits(*pair) for pair in pairs)
    try:
        same = float(oracle[1]) == float(target[1])
    except (TypeError, ValueError):
        return False
    return same and len(oracle[1]) >= 17


@normaliser("unordered-keys", "KEYS", why="the key space has no order")
def _unordered_keys(_args, _before, oracle, target):
    return sorted_items(oracle) == sorted_items(target)


@normaliser("random-key", "RANDOMKEY", why="any key will do; the stream asks KEYS * just before")
def _random_key(_args, before, oracle, target):
    if not before or before[0] != (b"KEYS", b"*"):
        return True
    return oracle in before[1][1] and target in before[2][1]


@normaliser(
    "random-members",
    "HRANDFIELD",
    "ZRANDMEMBER",
    why="random: as many as the oracle's, distinct unless count < 0, each in the collection read just before",
)
def _random_members(args, before, oracle, target):
    whole = {b"HRANDFIELD": "HGETALL", b"ZRANDMEMBER": "ZRANGE"}[args[0].upper()]
    if not before or command_name(before[0]) != whole or before[0][1] != args[1]:
        return True
    for reply, collection in ((oracle, before[1]), (target, before[2])):
        if not _valid_sample(args, reply, collection):
            return False
    return oracle[0] == b"$" or len(oracle[1]) == len(target[1])


def _valid_sample(args, reply, collection):
    if reply[0] == b"$":
        return reply[1] in {member for member, _ in _pairs(collection)}
    picked = _pairs(reply) if len(args) > 3 else [(member, None) for member in plain(reply)]
    existing = dict(_pairs(collection))
    if int(args[2]) > 0 and len(set(m for m, _ in picked)) != len(picked):
        return False
    return all(m in existing and (v is None or v == existing[m]) for m, v in picked)


def _pairs(tree):
    flat = plain(tree)
    if flat and isinstance(flat[0], list):
        return [tuple(pair) for pair in flat]
    return list(zip(flat[::2], flat[1::2]))


@normaliser("ttl", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", why="two clocks: +-3 s; -1 and -2 exactly")
def _ttl(args, _before, oracle, target):
    tolerance = TTL_TOLERANCE_MS if args[0].upper().startswith(b"P") else TTL_TOLERANCE_MS // 1000
    left, right = int(oracle[1]), int(target[1])
    return min(left, right) >= 0 and abs(left - right) <= tolerance


@normaliser("idle-time", "OBJECT IDLETIME", why="seconds since two different accesses: +-3 s")
def _idle_time(_args, _before, oracle, target):
    return abs(int(oracle[1]) - int(target[1])) <= 3


@normaliser("clock", "TIME", why="two clocks: +-3 s, microseconds in range")
def _clock(_args, _before, oracle, target):
    (left, _), (right, micros) = plain(oracle), plain(target)
    return len(target[1]) == 2 and abs(int(left) - int(right)) <= 3 and 0 <= int(micros) < 1_000_000


@normaliser("hello", "HELLO", why="version and connection id differ; every other field exactly")
def _hello(_args, _before, oracle, target):
    def fields(tree):
        return [(k, v[0] if k[1] in (b"version", b"id") else v) for k, v in zip(tree[1][::2], tree[1][1::2])]

    return fields(oracle) == fields(target)


@normaliser("connection-id", "CLIENT ID", why="ids are the server's own; both must be positive")
def _connection_id(_args, _before, oracle, target):
    return int(oracle[1]) > 0 and int(target[1]) > 0


@normaliser(
    "client-fields",
    "CLIENT INFO",
    "CLIENT LIST",
    why="addresses, ids, ages and buffer sizes differ; field names, name, db, cmd, user and resp must not",
)
def _client_fields(_args, _before, oracle, target):
    same = (b"name", b"db", b"sub", b"psub", b"ssub", b"multi", b"cmd", b"user", b"resp", b"redir", b"events", b"flags")

    def lines(tree):
        out = []
        for line in tree[1].strip().split(b"\n"):
            fields = [field.partition(b"=") for field in line.split(b" ")]
            # 7.2 appended lib-name and lib-ver; the literal cases check them.
            out.append([(k, v if k in same else None) for k, _, v in fields if not k.startswith(b"lib-")])
        return sorted(out, key=repr)

    return lines(oracle) == lines(target)


@normaliser(
    "own-memory", "MEMORY USAGE", "DEBUG OBJECT", "MEMORY STATS", why="sizes and addresses are the implementation's own"
)
def _own_memory(_args, _before, _oracle, _target):
    return True


@normaliser(
    "scan-page",
    "SCAN",
    "HSCAN",
    "SSCAN",
    "ZSCAN",
    why="cursors and order are the server's own; streams compare whole iterations instead",
)
def _scan_page(_args, _before, oracle, target):
    return len(oracle[1]) == len(target[1]) == 2


@normaliser(
    "distance-ties",
    *"GEOSEARCH GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO".split(),
    why="COUNT leaves the order of members at the same distance to the sorting algorithm; the distances must be shown",
)
def _distance_ties(args, _before, oracle, target):
    words = {word.upper() for word in args[2:]}
    if not {b"COUNT", b"WITHDIST"} <= words or oracle[0] != b"*":
        return False
    left, right = ([item[1] for item in plain(reply)] for reply in (oracle, target))
    return left == right


@normaliser("idle-of-pending", "XPENDING", why="two clocks: the milliseconds since a delivery, +-3 s")
def _idle_of_pending(_args, _before, oracle, target):
    left, right = plain(oracle), plain(target)
    if len(left) != len(right) or not all(isinstance(a, list) and len(a) == 4 for a in left + right):
        return False
    return all(
        a[:2] + a[3:] == b[:2] + b[3:] and abs(int(a[2]) - int(b[2])) <= TTL_TOLERANCE_MS for a, b in zip(left, right)
    )
