"""The `migrating` suite: MIGRATE from the oracle and from the target, to a redis-server and to a server of the target's
kind, and to sockets that answer what the suite wants.

Every step is played with either source against the same fresh destination: replies, what is left at the source and what
came to the destination must be the same. Data of all types goes over and must have the same digest there.
"""

import random
import socket
import threading
import time

from ..harness.resp import Client, plain, text_of
from ..harness.servers import Server
from .dump import fill

HOST = "127.0.0.1"
PASSWORD = "sesame"


def run(context):
    """Each destination, then the scripted ones."""
    for giver in (context.oracle, context.target):
        destination = Server("destination", giver.path, giver.extra_args).start()
        guarded = Server("guarded", giver.path, giver.extra_args).start({"requirepass": PASSWORD})
        try:
            _replies(context, giver.name, destination, guarded)
            _values(context, giver.name, destination)
        finally:
            destination.stop()
            guarded.stop()
    for name, script in SCRIPTS.items():
        outcomes = [_against_script(port, *script) for port in context.pair.ports]
        _same(context, "migrating/script/" + name, outcomes)
    _others_go_on(context)


def _same(context, check_id, outcomes):
    oracle, target = outcomes
    context.report.check(check_id, oracle == target, lambda: "oracle %s\ntarget %s" % (oracle, target), str(oracle), str(target))


# ---- replies


def _steps(port, guarded):
    """(what is set before, the arguments of MIGRATE). The last element of what is set goes to the destination first."""
    free = 1  # nobody listens there
    one = [("SET", "a", "1")]
    three = [*one, ("SET", "b", "2"), ("RPUSH", "c", "x", "y")]
    yield "one key", three, [port, "a", 0, 1000], []
    yield "copy", three, [port, "a", 0, 1000, "COPY"], []
    yield "another database", three, [port, "a", 3, 1000], []
    yield "no such database", three, [port, "a", 99, 1000], []
    yield "several", three, [port, "", 0, 1000, "KEYS", "a", "b", "none", "c"], []
    yield "several, copied", three, [port, "", 0, 1000, "copy", "keys", "a", "b"], []
    yield "one of several is there", three, [port, "", 0, 1000, "KEYS", "a", "b", "c"], [("SET", "b", "old")]
    yield "replaced", three, [port, "", 0, 1000, "REPLACE", "KEYS", "a", "b"], [("RPUSH", "b", "old")]
    yield "twice", one, [port, "", 0, 1000, "KEYS", "a", "a"], []
    yield "twice, replaced", one, [port, "", 0, 1000, "REPLACE", "KEYS", "a", "a"], []
    yield "none", one, [port, "x", 0, 1000], []
    yield "none of several", one, [port, "", 0, 1000, "KEYS", "x", "y"], []
    yield "no keys", one, [port, "", 0, 1000, "KEYS"], []
    yield "no password", one, [guarded, "a", 0, 1000], []
    yield "wrong password", one, [guarded, "a", 0, 1000, "AUTH", "wrong"], []
    yield "password", three, [guarded, "a", 0, 1000, "AUTH", PASSWORD], []
    yield "user and password", three, [guarded, "", 0, 1000, "AUTH2", "default", PASSWORD, "KEYS", "b"], []
    yield "unknown user", three, [guarded, "c", 0, 1000, "AUTH2", "nobody", PASSWORD], []
    yield "a password where none is", three, [port, "c", 0, 1000, "AUTH", "x"], []
    yield "nobody listens", one, [free, "a", 0, 200], []
    yield "a port that is none", one, ["port", "a", 0, 200], []
    yield "a port beyond all", one, [99999999, "a", 0, 200], []
    yield "timeout below zero", one, [port, "a", 0, -1], []
    for words in (
        ["x", "a", 0, "y"], [port, "a", "x", 100], [port, "a", 0, "x"], [port, "a", 0, 100, "FOO"], [port, "a", 0, 100, "KEYS", "a"],
        [port, "a", 0, 100, "AUTH"], [port, "a", 0, 100, "AUTH2", "u"], [port, "a", 0, 100, "COPY", "AUTH2", "u"], [port, "a", 0],
        [port, "", 0, 100, "KEYS", "a", "COPY"], [port, "", 0, 100],
    ):  # fmt: skip
        yield "words %s" % words[1:], one, words, []


def _replies(context, name, destination, guarded):
    for title, before, words, there in _steps(destination.port, guarded.port):
        outcomes = []
        for port in context.pair.ports:
            with Client(port) as source, Client(destination.port) as taker, Client(guarded.port) as other:
                other.call("AUTH", PASSWORD)
                for client in (source, taker, other):
                    client.call("FLUSHALL")
                for command in before:
                    source.call(*command)
                for command in there:
                    taker.call(*command)
                reply = text_of(source.call("MIGRATE", HOST, *words))
                outcomes.append([reply] + [_content(client) for client in (source, taker, other)])
        _same(context, "migrating/%s/%s" % (name, title), outcomes)
    for port in context.pair.ports:
        _times_to_live(context, name, port, destination.port)


def _content(client):
    """The keys of databases 0 and 3, with their values' digests."""
    found = []
    for db in (0, 3):
        client.call("SELECT", db)
        for key in sorted(plain(client.call("KEYS", "*"))):
            found.append((db, key, text_of(client.call("DEBUG", "DIGEST-VALUE", key))))
    client.call("SELECT", 0)
    return found


def _times_to_live(context, name, port, destination):
    with Client(port) as source, Client(destination) as taker:
        taker.call("FLUSHALL")
        source.call("SET", "a", "1", "PX", 60_000)
        reply = source.call("MIGRATE", HOST, destination, "a", 0, 1000)
        ttl = int(plain(taker.call("PTTL", "a")))
        good = plain(reply) == b"OK" and 55_000 < ttl <= 60_000
        context.report.check("migrating/%s/time to live" % name, good, lambda: "%s, %d ms" % (text_of(reply), ttl))


def _values(context, name, destination):
    """Data of every type, in one command and key by key."""
    for number, port in enumerate(context.pair.ports):
        for in_one in (True, False):
            rng = random.Random("%s-migrating-%s" % (context.seed, in_one))
            with Client(port, timeout=30.0) as source, Client(destination.port) as taker:
                source.call("FLUSHALL")
                taker.call("FLUSHALL")
                keys = fill(rng, (source,), 60)
                digest = plain(source.call("DEBUG", "DIGEST"))
                asked = [["", 0, 5000, "KEYS", *keys]] if in_one else [[key, 0, 5000] for key in keys]
                replies = {text_of(source.call("MIGRATE", HOST, destination.port, *words)) for words in asked}
                left = plain(source.call("DBSIZE"))
                got = plain(taker.call("DEBUG", "DIGEST"))
            context.report.check(
                "migrating/%s/values-from-%s" % (name, ("oracle", "target")[number]),
                (len(replies), left, got) == (1, b"0", digest),
                lambda replies=replies, left=left, got=got, digest=digest: "seed %s: %s, %s keys left, digest %s, was %s"
                % (context.seed, replies, left, got, digest),
            )


# ---- destinations that misbehave

# name: (MIGRATE's words behind the port, then per connection: commands to wait for, what to answer, close at once?)
SCRIPTS = {
    "silent": (["a", 0, 150], [(2, b"", False)]),
    "closes": (["a", 0, 500], [(2, b"", True)] * 3),
    "closes once": (["a", 0, 500], [(2, b"", True), (2, b"+OK\r\n+OK\r\n", False)]),
    "half an answer": (["", 0, 150, "KEYS", "a", "b"], [(3, b"+OK\r\n+OK\r\n+O", False)]),
    "one answer, then gone": (["", 0, 150, "KEYS", "a", "b"], [(3, b"+OK\r\n+OK\r\n", True)] * 2),
    "an error, then gone": (["", 0, 150, "KEYS", "a", "b"], [(3, b"+OK\r\n-ERR no\r\n", True)] * 2),
    "refuses the password": (["a", 0, 500, "AUTH", "x"], [(3, b"-ERR a\r\n-ERR b\r\n+OK\r\n", False)]),
    "refuses the database": (["a", 7, 500], [(2, b"-ERR b\r\n+OK\r\n", False)]),
    "refuses one": (["", 0, 500, "KEYS", "a", "b"], [(3, b"+OK\r\n-BUSY x\r\n+OK\r\n", False)]),
    "refuses two": (["", 0, 500, "KEYS", "a", "b"], [(3, b"+OK\r\n-BUSY x\r\n-OOM y\r\n", False)]),
}


def _against_script(port, words, conversations):
    """The reply, the keys left, and what each connection heard."""
    heard = []
    with socket.create_server((HOST, 0)) as listener, Client(port) as source:
        thread = threading.Thread(target=_converse, args=(listener, conversations, heard), daemon=True)
        thread.start()
        source.call("FLUSHALL")
        for key in "ab":
            source.call("SET", key, "1")
        reply = text_of(source.call("MIGRATE", HOST, listener.getsockname()[1], *words))
        left = sorted(plain(source.call("KEYS", "*")))
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5.0)
    return reply, left, heard


def _converse(listener, conversations, heard):
    kept = []
    for commands, answer, closes in conversations:
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        connection.settimeout(2.0)
        data = b""
        try:
            while data.count(b"*") < commands:
                piece = connection.recv(65536)
                if not piece:
                    break
                data += piece
            time.sleep(0.02)  # the end of the last command
            connection.sendall(answer)
        except OSError:
            pass
        heard.append(data)
        if closes:
            connection.close()
        else:
            kept.append(connection)
    for connection in kept:
        connection.close()


# ---- whoever waits for the network keeps nobody else waiting


def _others_go_on(context):
    """The target's other clients, while MIGRATE waits for a silent destination: plain, in MULTI, in a trusted script."""
    port = context.pair.ports[1]
    script = "if #ARGV == 0 then return 1 end return redis.call('MIGRATE', ARGV[1], ARGV[2], KEYS[1], '0', '700')"
    with socket.create_server((HOST, 0)) as silent, Client(port) as source, Client(port) as other:
        destination = silent.getsockname()[1]
        source.call("FLUSHALL")
        source.call("SET", "a", "1")
        for _ in range(200):  # until it is trusted to be short and to stay within its keys
            source.call("EVAL", script, 1, "a")
        plain_words = ["MIGRATE", HOST, destination, "a", 0, 700]
        for title, commands in (
            ("plain", [plain_words]),
            ("in MULTI", [["MULTI"], plain_words, ["EXEC"]]),
            ("in a script", [["EVAL", script, 1, "a", HOST, destination]]),
        ):
            for command in commands:
                source.send(*command)
            slowest, ended = 0.0, time.monotonic() + 0.5
            while time.monotonic() < ended:
                began = time.monotonic()
                other.call("PING")
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.01)
            reply = [text_of(source.read()) for _ in commands][-1]
            good = slowest < 0.25 and "reading" in reply
            context.report.check(
                "migrating/others go on/" + title, good, lambda slowest=slowest, reply=reply: "%.3f s, %s" % (slowest, reply)
            )
