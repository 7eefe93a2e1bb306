"""The `queue` suite: a random stream of commands, by the Lua script on the oracle and natively on the target.

After each step the replies are compared, at intervals and at the end every key: members, arrivals and settings
exactly; tokens by form; expiries within the clocks' tolerance. SCORE fixes most arrivals; where the server gives
them, only the order is compared.
"""

import random
import time

from ..harness.resp import Client, command_text, is_error, plain, text_of
from ..stream.state import whole_state
from .lua_target import claim_call, script_call

STEPS, QUEUES, USERS, CHECK_EVERY = 3000, ("concert-1", "a b", "\u00e9"), 60, 250
CLOCK_TOLERANCE_S, CLAIMS = 2, 600
ARRIVAL_BASE_MS = 1_900_000_000_000


def run(context):
    """The stream, an expiry phase, and the errors; skipped as a whole while the target has no ENTERQUEUE."""
    report = context.report
    with Client(context.pair.ports[0]) as oracle, Client(context.pair.ports[1]) as target:
        reply = target.call("ENTERQUEUE")
        if is_error(reply) and b"unknown command" in reply[1]:
            report.skip("queue", "target does not know ENTERQUEUE")
            return
        for resp in context.resps:
            target.call("HELLO", resp)
            _stream(report, oracle, target, random.Random("queue/%s/%s" % (context.seed, resp)), context.seed)
            _own_arrivals(report, oracle, target)
            _expiry(report, oracle, target)
            _claims(report, oracle, target, random.Random("claims/%s/%s" % (context.seed, resp)))
        _errors(report, target)


def _both(report, oracle, target, *args):
    """One command on both sides; True when the replies mean the same."""
    left = oracle.call(*script_call(args))
    right = target.call(*args)
    same = _meaning(args, left) == _meaning(args, right)
    return report.check(
        "queue/" + _name(args),
        same,
        lambda: "command: %s\nscript: %s\nnative: %s" % (command_text(args), text_of(left), text_of(right)),
        text_of(left),
        text_of(right),
    )


def _name(args):
    return args[0] if args[0] != "QUEUE" else "QUEUE-" + args[1]


def _meaning(args, tree):
    """A reply without what may differ: tokens, estimates, and clocks beyond the tolerance."""
    if is_error(tree):
        return tree[1].split(b" ")[0]
    value = plain(tree)
    if args[0] == "ENTERQUEUE" or args[:2] == ("QUEUE", "STATUS"):
        fields = dict(zip(value[::2], value[1::2]))
        status = fields.get(b"status")
        if status in (b"NEW", b"WAITING"):
            return status, fields.get(b"position"), fields.get(b"total")
        return status, bool(fields.get(b"token")), b"expires_at" in fields
    if args[0] == "MOVEACTIVE" and "WITHTOKENS" in args:
        flat = [word for item in value for word in (item if isinstance(item, list) else [item])]
        return flat[::2], all(len(token) >= 32 or len(token) * 6 >= 128 for token in flat[1::2])
    return value


def _step(source, arrival):
    """A random command; `arrival` is the next fixed SCORE."""
    queue, user = source.choice(QUEUES), "user-%d" % source.randrange(USERS)
    ttl = ["TTL", source.randint(1000, 9000)] if source.random() < 0.3 else []
    roll = source.random()
    if roll < 0.42:
        most = ["MAXWAIT", source.randint(1, 40)] if source.random() < 0.2 else []
        return ("ENTERQUEUE", queue, user, "SCORE", arrival, *most)
    if roll < 0.55:
        most = ["MAXACTIVE", source.randint(0, 30)] if source.random() < 0.3 else []
        tokens = ["WITHTOKENS"] if source.random() < 0.3 else []
        return ("MOVEACTIVE", queue, source.randint(0, 8), *ttl, *most, *tokens)
    if roll < 0.67:
        return ("QUEUE", "STATUS", queue, user)
    if roll < 0.77:
        return ("QUEUE", "ACTIVATE", queue, user, *ttl)
    if roll < 0.86:
        most = ["MAXEXTENDS", source.randint(0, 3)] if source.random() < 0.3 else []
        return ("QUEUE", "EXTEND", queue, user, *ttl, *most)
    if roll < 0.95:
        return ("QUEUE", "LEAVE", queue, user)
    if roll < 0.97:
        return ("QUEUE", "EXPIRE", queue)
    field, values = source.choice(
        [
            ("max-active", (0, 5, 20, 40)),
            ("max-waiting", (5, 30, 1000)),
            ("token-ttl", (600, 5000)),
            ("active-ttl", (600, 5000)),
            ("max-extends", (0, 1, 5)),
            ("state", ("open", "open", "paused", "closed")),
        ]
    )
    return ("QUEUE", "CONFIG", "SET", queue, field, source.choice(values))


def _prepare(oracle, target):
    for client in (oracle, target):
        client.call("FLUSHALL")
    settings = [
        "max-active",
        20,
        "max-waiting",
        1000,
        "token-ttl",
        600,
        "active-ttl",
        900,
        "max-extends",
        3,
        "state",
        "open",
    ]
    for queue in QUEUES:
        oracle.call(*script_call(["QUEUE", "CONFIG", "SET", queue, *settings]))
        target.call("QUEUE", "CONFIG", "SET", queue, *settings)


def _stream(report, oracle, target, source, seed):
    _prepare(oracle, target)
    arrival = ARRIVAL_BASE_MS
    for step in range(STEPS):
        arrival += source.choice((0.25, 1, 1, 7))
        agreed = _both(report, oracle, target, *_step(source, arrival))
        if step % CHECK_EVERY == CHECK_EVERY - 1:
            agreed = _same_keys(report, oracle, target, "seed %s, step %d" % (seed, step)) and agreed
        if not agreed:
            report.say("queue: stream of seed %s stopped at step %d" % (seed, step))
            return


def _same_keys(report, oracle, target, where):
    """Every key of both servers, tokens and clock aside."""
    target.call("HELLO", 2)
    left, right = (
        {place: _comparable(place[1], entry) for place, entry in whole_state(client, (0,)).items()}
        for client in (oracle, target)
    )
    lines = []
    for place in sorted(set(left) | set(right)):
        a, b = left.get(place), right.get(place)
        if a is None or b is None or not _close(a, b):
            lines.append("%r\n  script %s\n  native %s" % (place[1], str(a)[:400], str(b)[:400]))
    return report.check("queue/keys", not lines, lambda: where + "\n" + "\n".join(lines[:6]))


def _comparable(key, entry):
    """(exact part, clocks in seconds) of one key."""
    kind, encoding, expiry_ms, content = entry
    if key.startswith(b"queue:active:"):
        return (kind, encoding, sorted(content[::2])), [
            float(score) for _, score in sorted(zip(content[::2], content[1::2]))
        ]
    if key.startswith(b"active:token:"):
        pairs = content if content and isinstance(content[0], tuple) else zip(content[::2], content[1::2])
        fields = dict(pairs)
        clocks = [expiry_ms / 1000, float(fields.pop(b"expired_at", 0))]
        fields[b"token"] = len(fields.get(b"token", b"")) > 0
        return (kind, sorted(fields.items())), clocks
    pairs = (
        sorted(zip(content[::2], content[1::2]))
        if key.startswith(b"queue:config:") and content and isinstance(content[0], bytes)
        else content
    )
    return (kind, expiry_ms, pairs), []


def _close(a, b):
    return a[0] == b[0] and all(abs(x - y) <= CLOCK_TOLERANCE_S for x, y in zip(a[1], b[1]))


def _own_arrivals(report, oracle, target):
    """Without SCORE: the order is that of the calls, many in one millisecond, also after a fixed arrival."""
    _prepare(oracle, target)
    names = ["z%d" % n for n in range(150)]
    random.Random(1).shuffle(names)
    target.call("ENTERQUEUE", "own", names[0], "SCORE", ARRIVAL_BASE_MS)
    target.pipeline([("ENTERQUEUE", "own", name) for name in names[1:]])
    order = plain(target.call("ZRANGE", "queue:wait:{own}", 0, -1))
    report.check("queue/own-arrivals", order == [name.encode() for name in names], lambda: "order %s" % order[:20])


def _claims(report, oracle, target, source):
    """CLAIMSTOCK: few users claim small stocks that are filled up now and then; replies, keys and events."""
    reply = target.call("CLAIMSTOCK")
    if is_error(reply) and b"unknown command" in reply[1]:
        report.skip("queue/CLAIMSTOCK", "target does not know it")
        return
    for client in (oracle, target):
        client.call("FLUSHALL")
    stocks = ["stock:{%d}" % number for number in range(3)]
    for _ in range(CLAIMS):
        stock = source.choice(stocks)
        if source.random() < 0.1:
            refill = source.choice((("SET", stock, source.randint(0, 9)), ("DEL", stock), ("INCRBY", stock, 3)))
            for client in (oracle, target):
                client.call(*refill)
        options = source.choice(([], ["STREAM", "events"], ["STREAM", "events", "MAXLEN", source.randint(0, 20)]))
        args = ("CLAIMSTOCK", stock, "issued:" + stock, "user-%d" % source.randrange(40), *options)
        left, right = oracle.call(*claim_call(args)), target.call(*args)
        same = plain(left) == plain(right)
        report.check(
            "queue/CLAIMSTOCK",
            same,
            lambda args=args, left=left, right=right: "command: %s\nscript: %s\nnative: %s"
            % (command_text(args), text_of(left), text_of(right)),
        )
        if not same:
            return
    for stock in stocks:
        for read in (("GET", stock), ("SCARD", "issued:" + stock)):
            states = [plain(client.call(*read)) for client in (oracle, target)]
            report.check("queue/CLAIMSTOCK", states[0] == states[1], lambda states=states: "left %s" % states)
        members = [sorted(plain(client.call("SMEMBERS", "issued:" + stock))) for client in (oracle, target)]
        report.check("queue/CLAIMSTOCK", members[0] == members[1], lambda: "issued sets differ")
    events = [[fields for _, fields in plain(client.call("XRANGE", "events", "-", "+"))] for client in (oracle, target)]
    report.check("queue/CLAIMSTOCK", events[0] == events[1], lambda: "events %s" % events)


def _expiry(report, oracle, target):
    """Tokens of one second: gone for every command once the time is up, and the place is free again."""
    _prepare(oracle, target)
    for number in range(6):
        _both(report, oracle, target, "ENTERQUEUE", "concert-1", "u%d" % number, "SCORE", ARRIVAL_BASE_MS + number)
    _both(report, oracle, target, "MOVEACTIVE", "concert-1", 3, "TTL", 1)
    time.sleep(2.1)
    for args in (
        ("QUEUE", "STATUS", "concert-1", "u0"),
        ("QUEUE", "ACTIVATE", "concert-1", "u1"),
        ("QUEUE", "LEAVE", "concert-1", "u2"),
    ):
        _both(report, oracle, target, *args)
    _both(report, oracle, target, "MOVEACTIVE", "concert-1", 9, "MAXACTIVE", 3)
    _both(report, oracle, target, "ENTERQUEUE", "concert-1", "u0", "SCORE", ARRIVAL_BASE_MS + 50)
    _same_keys(report, oracle, target, "after the expiry phase")


def _errors(report, target):
    """What must be refused, and leaves no key behind."""
    target.call("FLUSHALL")
    for args in (
        ("ENTERQUEUE", "", "u"),
        ("ENTERQUEUE", "a{b", "u"),
        ("ENTERQUEUE", "a}b", "u"),
        ("ENTERQUEUE", "q", "u", "SCORE", "abc"),
        ("ENTERQUEUE", "q", "u", "SCORE", "nan"),
        ("ENTERQUEUE", "q", "u", "MAXWAIT", "-1"),
        ("ENTERQUEUE", "q", "u", "FOO"),
        ("MOVEACTIVE", "q", "abc"),
        ("MOVEACTIVE", "q", "-1"),
        ("MOVEACTIVE", "q", "1", "TTL", "0"),
        ("QUEUE", "CONFIG", "SET", "q", "nosuch", "1"),
        ("QUEUE", "CONFIG", "SET", "q", "max-active", "abc"),
        ("QUEUE", "CONFIG", "SET", "q", "max-active", "5", "state", "ajar"),
        ("QUEUE", "NOSUCH", "q"),
        ("QUEUE", "EXTEND", "q", "u", "TTL", "abc"),
    ):
        if not _is_shim(target):
            reply = target.call(*args)
            report.check("queue/error/" + " ".join(args), is_error(reply), lambda: "accepted: %s" % text_of(reply))
    report.check("queue/error/no-keys", plain(target.call("DBSIZE")) == b"0", lambda: str(target.call("KEYS", "*")))
    for key in ("queue:wait:{q}", "queue:active:{q}", "queue:config:{q}"):
        target.call("FLUSHALL")
        target.call("SET", key, "v")
        reply = target.call("MOVEACTIVE", "q", 1)
        report.check(
            "queue/wrongtype/" + key,
            reply[0] == b"-" and b"WRONGTYPE" in reply[1],
            lambda: text_of(reply),
            "",
            text_of(reply),
        )
    target.call("FLUSHALL")


def _is_shim(target):
    """The Lua stand-in does not check arguments; Usher answers QUEUE HELP."""
    return is_error(target.call("QUEUE", "HELP"))
