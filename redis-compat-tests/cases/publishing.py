"""The `publishing` suite: random subscriptions of several clients to channels, patterns and shard channels, and messages
to them, on both servers.

After each step every client must have received the same. Confirmations of giving up everything, and messages of one
publication that came by several patterns, are compared as sets, since they have no order in the oracle.
"""

import random

from ..harness.resp import Client, NoReply, command_text, plain, text_of

CLIENTS = 5
STEPS_MIN = 300
STEPS_MAX = 10_000
CHANNELS = ["a", "b", "news.x", "news.y", "{t}1", "{t}2"]
PATTERNS = ["*", "news.*", "a", "[ab]", "n?ws.x", "nothing*"]
MARKS = ["almost the end of the step", "the end of the step"]


class Difference(Exception):
    """The two servers do not agree."""


def _some(rng, names):
    return [rng.choice(names) for _ in range(rng.randrange(1, 4))]


def _step(rng, resp):
    """A command of a subscriber."""
    kind, names = rng.choice([("", CHANNELS), ("", CHANNELS), ("P", PATTERNS), ("S", CHANNELS)])
    dice = rng.random()
    if kind == "S":
        names = rng.choice([["{t}1", "{t}2"], ["a"], ["b"]])
    if dice < 0.55:
        return [kind + "SUBSCRIBE", *_some(rng, names)]
    if dice < 0.85:
        return [kind + "UNSUBSCRIBE", *_some(rng, names)]
    if dice < 0.95:
        return [kind + "UNSUBSCRIBE"]
    return ["PING", "x"] if resp == 2 else ["PING"]


def _publication(rng):
    """A command of the writer."""
    return rng.choice(
        [
            lambda: ["PUBLISH", rng.choice(CHANNELS), rng.randrange(100)],
            lambda: ["PUBLISH", rng.choice(CHANNELS), ""],
            lambda: ["SPUBLISH", rng.choice(CHANNELS), rng.randrange(100)],
            lambda: ["PUBSUB", "NUMSUB", *_some(rng, CHANNELS)],
            lambda: ["PUBSUB", "SHARDNUMSUB", *_some(rng, CHANNELS)],
            lambda: ["PUBSUB", "NUMPAT"],
        ]
    )()


class Member:
    """A subscriber on each server."""

    def __init__(self, ports, resp):
        self.clients = [Client(port, resp) for port in ports]
        self.resp = resp

    def received(self):
        """Everything that came, up to the answers of two PINGs: a worker may see the first before its mail."""
        return [sum((self._until(client, mark) for mark in MARKS), []) for client in self.clients]

    @staticmethod
    def _until(client, mark):
        client.send("PING", mark)
        out = []
        while True:
            reply = client.read()
            if plain(reply) in (mark.encode(), [b"pong", mark.encode()]):
                return out
            out.append(reply)


def _comparable(replies, orderless):
    """Runs of pattern messages sorted; where there is no order, each part of all confirmations sorted."""
    if orderless:
        values = list(map(plain, replies))
        return [sorted(map(repr, column)) for column in zip(*(value for value in values if isinstance(value, list)))]
    out, run = [], []
    for reply in replies:
        values = plain(reply)
        if isinstance(values, list) and values[0] == b"pmessage":
            run.append(text_of(reply))
            continue
        out += sorted(run) + [text_of(reply)]
        run = []
    return out + sorted(run)


def _play(context, rng, resp):
    ports = context.pair.ports
    members = [Member(ports, resp) for _ in range(CLIENTS)]
    writers = [Client(port, resp) for port in ports]
    try:
        for _ in range(min(max(context.commands // 15, STEPS_MIN), STEPS_MAX)):
            step, orderless = _one_step(rng, members, writers, resp)
            for member in members:
                left, right = (_comparable(replies, orderless) for replies in member.received())
                if left != right:
                    raise Difference("%s\noracle %s\ntarget %s" % (command_text(step), left, right))
    finally:
        for client in [*writers, *(client for member in members for client in member.clients)]:
            client.close()


def _one_step(rng, members, writers, resp):
    if rng.random() < 0.5:
        step = _step(rng, resp)
        for client in rng.choice(members).clients:
            client.send(*step)
        return step, len(step) == 1 and step[0].endswith("UNSUBSCRIBE")
    step = _publication(rng)
    replies = [writer.call(*step) for writer in writers]
    if replies[0] != replies[1]:
        raise Difference("%s\noracle %s\ntarget %s" % (command_text(step), *map(text_of, replies)))
    return step, False


def run(context):
    """A sequence in each RESP version."""
    for resp in context.resps:
        context.pair.reset()
        rng, why = random.Random("%s-publishing-%d" % (context.seed, resp)), ""
        try:
            _play(context, rng, resp)
        except (Difference, NoReply) as error:
            why = "seed %s\n%s" % (context.seed, error)
        context.report.check("publishing/resp%d" % resp, not why, lambda why=why: why)
