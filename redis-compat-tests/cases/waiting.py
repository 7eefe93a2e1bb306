"""The `waiting` suite: random sequences of clients that wait for lists, sorted sets and streams, and of all that may wake
them or not, on both servers; with the keyspace events of it all.

After each step it must be the same clients that were served, with the same replies, as many must wait on, and the same
events must have been announced, those of each key in the same order (clients of keys in other shards may be served a
little later); now and then the data are compared. What 7.2 does in another way than the oracle is left to literal cases:
a transaction that writes several streams, or several keys in another order than that of the waiting command's
arguments; the error that a group's reader gets whose stream or group is gone, of which only is compared that it is one;
and the consumer that is made although there is nothing to read.
"""

import random
import time

from ..harness.pair import wait_until
from ..harness.presence import absent_commands
from ..harness.resp import Client, NoReply, command_text, is_error, plain, text_of

WAITERS = 7
STEPS_MIN = 200
STEPS_MAX = 5000
DATA_EVERY = 60
TAGGED_LISTS = ["{l}0", "{l}1", "{l}2"]
LISTS = ["l0", "l1", "l2"]
ZSETS = ["z0", "z1", "z2"]
STREAMS = ["s0", "s1", "s2"]
GROUPS = ["g", "h"]
HISTORY = 12


class Difference(Exception):
    """The two servers do not agree."""


class Waiter:
    """A client of each server that may be waiting."""

    def __init__(self, ports, resp):
        self.clients = [Client(port, resp) for port in ports]
        self.ids = [plain(client.call("CLIENT", "ID")) for client in self.clients]
        self.command = None

    def send(self, command):
        """Send it to both; no reply is read."""
        for client in self.clients:
            client.send(*command)
        self.command = command

    def close(self):
        """Close both."""
        for client in self.clients:
            client.close()


class Events:
    """Keyspace events of both servers."""

    def __init__(self, ports):
        self.clients = [Client(port) for port in ports]
        for client in self.clients:
            client.call("CONFIG", "SET", "notify-keyspace-events", "KEA")
            client.call("PSUBSCRIBE", "__key*__:*")

    def take(self):
        """What each server announced since the last call, by key; the target is given time to have announced as much."""
        told = [self._all(self.clients[0]), []]
        deadline = time.monotonic() + 2.0
        while len(told[1]) < len(told[0]) and time.monotonic() < deadline:
            told[1] += self._all(self.clients[1], 0.003)
        told[1] += self._all(self.clients[1])
        return [_by_key(events) for events in told]

    @staticmethod
    def _all(client, seconds=0):
        events = []
        while not client.quiet(seconds):
            _, _, channel, message = (part.decode() for part in plain(client.read()))
            if "xgroup-createconsumer" not in (channel.partition(":")[2], message):
                events.append((channel, message))
        return events

    def close(self):
        """Close both; events are off again."""
        for client in self.clients:
            client.call("PUNSUBSCRIBE")
            client.call("CONFIG", "SET", "notify-keyspace-events", "")
            client.close()


def _by_key(events):
    """{key: its events in order}, of each of the two kinds."""
    found = {}
    for channel, message in events:
        kind, _, rest = channel.partition("__:")
        key, event = (rest, message) if kind.startswith("__keyspace") else (message, rest)
        found.setdefault(kind + " " + key, []).append(event)
    return found


class Play:
    """One sequence."""

    def __init__(self, context, rng, resp, lists):
        self.ports, self.rng, self.resp = context.pair.ports, rng, resp
        self.lists, self.drain = lists, "{l}d" if lists is TAGGED_LISTS else "d"
        self.writer = [Client(port, resp) for port in self.ports]
        self.waiters = [Waiter(self.ports, resp) for _ in range(WAITERS)]
        self.events = Events(self.ports)
        self.has_restore = not absent_commands(self.ports[1], {"RESTORE", "DUMP"})
        self.history, self.entry = [], 0

    def close(self):
        """Close every connection."""
        self.events.close()
        for waiter in self.waiters:
            waiter.close()
        for client in self.writer:
            client.close()

    # Commands that wait.

    def keys(self, names):
        """One key as a rule, or several in order."""
        return [self.rng.choice(names)] if self.rng.random() < 0.6 else sorted(self.rng.sample(names, 2))

    def waiting_command(self, timeout="0"):
        """A blocking command."""
        rng = self.rng
        zsets, streams = self.keys(ZSETS), self.keys(STREAMS)
        # In several shards a move is served a little later, and who waits for other lists as well may not wait behind it.
        lists = self.keys(self.lists) if self.lists is TAGGED_LISTS else [rng.choice(self.lists)]
        count = ["COUNT", rng.randrange(1, 4)] if rng.random() < 0.5 else []
        ms = int(float(timeout) * 1000)
        number = "%d-0" % rng.choice([0, self.entry, self.entry + 2])
        return rng.choice(
            [
                ["BLPOP", *lists, timeout],
                ["BRPOP", *lists, timeout],
                ["BLMPOP", timeout, len(lists), *lists, rng.choice(["LEFT", "RIGHT"]), *count],
                ["BLMOVE", *self.source_and_target(), rng.choice(["LEFT", "RIGHT"]), "LEFT", timeout],
                ["BRPOPLPUSH", *self.source_and_target(), timeout],
                ["BZPOPMIN", *zsets, timeout],
                ["BZPOPMAX", *zsets, timeout],
                ["BZMPOP", timeout, len(zsets), *zsets, rng.choice(["MIN", "MAX"]), *count],
                ["XREAD", *count, "BLOCK", ms, "STREAMS", *streams, *[rng.choice(["$", number]) for _ in streams]],
                self.group_read(streams, count, ms),
            ]
        )

    def source_and_target(self):
        """The target is the source, the last list, or one that nobody waits for: a list between them would be ready
        after a later one that a transaction wrote, and 7.2 serves who waits for both from the first of its arguments."""
        source = self.rng.choice(self.lists)
        return source, self.rng.choice([source, self.lists[-1], self.drain])

    def group_read(self, streams, count, ms):
        """XREADGROUP of a group that may be missing."""
        consumer = "c%d" % self.rng.randrange(3)
        noack = ["NOACK"] if self.rng.random() < 0.2 else []
        ids = [">" for _ in streams]
        group = self.rng.choice(GROUPS)
        return ["XREADGROUP", "GROUP", group, consumer, *count, "BLOCK", ms, *noack, "STREAMS", *streams, *ids]

    # Commands that write.

    def list_writes(self, key):
        """Commands that write a list."""
        rng = self.rng
        elements = [rng.randrange(100) for _ in range(rng.randrange(1, 4))]
        return rng.choice(
            [
                [["RPUSH", key, *elements]],
                [["LPUSH", key, *elements]],
                [["RPUSH", "src", *elements], ["LMOVE", "src", key, "LEFT", "RIGHT"]],
                [["RPUSH", "src", *elements], ["RPOPLPUSH", "src", key]],
                [["RPUSH", "src", *elements], ["RENAME", "src", key]],
                [["RPUSH", "src", *elements], ["COPY", "src", key, "REPLACE"]],
                [["RPUSH", "src", *elements], ["SORT", "src", "STORE", key]],
                [["LPUSHX", key, *elements]],
                [["LPOP", key]],
                [["DEL", key]],
            ]
        )

    def zset_writes(self, key):
        """Commands that write a sorted set."""
        rng = self.rng
        pairs = [word for n in range(rng.randrange(1, 4)) for word in (rng.randrange(9), "m%d" % rng.randrange(6))]
        return rng.choice(
            [
                [["ZADD", key, *pairs]],
                [["ZINCRBY", key, 2, "m1"]],
                [["ZADD", "zsrc", *pairs], ["ZUNIONSTORE", key, 1, "zsrc"]],
                [["ZADD", "zsrc", *pairs], ["ZRANGESTORE", key, "zsrc", 0, 1]],
                [["ZADD", "zsrc", *pairs], ["RENAME", "zsrc", key]],
                [["ZADD", "zsrc", *pairs], ["COPY", "zsrc", key, "REPLACE"]],
                [["GEOADD", key, 13.5, 38.1, "p"]],
                [["ZADD", key, "XX", 1, "m2"]],
                [["ZREM", key, "m1"]],
                [["DEL", key]],
            ]
        )

    def stream_writes(self, key):
        """Commands that write a stream."""
        rng = self.rng
        self.entry += 1
        number = "%d-0" % self.entry
        return rng.choice(
            [
                [["XADD", key, number, "f", self.entry]],
                [["XADD", key, number, "f", self.entry]],
                [["XADD", key, number, "f", self.entry], ["XADD", key, "%d-1" % self.entry, "f", "v"]],
                [["XGROUP", "CREATE", key, rng.choice(GROUPS), "$", "MKSTREAM"]],
                [["XGROUP", "CREATE", key, rng.choice(GROUPS), "$", "MKSTREAM"]],
                [["XGROUP", "DESTROY", key, rng.choice(GROUPS)]],
                [["XADD", "ssrc", number, "f", "v"], ["RENAME", "ssrc", key]],
                [["XADD", "ssrc", number, "f", "v"], ["COPY", "ssrc", key, "REPLACE"]],
                [["XTRIM", key, "MAXLEN", 1]],
                [["DEL", key]],
            ]
        )

    def writes(self):
        """Some commands on one key."""
        writes, names = self.rng.choice(
            [(self.list_writes, self.lists), (self.zset_writes, ZSETS), (self.stream_writes, STREAMS)]
        )
        return writes(self.rng.choice(names))

    def transaction(self):
        """Writes of several keys in order, one of them a stream."""
        rng = self.rng
        body = []
        for key in sorted(rng.sample(self.lists, rng.randrange(3))):
            body += self.list_writes(key)
        for key in sorted(rng.sample(ZSETS, rng.randrange(3))):
            body += self.zset_writes(key)
        if rng.random() < 0.5:
            body += self.stream_writes(rng.choice(STREAMS))
        undone = [["LPUSH", self.lists[0], "a", "b"], ["DEL", self.lists[0]]] if rng.random() < 0.3 else []
        return [["MULTI"], *undone, *body, ["EXEC"]]

    # Steps.

    def free(self):
        """A client that is not waiting, or None."""
        idle = [waiter for waiter in self.waiters if waiter.command is None]
        return self.rng.choice(idle) if idle else None

    def busy(self):
        """A client that is waiting, or None."""
        waiting = [waiter for waiter in self.waiters if waiter.command]
        return self.rng.choice(waiting) if waiting else None

    def step(self):
        """One step and its outcome."""
        dice = self.rng.random()
        if dice < 0.4 and self.free():
            return self.wait(self.free())
        if dice < 0.44 and self.free():
            return self.time_out()
        if dice < 0.48 and self.busy():
            return self.unblock(self.busy())
        if dice < 0.50 and self.busy():
            return self.leave(self.busy())
        if dice < 0.52:
            return self.change_type()
        if dice < 0.55 and self.has_restore:
            return self.restore()
        for command in self.transaction() if dice < 0.7 else self.writes():
            self.write(command)
        return None

    def write(self, command):
        """One command of the writer; whoever it wakes is looked at."""
        self.note(command_text(command))
        replies = [client.call(*command) for client in self.writer]
        if replies[0] != replies[1]:
            raise Difference("%s: oracle %s, target %s" % (command_text(command), *map(text_of, replies)))
        if command[0] not in ("MULTI",) and replies[0] != (b"+", b"QUEUED"):
            self.settle()

    def wait(self, waiter):
        """A client waits, or is served at once."""
        self.send(waiter, self.waiting_command())
        wait_until(lambda: self.reached(waiter), timeout=2.0)
        self.settle()

    def send(self, waiter, command):
        """A client sends a command."""
        self.note("@%d> %s" % (self.waiters.index(waiter), command_text(command)))
        waiter.send(command)

    def reached(self, waiter):
        """Whether both servers have seen the waiter's command: it waits, or has a reply."""
        waiting = sum(1 for other in self.waiters if other.command)
        return all(
            not client.quiet(0) or self.blocked(port) == waiting for client, port in zip(waiter.clients, self.ports)
        )

    def time_out(self):
        """A client waits for a moment in which nothing happens."""
        waiter = self.free()
        self.send(waiter, self.waiting_command("0.0%d" % self.rng.randrange(1, 4)))
        if not wait_until(lambda: not any(client.quiet(0) for client in waiter.clients)):
            raise Difference("a wait does not end: %s" % self.who(waiter))
        self.settle()

    def unblock(self, waiter):
        """CLIENT UNBLOCK."""
        how = self.rng.choice([[], ["TIMEOUT"], ["ERROR"]])
        self.note("unblock @%d %s" % (self.waiters.index(waiter), how))
        replies = [client.call("CLIENT", "UNBLOCK", number, *how) for client, number in zip(self.writer, waiter.ids)]
        if replies[0] != replies[1]:
            raise Difference("unblock: oracle %s, target %s" % tuple(map(text_of, replies)))
        wait_until(lambda: not waiter.clients[0].quiet(0))
        self.settle()

    def leave(self, waiter):
        """A waiting client closes its connection; another comes in its stead."""
        self.note("close @%d" % self.waiters.index(waiter))
        waiter.close()
        waiting = sum(1 for other in self.waiters if other.command) - 1
        if not wait_until(lambda: all(self.blocked(port) == waiting for port in self.ports)):
            raise Difference("a client that left still waits: %s" % [self.blocked(port) for port in self.ports])
        self.waiters[self.waiters.index(waiter)] = Waiter(self.ports, self.resp)

    def change_type(self):
        """A key becomes a string and goes again."""
        key = self.rng.choice(self.lists + ZSETS + STREAMS)
        for command in (["SET", key, "v"], ["DEL", key]):
            self.write(command)

    def restore(self):
        """RESTORE of what is dumped by each server for itself."""
        key, others = self.rng.choice([("l9", self.lists), ("z9", ZSETS), ("s9", STREAMS)])
        self.entry += 1
        make = {"l": ["RPUSH", key, 1, 2], "z": ["ZADD", key, 1, "m"], "s": ["XADD", key, "%d-0" % self.entry, "f", "v"]}
        self.write(["DEL", key])
        self.write(make[key[0]])
        to = self.rng.choice(others)
        self.note("RESTORE %s" % to)
        for client in self.writer:
            payload = plain(client.call("DUMP", key))
            if client.call("RESTORE", to, 0, payload, "REPLACE") != (b"+", b"OK"):
                raise Difference("RESTORE %s" % to)
        self.settle()

    def note(self, text):
        """Remembers what was done, for the message."""
        self.history.append(text)

    def blocked(self, port):
        """How many clients wait on that server."""
        info = self.writer[self.ports.index(port)].call("INFO", "clients")[1]
        return int(info.split(b"blocked_clients:")[1].split(b"\r")[0])

    def settle(self):
        """Reads what the oracle has replied to clients that waited, and demands the same of the target."""
        waiting = [waiter for waiter in self.waiters if waiter.command]
        count = self.blocked(self.ports[0])  # whatever it has to say is said by now
        served = [waiter for waiter in waiting if not waiter.clients[0].quiet(0)]
        if len(waiting) - len(served) != count:
            raise Difference("the oracle says %d wait, %d have no reply" % (count, len(waiting) - len(served)))
        for waiter in served:
            self.compare(waiter)
        if not wait_until(lambda: self.blocked(self.ports[1]) == count, timeout=2.0):
            raise Difference("%d clients wait on the oracle, %d on the target" % (count, self.blocked(self.ports[1])))
        for waiter in waiting:
            if waiter.command and not waiter.clients[1].quiet(0):
                raise Difference("the target serves %s: %s" % (self.who(waiter), text_of(waiter.clients[1].read())))
        told = self.events.take()
        if told[0] != told[1]:
            raise Difference("events: oracle %s\ntarget %s" % tuple(told))

    def who(self, waiter):
        """A waiter and its command."""
        return "@%d %s" % (self.waiters.index(waiter), command_text(waiter.command))

    def compare(self, waiter):
        """The replies of a waiter that was served."""
        oracle = waiter.clients[0].read()
        try:
            target = waiter.clients[1].read(2.0)
        except NoReply as error:
            raise Difference("%s: oracle %s, target %s" % (self.who(waiter), text_of(oracle), error)) from error
        gone = waiter.command[0] == "XREADGROUP" and is_error(oracle) and is_error(target)
        if oracle != target and not gone:
            raise Difference("%s: oracle %s, target %s" % (self.who(waiter), text_of(oracle), text_of(target)))
        waiter.command = None

    def compare_data(self):
        """All that is stored."""
        for key in self.lists + [self.drain, "src"]:
            self.same("LRANGE", key, 0, -1)
        for key in ZSETS + ["zsrc"]:
            self.same("ZRANGE", key, 0, -1, "WITHSCORES")
        for key in STREAMS + ["ssrc"]:
            self.same("XRANGE", key, "-", "+")
            self.same_groups(key)
            for group in GROUPS:
                self.same("XPENDING", key, group)

    def same_groups(self, key):
        """XINFO GROUPS, but for how many consumers there are."""
        replies = [plain(client.call("XINFO", "GROUPS", key)) for client in self.writer]
        if isinstance(replies[0], list) and isinstance(replies[1], list):
            replies = [[[*group[:2], *group[4:]] for group in reply] for reply in replies]
        if replies[0] != replies[1]:
            raise Difference("XINFO GROUPS %s: oracle %s, target %s" % (key, *replies))

    def same(self, *command):
        """A command without effect, whose replies must agree."""
        replies = [client.call(*command) for client in self.writer]
        if replies[0] != replies[1]:
            raise Difference("%s: oracle %s, target %s" % (command_text(command), *map(text_of, replies)))


def run(context):
    """Sequences from the run's seed, in each RESP version, the lists in one shard and in several."""
    for number in range(4):
        for resp in context.resps:
            if not context.out_of_time():
                _sequence(context, "waiting/sequence-%d-resp%d" % (number, resp), number, resp)


def _sequence(context, check_id, number, resp):
    context.pair.reset()
    rng = random.Random("%s-waiting-%d-%d" % (context.seed, number, resp))
    play = Play(context, rng, resp, (TAGGED_LISTS, LISTS)[number % 2])
    why = ""
    try:
        for step in range(min(max(context.commands // 30, STEPS_MIN), STEPS_MAX)):
            play.step()
            if step % DATA_EVERY == DATA_EVERY - 1:
                play.compare_data()
    except (Difference, NoReply) as error:
        why = "seed %s\n%s\nlast steps:\n  %s" % (context.seed, error, "\n  ".join(play.history[-HISTORY:]))
    finally:
        play.close()
    context.report.check(check_id, not why, lambda: why)
