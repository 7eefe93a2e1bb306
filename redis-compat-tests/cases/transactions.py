"""The `transactions` suite: random MULTI, WATCH and ordinary commands from several connections, one at a time in a
known order, on both servers; and CLIENT TRACKING's invalidations of such streams.

Commands of one step go to the same connection of both servers and their replies must agree. After each step of the
tracking streams, what the tracking connections were told must agree too: in BCAST mode message by message, else as sets,
since the order of the invalidations of one command is nobody's promise.
"""

import random
import time

from ..harness.pair import Mismatch, PairClient
from ..harness.resp import Client, NoReply, text_of

CONNECTIONS = 4
STEPS = 1500
TRACKING_STEPS = 300
KEYS = ["k%d" % n for n in range(6)]


def run(context):
    """Some streams of both kinds, from the run's seed."""
    for number in range(4):
        for resp in context.resps:
            _check(context, "transactions/stream-%d-resp%d" % (number, resp), _stream, number, resp)
    for number, options in enumerate(TRACKING_OPTIONS):
        _check(context, "transactions/tracking-%d" % number, _tracking_stream, number, options)
    _check(context, "transactions/redirect", _redirect, 0, None)


def _check(context, check_id, play, number, option):
    rng = random.Random("%s-%s" % (context.seed, check_id))
    context.pair.reset()
    try:
        play(context, rng, option)
    except (Mismatch, NoReply) as error:
        context.report.check(check_id, False, lambda error=error: "seed %s\n%s" % (context.seed, error))
    else:
        context.report.check(check_id, True, lambda: "")


def _key(rng):
    return rng.choice(KEYS)


def _plain(rng):
    """An ordinary command."""
    return rng.choice(
        [
            lambda: ["SET", _key(rng), rng.randrange(5)],
            lambda: ["GET", _key(rng)],
            lambda: ["INCR", _key(rng)],
            lambda: ["DEL", _key(rng), _key(rng)],
            lambda: ["MSET", _key(rng), 1, _key(rng), 2],
            lambda: ["ZADD", _key(rng), rng.randrange(9), "m%d" % rng.randrange(4)],
            lambda: ["ZPOPMIN", _key(rng)],
            lambda: ["BZPOPMIN", _key(rng), _key(rng), "0.001"],
            lambda: ["HSET", _key(rng), "f", rng.randrange(3)],
            lambda: ["RENAME", _key(rng), _key(rng)],
            lambda: ["COPY", _key(rng), _key(rng), "REPLACE"],
            lambda: ["EXPIRE", _key(rng), 1000],
            lambda: ["PERSIST", _key(rng)],
            lambda: ["MOVE", _key(rng), 1],
            lambda: ["DBSIZE"],
            lambda: ["EXISTS"] + KEYS,
        ]
    )()


def _rare(rng):
    """What changes whole databases, fails, or ends transactions."""
    return rng.choice(
        [
            ["FLUSHDB"],
            ["FLUSHALL"],
            ["SWAPDB", 0, 1],
            ["SELECT", rng.randrange(2)],
            ["GET"],
            ["NOSUCH"],
            ["UNWATCH"],
            ["DISCARD"],
            ["RESET"],
            ["SHUTDOWN", "NOSAVE", "x"],
            ["EXEC", "x"],
            ["PING"],
            ["ECHO", "x"],
        ]
    )


def _step(rng):
    dice = rng.random()
    if dice < 0.15:
        return ["MULTI"]
    if dice < 0.30:
        return ["EXEC"]
    if dice < 0.45:
        return ["WATCH", _key(rng), _key(rng)]
    return _rare(rng) if dice < 0.53 else _plain(rng)


def _stream(context, rng, resp):
    clients = [PairClient(context.pair, resp) for _ in range(CONNECTIONS)]
    try:
        for _ in range(STEPS):
            client = rng.choice(clients)
            step = _step(rng)
            if step[0] == "RESET" and resp == 3:
                continue
            client.same(*step)
    finally:
        for client in clients:
            client.close()


TRACKING_OPTIONS = [
    [],
    ["NOLOOP"],
    ["OPTIN"],
    ["OPTOUT"],
    ["BCAST"],
    ["BCAST", "NOLOOP", "PREFIX", "k1", "PREFIX", "k2"],
]


def _pushed(tree):
    """The keys of an invalidation, or None for all of them."""
    keys = tree[1][1]
    return (None,) if keys[0] == b"_" else tuple(key[1] for key in keys[1])


class _Cache:
    """A tracking connection to one server."""

    def __init__(self, port, options):
        self.client = Client(port, 3)
        self.exact = "BCAST" in options
        self.heard = []
        self.call("CLIENT", "TRACKING", "ON", *options)

    @property
    def told(self):
        """What was heard, as it is compared."""
        return self.heard if self.exact else {key for keys in self.heard for key in keys}

    def call(self, *args):
        """One command's reply; what is pushed meanwhile is put aside."""
        self.client.send(*args)
        while True:
            reply = self.client.read()
            if reply[0] != b">":
                return reply
            self.heard.append(_pushed(reply))

    def wait_for(self, told, seconds=1.0):
        """Until so much was heard, or for some time."""
        deadline = time.monotonic() + seconds
        while self.told != told and time.monotonic() < deadline:
            try:
                self.heard.append(_pushed(self.client.read(0.02)))
            except NoReply:
                pass


def _both(caches, args):
    replies = [cache.call(*args) for cache in caches]
    if replies[0] != replies[1]:
        raise Mismatch([str(arg).encode() for arg in args], *replies)


def _tracking_stream(context, rng, options):
    caches = [[_Cache(port, options) for port in context.pair.ports] for _ in range(2)]
    writer = PairClient(context.pair, 3)
    try:
        for _ in range(TRACKING_STEPS):
            step = _tracking_step(rng, options)
            if rng.random() < 0.4:
                writer.same(*step)
            else:
                _both(rng.choice(caches), step)
            for pair in caches:
                # A worker may see the first PING before its mail, the second one never; and one command may announce
                # a key twice.
                _both(pair, ["PING"])
                _both(pair, ["PING"])
                pair[1].wait_for(pair[0].told)
                if pair[0].told != pair[1].told:
                    raise NoReply("after %s: oracle told %s, target %s" % (step, pair[0].told, pair[1].told))
                for cache in pair:
                    cache.heard = []
    finally:
        writer.close()
        for pair in caches:
            for cache in pair:
                cache.client.close()


def _tracking_step(rng, options):
    dice = rng.random()
    if dice < 0.4:
        return rng.choice([["GET", _key(rng)], ["MGET", _key(rng), _key(rng)], ["EXISTS", _key(rng)], ["TYPE", _key(rng)]])
    if dice < 0.5 and "OPTIN" in options:
        return ["CLIENT", "CACHING", "YES"]
    if dice < 0.5 and "OPTOUT" in options:
        return ["CLIENT", "CACHING", "NO"]
    if dice < 0.53:
        return rng.choice([["FLUSHALL"], ["FLUSHDB"]])
    return _plain(rng)


def _redirect(context, _rng, _option):
    results = []
    for port in context.pair.ports:
        out = []
        with Client(port) as reader, Client(port) as writer:
            listener = Client(port)
            number = listener.call("CLIENT", "ID")[1]
            out.append(listener.call("SUBSCRIBE", "__redis__:invalidate"))
            out.append(reader.call("CLIENT", "TRACKING", "ON", "REDIRECT", number))
            out.append(reader.call("GET", "k"))
            writer.call("SET", "k", 1)
            out.append(listener.read())
            out.append(reader.call("GET", "k"))
            writer.call("FLUSHALL")
            out.append(listener.read())
            out.append(reader.call("CLIENT", "GETREDIR")[1] == number)
            listener.close()
            time.sleep(0.1)
            reader.call("HELLO", 3)
            reader.call("GET", "k")
            writer.call("SET", "k", 2)
            broken = reader.read()
            out.append((broken[0], broken[1][0], broken[1][1][1] == number))
            out.append([text_of(flag) for flag in reader.call("CLIENT", "TRACKINGINFO")[1][1][1]])
        results.append(out)
    if results[0] != results[1]:
        raise NoReply("oracle %s\ntarget %s" % tuple(results))
