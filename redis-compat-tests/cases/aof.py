"""The `aof` suite: append-only files go from one server to the other and back.

One server is given random data of every type, with expiries, transactions, scripts and a rewrite on the way; its folder
must pass redis-check-aof and hold the same DEBUG DIGEST for the other one. Folders that are cut short or damaged must be
loaded or refused alike.
"""

import os
import pathlib
import random
import re
import shutil
import subprocess
import time

from ..harness.pair import wait_until
from ..harness.resp import Client, plain
from ..harness.servers import CannotStart, Server
from .dump import fill

CHECK_TOOL = "redis-check-aof"
KEYS, ROUNDS = 30, 20
SCRIPT = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('SADD', KEYS[2], ARGV[1], redis.call('INCR', KEYS[3]))"
VARIANTS = (
    {},
    {"aof-timestamp-enabled": "yes", "appendfsync": "always"},
    {"appendfsync": "no", "appendfilename": "other.aof", "appenddirname": "elsewhere"},
)


def run(context):
    """Both directions, then what is wrong with a folder."""
    for number, options in enumerate(VARIANTS):
        for giver, taker in ((context.oracle, context.target), (context.target, context.oracle)):
            _check(context, "aof/%d-from-%s" % (number, giver.name), _carry_over, giver, taker, options)
    for giver, taker in ((context.oracle, context.target), (context.target, context.oracle)):
        _check(context, "aof/commands-from-" + giver.name, _command_base, giver, taker, {"aof-timestamp-enabled": "yes"})
    _check(context, "aof/old-single-file", _single_file, context.oracle, context.target, {})
    _check(context, "aof/switched-on", _switched_on, context.target, context.oracle, {})
    _check(context, "aof/first-rewrite", _first_rewrite, context.oracle, context.target, {})
    _check(context, "aof/grows", _grows, context.target, context.oracle, {})
    for number in range(4):
        _check(context, "aof/cut-%d" % number, _cut, context.oracle, context.target, {})
    for name in REFUSED:
        _check(context, "aof/refused-" + name, _refused, context.oracle, context.target, {"damage": name})


def _check(context, check_id, function, first, second, options):
    rng = random.Random("%s-%s" % (context.seed, check_id))
    try:
        detail = function(rng, first, second, options)
    except CannotStart as error:
        detail = str(error)
    context.report.check(check_id, not detail, lambda: "seed %s\n%s" % (context.seed, detail))


def _folder_of(server, options):
    return os.path.join(server.folder, options.get("appenddirname", "appendonlydir"))


def _manifest_of(server, options):
    return os.path.join(_folder_of(server, options), options.get("appendfilename", "appendonly.aof") + ".manifest")


def _info(client, field):
    text = plain(client.call("INFO", "persistence")).decode()
    return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line).get(field, "")


def wait_for_rewrite(client, seconds=20):
    """Until no rewrite runs or is wanted; what came of it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _info(client, "aof_rewrite_in_progress") == "0" and _info(client, "aof_rewrite_scheduled") == "0":
            return _info(client, "aof_last_bgrewrite_status")
        time.sleep(0.02)
    return "never ended"


def _load(rng, client):
    """Commands of many kinds, some of which have to be recorded as what they did."""
    for db in (0, 3):
        client.call("FLUSHDB" if rng.random() < 0.2 else "PING")
        client.call("SELECT", db)
        client.call("FLUSHDB")
        keys = fill(rng, (client,), KEYS)
        for key in rng.sample(keys, 10):
            client.call("PEXPIRE", key, rng.randrange(1_000_000, 9_000_000))
        for key in rng.sample(keys, 8):
            client.call(*rng.choice([("DEL", key), ("PERSIST", key), ("RENAME", key, key + "x"), ("COPY", key, "c" + key)]))
        for number in range(ROUNDS):
            client.pipeline([("MULTI",), ("INCR", "n"), ("RPUSH", "l", number), ("SPOP", "s"), ("EXEC",)])
            client.call("EVAL", SCRIPT, 3, "{k}a", "{k}b", "{k}c", number)
            client.call("SADD", "s", number, number + 1)
            client.call("SET", "e%d" % number, number, "PX", rng.randrange(1_000_000, 2_000_000))
            client.call("INCRBYFLOAT", "f", rng.random())
            client.call("XADD", "x", "*", "f", number)
            client.call("SET", "gone%d" % number, number, "PX", 1)
        client.call("FUNCTION", "LOAD", "REPLACE", "#!lua name=l%d\nredis.register_function('f%d', function() return 1 end)" % (db, db))
    client.call("SELECT", 0)


def _digest(client):
    """DEBUG DIGEST, when what was to live for a millisecond is gone: redis-server counts what nobody has looked at."""
    time.sleep(0.02)
    for db in (3, 0):
        client.call("SELECT", db)
        client.pipeline([("EXISTS", "gone%d" % number) for number in range(ROUNDS)])
    return plain(client.call("DEBUG", "DIGEST"))


def _stopped(server, client):
    """Stops the server; its digest."""
    digest = _digest(client)
    client.send("SHUTDOWN", "NOSAVE")
    server.process.wait(10.0)
    return digest


def _checked(server, options):
    if not shutil.which(CHECK_TOOL):
        return ""
    done = subprocess.run([CHECK_TOOL, _manifest_of(server, options)], capture_output=True, timeout=60, check=False)
    return "" if done.returncode == 0 else "%s: %s" % (CHECK_TOOL, done.stdout.decode(errors="replace")[-500:])


def _found_in(taker, folder, options, look=_digest):
    """What a server finds in a folder."""
    second = Server(taker.name, taker.path, taker.extra_args)
    try:
        second.start({**options, "appendonly": "yes", "dir": folder})
        with Client(second.port) as client:
            return look(client), second.log_tail()
    finally:
        second.stop()


def _compare(first, taker, options, wanted, look=_digest):
    found, log = _found_in(taker, first.folder, options, look)
    return "" if found == wanted else "there was %s, loaded %s\n%s" % (wanted, found, log)


def _carry_over(rng, giver, taker, options):
    """Says what is wrong, or nothing."""
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start({**options, "appendonly": "yes"})
    try:
        with Client(first.port) as client:
            _load(rng, client)
            if rng.random() < 0.7:
                client.call("BGREWRITEAOF")
                _load(rng, client)
                if wait_for_rewrite(client) != "ok":
                    return "the rewrite failed: " + first.log_tail()
            digest = _stopped(first, client)
        return _checked(first, options) or _compare(first, taker, options, digest) or _compare(first, giver, options, digest)
    finally:
        first.stop()
        shutil.rmtree(first.folder, ignore_errors=True)


def _command_base(rng, giver, taker, options):
    """A base of commands, with nothing of importance behind it."""
    options = {**options, "aof-use-rdb-preamble": "no"}
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start({**options, "appendonly": "yes"})
    try:
        with Client(first.port) as client:
            _load(rng, client)
            _stream_with_gaps(client, deletes=giver.name == "target")
            client.call("BGREWRITEAOF")
            client.call("SET", "behind", "it")
            if wait_for_rewrite(client) != "ok":
                return "the rewrite failed: " + first.log_tail()
            streams = _streams(client)
            digest = _stopped(first, client)
        bases = [name for name in os.listdir(_folder_of(first, options)) if ".base." in name]
        if len(bases) != 1 or not bases[0].endswith(".base.aof"):
            return "the base is %s" % bases
        with open(os.path.join(_folder_of(first, options), bases[0]), "rb") as base:
            if base.read(3) != b"#TS":
                return "the base is not of commands"
        wrong = _checked(first, options)
        for server in (taker, giver):
            wrong = wrong or _compare(first, server, options, digest) or _compare(first, server, options, streams, _streams)
        return wrong
    finally:
        first.stop()
        shutil.rmtree(first.folder, ignore_errors=True)


def _stream_with_gaps(client, deletes):
    """Groups and their pending entries. Redis's own base of commands forgets those whose entry is deleted."""
    client.call("XGROUP", "CREATE", "gaps", "g", 0, "MKSTREAM")
    for number in range(1, 31):
        client.call("XADD", "gaps", "%d-1" % number, "f", number)
    for consumer, count in (("one", 12), ("two", 8)):
        client.call("XREADGROUP", "GROUP", "g", consumer, "COUNT", count, "STREAMS", "gaps", ">")
    client.call("XGROUP", "CREATECONSUMER", "gaps", "g", "idle")
    client.call("XGROUP", "CREATE", "gaps", "unread", "$")
    client.call("XGROUP", "CREATE", "nothing", "g", "3-3", "MKSTREAM")
    if deletes:
        client.call("XDEL", "gaps", "5-1", "6-1", "15-1", "25-1")
        client.call("XTRIM", "gaps", "MAXLEN", 20)


def _streams(client):
    """What DEBUG DIGEST does not see of streams."""
    found = []
    for db in (0, 3):
        client.call("SELECT", db)
        for key in sorted(plain(client.call("KEYS", "*"))):
            if plain(client.call("TYPE", key)) != b"stream":
                continue
            facts = plain(client.call("XINFO", "STREAM", key))
            found.append((key, [pair for pair in zip(facts[::2], facts[1::2]) if not pair[0].startswith(b"radix")]))
            for group in sorted(dict(zip(*[iter(group)] * 2))[b"name"] for group in plain(client.call("XINFO", "GROUPS", key))):
                pending = plain(client.call("XPENDING", key, group, "-", "+", 10_000))
                found.append((group, [(entry[0], entry[1], entry[3]) for entry in pending]))
            found.append(plain(client.call("XINFO", "GROUPS", key)))
    return found


def _single_file(rng, giver, taker, options):
    """A folder of a version before 7: one file beside the RDB file, which begins as an RDB file."""
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start({**options, "appendonly": "yes"})
    try:
        with Client(first.port) as client:
            _load(rng, client)
            client.call("BGREWRITEAOF")
            wait_for_rewrite(client)
            client.call("SET", "last", "one")
            digest = _stopped(first, client)
        folder = _folder_of(first, options)
        with open(os.path.join(first.folder, "appendonly.aof"), "wb") as single:
            for line in open(_manifest_of(first, options), encoding="utf-8").read().splitlines():
                with open(os.path.join(folder, line.split()[1]), "rb") as part:
                    single.write(part.read())
        shutil.rmtree(folder)
        return _compare(first, taker, options, digest) or _compare(first, giver, options, digest)
    finally:
        first.stop()
        shutil.rmtree(first.folder, ignore_errors=True)


def _switched_on(rng, giver, taker, options):
    """CONFIG SET appendonly yes, no and yes again on a server that has data."""
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start(options)
    try:
        with Client(first.port) as client:
            for _ in range(2):
                _load(rng, client)
                client.call("CONFIG", "SET", "appendonly", "yes")
                client.call("INCR", "between")
                if wait_for_rewrite(client) != "ok":
                    return "it could not be switched on: " + first.log_tail()
                _load(rng, client)
                digest = _digest(client)
                client.call("CONFIG", "SET", "appendonly", "no")
                if not wait_until(lambda: not _has_open(first, _folder_of(first, options)), timeout=10.0):
                    return "it still has its file open after CONFIG SET appendonly no"
                client.call("SET", "after", "all")
                wrong = _checked(first, options) or _compare(first, taker, options, digest)
                if wrong:
                    return wrong
        return ""
    finally:
        first.stop()
        shutil.rmtree(first.folder, ignore_errors=True)


def _first_rewrite(_rng, oracle, target, _options):
    """What a client sees when the file was switched on and the first base is still being written."""
    seen = []
    for server in (oracle, target):
        first = Server(server.name, server.path, server.extra_args).start()
        try:
            with Client(first.port) as client:
                client.call("DEBUG", "POPULATE", 1000)
                client.call("CLIENT", "PAUSE", 60_000, "WRITE")  # the target's snapshot pauses as well
                replies = client.pipeline([("CONFIG", "SET", "appendonly", "yes"), ("INFO", "persistence"), ("SHUTDOWN",),
                                           ("BGREWRITEAOF",), ("SHUTDOWN", "NOSAVE", "NOW")])
                info = dict(line.split(":", 1) for line in plain(replies[1]).decode().split("\r\n") if ":" in line)
                begins = info["aof_rewrite_in_progress"] == "1" or info["aof_rewrite_scheduled"] == "1"
                client.send("SHUTDOWN", "NOSAVE", "FORCE")
                first.process.wait(10.0)
            seen.append((info["aof_enabled"], begins, [plain(reply) for reply in replies[2:]], first.process.returncode))
        finally:
            first.stop()
    return "" if seen[0] == seen[1] else "%s\n%s" % tuple(seen)


def _has_open(server, folder):
    """Whether the server's process has a file of the folder open: INFO says what is wished, not what is done."""
    for link in pathlib.Path("/proc/%d/fd" % server.process.pid).iterdir():
        try:
            if os.path.dirname(os.readlink(link)) == os.path.realpath(folder):
                return True
        except FileNotFoundError:  # closed since
            pass
    return False


def _grows(_rng, giver, taker, _options):
    """A file that has grown is rewritten without being asked."""
    options = {"auto-aof-rewrite-min-size": "20kb", "auto-aof-rewrite-percentage": "100"}
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start({**options, "appendonly": "yes"})
    try:
        with Client(first.port) as client:
            for _ in range(20):
                client.pipeline([("SET", "k", "x" * 100)] * 100 + [("INCR", "n")])
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                rewrites, files = int(_info(client, "aof_rewrites")), os.listdir(_folder_of(first, options))
                if rewrites > 0 and len(files) == 3:
                    break
                time.sleep(0.05)
            else:
                return "%d rewrites, %s: %s" % (rewrites, files, first.log_tail())
            digest = _stopped(first, client)
        return _checked(first, options) or _compare(first, taker, options, digest)
    finally:
        first.stop()
        shutil.rmtree(first.folder, ignore_errors=True)


def _cut(rng, giver, taker, options):
    """Whatever is at the end of the last file, both servers find the same in it."""
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start({**options, "appendonly": "yes"})
    copy = first.folder + "-copy"
    try:
        with Client(first.port) as client:
            _load(rng, client)
            _stopped(first, client)
        increment = os.path.join(_folder_of(first, options), "appendonly.aof.1.incr.aof")
        size = os.path.getsize(increment)
        os.truncate(increment, rng.choice([rng.randrange(size), size - rng.randrange(200)]))
        shutil.copytree(first.folder, copy)
        wanted, log = _found_in(giver, first.folder, options)
        found, target_log = _found_in(taker, copy, options)
        if wanted != found:
            return "digest %s, loaded %s\n%s\n%s" % (wanted, found, log, target_log)
        cuts = [re.findall(r"at offset (\d+)", text) for text in (log, target_log)]
        return "" if cuts[0] == cuts[1] else "cut at %s and at %s" % tuple(cuts)
    finally:
        first.stop()
        shutil.rmtree(first.folder, ignore_errors=True)
        shutil.rmtree(copy, ignore_errors=True)


def _append(path, text):
    with open(path, "ab") as file:
        file.write(text)


REFUSED = {
    "missing-increment": lambda folder: os.remove(os.path.join(folder, "appendonly.aof.1.incr.aof")),
    "missing-base": lambda folder: os.remove(os.path.join(folder, "appendonly.aof.1.base.rdb")),
    "nonsense": lambda folder: _append(os.path.join(folder, "appendonly.aof.1.incr.aof"), b"nonsense\r\n" * 20),
    "no-count": lambda folder: _append(os.path.join(folder, "appendonly.aof.1.incr.aof"), b"*0\r\n" * 20),
    "unknown-command": lambda folder: _append(
        os.path.join(folder, "appendonly.aof.1.incr.aof"), b"*2\r\n$5\r\nKNOWN\r\n$1\r\nx\r\n"
    ),
    "base-cut": lambda folder: os.truncate(os.path.join(folder, "appendonly.aof.1.base.rdb"), 60),
    "manifest-nonsense": lambda folder: _append(os.path.join(folder, "appendonly.aof.manifest"), b"nonsense\n"),
    "manifest-empty": lambda folder: os.truncate(os.path.join(folder, "appendonly.aof.manifest"), 0),
    "manifest-twice": lambda folder: _append(
        os.path.join(folder, "appendonly.aof.manifest"), b"file a seq 7 type b\n"
    ),
    "cut-and-strict": lambda folder: _append(os.path.join(folder, "appendonly.aof.1.incr.aof"), b"*2\r\n$3\r\nGET\r\n$1\r\n"),
}


def _refused(rng, giver, taker, options):
    """Neither server starts with such a folder, and both say why."""
    first = Server(giver.name, giver.path, giver.extra_args, keep=True).start({"appendonly": "yes"})
    try:
        with Client(first.port) as client:
            _load(rng, client)
            _stopped(first, client)
        REFUSED[options["damage"]](os.path.join(first.folder, "appendonlydir"))
        for server in (giver, taker):
            second = Server(server.name, server.path, server.extra_args)
            try:
                second.start({"appendonly": "yes", "dir": first.folder, "aof-load-truncated": "no"}, timeout=5.0)
            except CannotStart as error:
                if "exited with" not in str(error):
                    return "%s: %s" % (server.name, error)
                continue
            finally:
                second.stop()
            return "%s starts with it" % server.name
        return ""
    finally:
        first.stop()
        shutil.rmtree(first.folder, ignore_errors=True)
