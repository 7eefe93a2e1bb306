"""The `dump` suite: single values and whole files go from one server to the other and back.

Random data of every type, small and large encodings, is given to both servers by the same commands. Then each key's
DUMP payload is restored on the other server under another name, where its DEBUG DIGEST-VALUE and its encoding must be
those of the key itself. Files: what one server SAVEs the other one loads, with the same DEBUG DIGEST.
"""

import os
import random
import shutil
import subprocess

from ..harness.resp import Client, plain, text_of
from ..harness.servers import CannotStart, Server

KEYS_PER_ROUND = 60
ROUNDS = 6
CHECK_TOOL = "redis-check-rdb"


def run(context):
    """Values, then files."""
    for number in range(ROUNDS):
        rng = random.Random("%s-dump-%d" % (context.seed, number))
        context.pair.reset()
        with Client(context.pair.ports[0]) as oracle, Client(context.pair.ports[1]) as target:
            keys = fill(rng, (oracle, target), KEYS_PER_ROUND)
            for key in keys:
                _interchange(context, "dump/to-target", key, oracle, target)
                _interchange(context, "dump/to-oracle", key, target, oracle)
    _refusals(context)
    _files(context)


def _interchange(context, check_id, key, giver, taker):
    payload = plain(giver.call("DUMP", key))
    answer = taker.call("RESTORE", "copy", 0, payload, "REPLACE")
    wanted = _facts(taker, key)
    got = _facts(taker, "copy") if plain(answer) == b"OK" else text_of(answer)
    context.report.check(
        check_id,
        got == wanted,
        lambda: "seed %s key %s\nwanted %s\ngot %s\npayload %r" % (context.seed, key, wanted, got, payload[:200]),
    )


def _facts(client, key):
    facts = [text_of(client.call(*args)) for args in (("TYPE", key), ("DEBUG", "DIGEST-VALUE", key))]
    if plain(client.call("TYPE", key)) == b"stream":
        facts.append(text_of(client.call("XINFO", "STREAM", key)).split("radix")[0])
        facts.append(text_of(client.call("XINFO", "GROUPS", key)))
    return facts


def _refusals(context):
    """Payloads that both servers must refuse, in the same words."""
    context.pair.reset()
    rng = random.Random("%s-refusals" % context.seed)
    with context.pair.connect() as both:
        both.same("SET", "k", "v" * 50)
        payload = plain(both.oracle.call("DUMP", "k"))
        both.same("RESTORE", "k", 0, payload)
        both.same("RESTORE", "k", -1, payload, "REPLACE")
        both.same("RESTORE", "k", "x", payload, "REPLACE")
        for options in (["IDLETIME"], ["IDLETIME", -1], ["FREQ", 256], ["FREQ", "x"], ["IDLETIME", 1, "FREQ", 1], ["X"]):
            reply = both.both("RESTORE", "k", 0, payload, "REPLACE", *options)
            context.report.check("dump/options-%s" % options, reply[0] == reply[1], lambda reply=reply: str(reply))
        for number in range(100):
            damaged = bytearray(payload)
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
            cut = bytes(damaged[: rng.randrange(len(damaged) + 1)])
            for bad in (bytes(damaged), cut):
                replies = both.both("RESTORE", "other", 0, bad)
                context.report.check(
                    "dump/damaged", replies[0] == replies[1], lambda replies=replies, bad=bad: "%r: %s" % (bad, replies)
                )


# ---- data


def fill(rng, clients, count):
    """Makes `count` random keys on all clients alike; returns their names."""
    keys = []
    for number in range(count):
        key = "key:%d" % number
        for command in _commands(rng, key):
            for client in clients:
                client.call(*command)
        keys.append(key)
    for client in clients:
        assert plain(client.call("DBSIZE")) == b"%d" % count
    return keys


def _text(rng):
    return rng.choice(
        [
            lambda: str(rng.randrange(-(1 << 63), 1 << 63) >> rng.randrange(64)),
            lambda: "member:%d" % rng.randrange(100_000),
            lambda: "x" * rng.randrange(1, 200),
            lambda: bytes(rng.randrange(256) for _ in range(rng.randrange(1, 50))),
            lambda: "y" * rng.choice([5_000, 20_000]) if rng.random() < 0.1 else "short",
        ]
    )()


def _score(rng):
    return rng.choice([rng.randrange(10), rng.random() * 1e6 - 5e5, "inf", "-inf", rng.random() / 1e300, -(1 << 60)])


def _size(rng):
    return rng.choice([1, 3, 20, rng.randrange(1, 100), rng.randrange(100, 900)])


def _commands(rng, key):
    return rng.choice([_string, _list, _set, _integers, _hash, _zset, _stream])(rng, key, _size(rng))


def _string(rng, key, size):
    yield "SET", key, rng.choice([_text(rng), "z" * size * 10])


def _list(rng, key, size):
    for _ in range(size):
        yield rng.choice(["RPUSH", "LPUSH"]), key, _text(rng)


def _set(rng, key, size):
    yield ["SADD", key] + [_text(rng) for _ in range(size)] + ["word"]


def _integers(rng, key, size):
    width = rng.choice([10, 30, 60])
    yield ["SADD", key] + [rng.randrange(-(1 << width), 1 << width) for _ in range(size)]


def _hash(rng, key, size):
    for _ in range(size):
        yield "HSET", key, _text(rng), _text(rng)


def _zset(rng, key, size):
    for _ in range(size):
        yield "ZADD", key, _score(rng), _text(rng)


def _stream(rng, key, size):
    same = rng.random() < 0.5
    ids = []
    for number in range(size):
        ids.append("%d-%d" % (1000 + number // 3, 1 + number))
        fields = ["f", _text(rng), "g", _text(rng)] if same else [_text(rng) for _ in range(2 * rng.randrange(1, 4))]
        yield ["XADD", key, ids[-1]] + fields
    for entry_id in rng.sample(ids, len(ids) // 4):
        yield "XDEL", key, entry_id
    for group in range(rng.randrange(3)):
        yield "XGROUP", "CREATE", key, "g%d" % group, rng.choice(["0", ids[len(ids) // 2]])
        for consumer in range(rng.randrange(3)):
            # 7.2 makes a consumer that finds nothing to read, 7.0 does not.
            yield "XGROUP", "CREATECONSUMER", key, "g%d" % group, "c%d" % consumer
            yield "XREADGROUP", "GROUP", "g%d" % group, "c%d" % consumer, "COUNT", 1 + size // 4, "STREAMS", key, ">"


# ---- files


def _files(context):
    """What one server saves the other loads."""
    for number, options in enumerate(({}, {"rdbcompression": "no"}, {"maxmemory-policy": "allkeys-lfu"})):
        for giver, taker in ((context.oracle, context.target), (context.target, context.oracle)):
            check_id = "dump/file-%d-from-%s" % (number, giver.name)
            rng = random.Random("%s-%s" % (context.seed, check_id))
            try:
                detail = _carry_over(rng, giver, taker, options)
            except CannotStart as error:
                detail = str(error)
            context.report.check(check_id, not detail, lambda detail=detail: "seed %s\n%s" % (context.seed, detail))


def _carry_over(rng, giver, taker, options):
    """Says what is wrong, or nothing."""
    with_options = {"dbfilename": "data.rdb", **options}
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start(with_options)
    second = Server(taker.name, taker.path, taker.extra_args)
    try:
        with Client(first.port) as client:
            for db in (0, 3):
                client.call("SELECT", db)
                keys = fill(rng, (client,), 120)
                for key in rng.sample(keys, 30):
                    client.call("PEXPIRE", key, rng.randrange(1_000_000, 9_000_000))
            saved = client.call("SAVE")
            if plain(saved) != b"OK":
                return "SAVE: " + text_of(saved)
            digest = plain(client.call("DEBUG", "DIGEST"))
        path = os.path.join(first.folder, "data.rdb")
        if shutil.which(CHECK_TOOL):
            checked = subprocess.run([CHECK_TOOL, path], capture_output=True, timeout=60, check=False)
            if checked.returncode != 0:
                return "redis-check-rdb: %s" % checked.stdout.decode(errors="replace")[-500:]
        second.start({**with_options, "dir": first.folder})
        with Client(second.port) as client:
            found = plain(client.call("DEBUG", "DIGEST"))
        return "" if found == digest else "digest %s, loaded %s\n%s" % (digest, found, second.log_tail())
    finally:
        first.stop()
        second.stop()
        shutil.rmtree(first.folder, ignore_errors=True)
