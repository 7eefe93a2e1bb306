"""The `crash` suite: kill -9 under load, restart, compare with what the clients were told.

Each writer performs numbered steps, one after the other, on keys of its own; a step changes several keys (of several
shards) by one transaction, script or multi-key command to its number. So what is found after a restart must be exactly
the state after some step, for `always` no earlier than the last acknowledged one, for `everysec` no earlier than the
last one acknowledged two seconds before. What readers saw must still be there as well (`always`). People in a waiting
room are in one place only, nothing is sold twice.

Then a disk that is full (RLIMIT_FSIZE): writes are refused in Redis's words, nothing is lost, and it recovers.
$CRASH_KILLS kills (8 unless told).
"""

import os
import random
import resource
import signal
import threading
import time

from ..harness.resp import Client, NoReply, ProtocolError, plain, text_of
from ..harness.servers import Server, die_with_parent
from .aof import wait_for_rewrite

KILLS = int(os.environ.get("CRASH_KILLS", "8"))
WRITERS = 3
EVERYSEC_LOSS_S = 2.0
STOCK = 1000
SCRIPT = "for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1]) end"


def run(context):
    """Both policies, then the full disk."""
    started = time.monotonic()
    for policy, kills in (("always", max(1, KILLS * 3 // 4)), ("everysec", max(1, KILLS // 4))):
        _crashes(context, policy, kills)
    context.report.say("crash: %d kills in %.1f s" % (KILLS, time.monotonic() - started))
    _full_disk(context, "everysec")
    _full_disk(context, "always")


class Writer(threading.Thread):
    """Performs steps until the server is gone. `number` is the last acknowledged step."""

    def __init__(self, port, name, number, seed):
        super().__init__(daemon=True)
        self.port, self.name_, self.number, self.tried = port, name, number, number
        self.acknowledged = []  # (time, step)
        self.rng = random.Random(seed)
        self.error = None

    def keys(self, kind):
        """The keys of one kind of step: without a common tag, so that they lie in several shards."""
        return ["%s:%s:%d" % (self.name_, kind, place) for place in range(3)]

    def steps(self, number):
        """The commands of a step, and which reply acknowledges it."""
        kind = ("multi", "mset", "script", "list")[number % 4]
        keys = self.keys(kind)
        if kind == "multi":
            return [("MULTI",)] + [("SET", key, number) for key in keys] + [("EXEC",)]
        if kind == "mset":
            return [("MSET",) + tuple(word for key in keys for word in (key, number))]
        if kind == "script":
            return [("EVAL", SCRIPT, len(keys), *keys, number)]
        return [("MULTI",), ("SELECT", 1)] + [("RPUSH", key, number) for key in keys] + [("SELECT", 0), ("EXEC",)]

    def run(self):
        try:
            with Client(self.port, timeout=20.0) as client:
                while True:
                    self.tried = self.number + 1
                    replies = client.pipeline(self.steps(self.tried))
                    if replies[-1][0] == b"-":
                        self.error = text_of(replies[-1])
                        return
                    self.number = self.tried
                    self.acknowledged.append((time.monotonic(), self.number))
        except (OSError, NoReply, ProtocolError):
            return

    def least(self, policy, killed_at):
        """The step that must be there."""
        if policy == "always":
            return self.number
        old = [step for when, step in self.acknowledged if when < killed_at - EVERYSEC_LOSS_S]
        return old[-1] if old else 0

    def state_after(self, number):
        """What is there after a step: the last number of each kind."""
        return {kind: max((n for n in range(max(0, number - 3), number + 1) if n % 4 == rest), default=0)
                for rest, kind in enumerate(("multi", "mset", "script", "list"))}

    def found(self, client):
        """What is there: the number of each kind, or a text that says what is half done."""
        state = {}
        for kind in ("multi", "mset", "script", "list"):
            client.call("SELECT", 1 if kind == "list" else 0)
            read = [("LINDEX", key, -1) if kind == "list" else ("GET", key) for key in self.keys(kind)]
            values = [int(plain(client.call(*command)) or 0) for command in read]
            if len(set(values)) != 1:
                return "%s: half done: %s" % (kind, values)
            state[kind] = values[0]
        client.call("SELECT", 0)
        return state


class Reader(threading.Thread):
    """Reads the writers' keys; what it saw must never be undone."""

    def __init__(self, port, writers):
        super().__init__(daemon=True)
        self.port, self.keys = port, [writer.keys("mset")[0] for writer in writers]
        self.seen = {}

    def run(self):
        try:
            with Client(self.port, timeout=20.0) as client:
                while True:
                    for key in self.keys:
                        self.seen[key] = int(plain(client.call("GET", key)) or 0)
        except (OSError, NoReply, ProtocolError):
            return


class Visitor(threading.Thread):
    """Enters a waiting room, admits and buys. `entered`, `admitted`, `issued`: who was told so."""

    def __init__(self, port, round_number):
        super().__init__(daemon=True)
        self.port, self.round = port, round_number
        self.entered, self.admitted, self.issued = [], [], []

    def run(self):
        number = 0
        try:
            with Client(self.port, timeout=20.0) as client:
                client.call("SET", "{shop}stock", STOCK, "NX")
                while True:
                    number += 1
                    user = "u%d-%d" % (self.round, number)
                    client.call("ENTERQUEUE", "shop", user)
                    self.entered.append(user)
                    if number % 3 == 0:
                        self.admitted += plain(client.call("MOVEACTIVE", "shop", 2, "MAXACTIVE", 1_000_000, "TTL", 10_000))
                    reply = client.call("CLAIMSTOCK", "{shop}stock", "{shop}issued", user, "STREAM", "{shop}events")
                    if plain(reply)[0] == b"ISSUED":
                        self.issued.append(user)
        except (OSError, NoReply, ProtocolError):
            return


def _crashes(context, policy, kills):
    rng = random.Random("%s-%s" % (context.seed, policy))
    server = Server("target", context.target.path, context.target.extra_args)
    server.start({"appendonly": "yes", "appendfsync": policy, "auto-aof-rewrite-min-size": "200kb"})
    numbers = [0] * WRITERS
    try:
        for kill in range(kills):
            writers = [
                Writer(server.port, "w%d" % i, numbers[i], rng.random()) for i in range(WRITERS)
            ]
            reader, visitor = Reader(server.port, writers), Visitor(server.port, kill)
            threads = [*writers, reader, visitor]
            for thread in threads:
                thread.start()
            time.sleep(rng.uniform(0.05, 0.5) if policy == "always" else rng.uniform(0.2, 2.6))
            if rng.random() < 0.3:
                with Client(server.port) as client:
                    client.call("BGREWRITEAOF")
                time.sleep(rng.uniform(0, 0.05))
            killed_at = time.monotonic()
            server.kill()
            for thread in threads:
                thread.join(20.0)
            server.restart()
            detail = _compare(server, policy, killed_at, writers, reader, visitor, numbers)
            context.report.check(
                "crash/%s" % policy,
                not detail,
                lambda kill=kill, detail=detail: "seed %s kill %d: %s\n%s" % (context.seed, kill, detail, server.log_tail(25)),
            )
            if detail:
                return
    finally:
        server.stop()


def _compare(server, policy, killed_at, writers, reader, visitor, numbers):
    """Says what is wrong, or nothing. `numbers` becomes what each writer goes on from."""
    with Client(server.port, timeout=20.0) as client:
        for index, writer in enumerate(writers):
            if writer.error:
                return "a step failed: " + writer.error
            found = writer.found(client)
            least = max(writer.least(policy, killed_at), numbers[index])
            possible = [n for n in range(least, writer.tried + 1) if writer.state_after(n) == found]
            if not possible:
                return "%s: acknowledged %d (at least %d), tried %d, found %s" % (
                    writer.name_, writer.number, least, writer.tried, found)
            numbers[index] = possible[-1]
        if policy == "always":
            for key, seen in reader.seen.items():
                if int(plain(client.call("GET", key)) or 0) < seen:
                    return "%s was read as %d" % (key, seen)
        return _queue_fault(client, visitor, policy)


def _queue_fault(client, visitor, policy):
    waiting = set(plain(client.call("ZRANGE", "queue:wait:{shop}", 0, -1)))
    active = set(plain(client.call("ZRANGE", "queue:active:{shop}", 0, -1)))
    if waiting & active:
        return "in the line and admitted: %s" % sorted(waiting & active)[:5]
    for user in active:
        if plain(client.call("EXISTS", b"active:token:{shop}:" + user)) != b"1":
            return "admitted without a token: %s" % user
    if policy == "always":
        lost = [user for user in visitor.entered if user.encode() not in waiting | active]
        lost += [user for user in visitor.admitted if user not in active]
        if lost:
            return "lost: %s" % lost[:5]
    issued = set(plain(client.call("SMEMBERS", "{shop}issued")))
    events = int(plain(client.call("XLEN", "{shop}events")))
    stock = plain(client.call("GET", "{shop}stock"))
    if stock is None:
        return "" if not issued and not visitor.issued else "the stock is gone"
    if int(stock) + len(issued) != STOCK or events != len(issued):
        return "stock %s, issued %d, events %d" % (stock, len(issued), events)
    if policy == "always" and not set(user.encode() for user in visitor.issued) <= issued:
        return "issued, and forgotten"
    return ""


# ---- a full disk


def _limited():
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))


def _full_disk(context, policy):
    server = Server("target", context.target.path, context.target.extra_args)
    server.start({"appendonly": "yes", "appendfsync": policy, "auto-aof-rewrite-percentage": "0"})
    check = context.report.check
    try:
        server.kill()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # inherited: a write over the limit is an error
        server.restart(prepare=_limited, restore_signals=False)
        told, refusal = _write_until_refused(server)
        if policy == "always":
            server.process.wait(5.0)
            check("crash/full-always-ends", server.process.returncode == 1, lambda: server.log_tail())
        else:
            check("crash/full-misconf", refusal.startswith("-MISCONF Errors writing to the AOF file: File too large"),
                  lambda: "%s after %d\n%s" % (refusal, told, server.log_tail()))
            _while_full(check, server)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            recovered = _write_when_possible(server)
            check("crash/full-recovers", recovered == "+OK", lambda: recovered + server.log_tail())
            with Client(server.port) as client:
                synced = text_of(client.call("WAITAOF", 1, 0, 5000))
            check("crash/full-waitaof", synced.startswith("[:1"), lambda: synced)
            server.kill()
        server.restart()
        with Client(server.port) as client:
            size = int(plain(client.call("DBSIZE")))
            found = sum(plain(reply) is not None for reply in client.pipeline([("GET", "k%d" % n) for n in range(told)]))
        check("crash/full-%s" % policy, found == told, lambda: "told %d, found %d of %d" % (told, found, size))
    finally:
        server.stop()


def _write_until_refused(server):
    told = 0
    try:
        with Client(server.port) as client:
            while told < 20_000:
                reply = client.call("SET", "k%d" % told, "x" * 100)
                if reply[0] == b"-":
                    return told, text_of(reply)
                told += 1
    except (OSError, NoReply) as error:
        return told, str(error)
    return told, "never refused"


def _while_full(check, server):
    with Client(server.port) as client:
        info = plain(client.call("INFO", "persistence")).decode()
        check("crash/full-info", "aof_last_write_status:err" in info, lambda: info)
        ping, get = text_of(client.call("PING")), client.call("GET", "k0")
        check("crash/full-ping", ping.startswith("-MISCONF"), lambda: ping)
        check("crash/full-read", plain(get) == b"x" * 100, lambda: text_of(get))
        client.call("BGREWRITEAOF")
        rewritten = wait_for_rewrite(client, 3)
        check("crash/full-rewrite", rewritten in ("err", "never ended"), lambda: rewritten)


def _write_when_possible(server):
    reply = ""
    with Client(server.port) as client:
        for _ in range(100):
            reply = text_of(client.call("SET", "after", "all"))
            if reply == "+OK":
                return reply
            time.sleep(0.05)
    return reply
