"""The `busy` suite: scripts that never end, on servers of their own; the target has one worker, so that the script keeps
the only thread that serves connections.

Each script has run often before, and was always short: a server that learns from that (docs/design.md, section 4) has
nothing but its word. A scene is played on both servers and its replies must agree; some scenes are the target's alone,
where Redis would refuse what Usher does for those who need nothing that the script holds.
"""

import hashlib

from ..harness.pair import wait_until
from ..harness.resp import Client, NoReply, ProtocolError, encode, is_error, text_of
from ..harness.servers import Server

OPTIONS = {"busy-reply-threshold": "100"}
SHORT_RUNS = 130
FOREVER = "1e15"
READS = "for i = 1, 1e16 do if i > tonumber(ARGV[1]) then return redis.call('GET', KEYS[1]) end end"
WRITES = "redis.call('SET', KEYS[1], 'changed') " + READS
LIBRARY = "#!lua name=endless\nredis.register_function('spin', function(keys, args) local KEYS, ARGV = keys, args %s end)" % READS


def run(context):
    """All scenes; then the one that ends with SHUTDOWN."""
    keep = context.options.keep
    servers = [
        Server("oracle", context.oracle.path, keep=keep).start(OPTIONS),
        Server("target", context.target.path, context.target.extra_args, keep).start({**OPTIONS, "workers": "1"}),
    ]
    try:
        for server in servers:
            _prove_short(server.port)
        for scene in SCENES:
            _compare(context, "busy/" + scene.__name__.strip("_"), scene, [server.port for server in servers])
        for scene in TARGET_SCENES:
            _alone(context, "busy/" + scene.__name__.strip("_"), scene, servers[1].port)
        _compare(context, "busy/shutdown", _shutdown, servers)
    finally:
        for server in servers:
            server.stop()


def _compare(context, check_id, scene, places):
    try:
        told = [scene(place) for place in places]
    except (NoReply, ProtocolError) as error:
        context.report.check(check_id, False, lambda error=error: "%s: %s" % (type(error).__name__, error))
    else:
        context.report.check(check_id, told[0] == told[1], lambda: "oracle:  %s\ntarget:  %s" % tuple(told))


def _alone(context, check_id, scene, port):
    try:
        complaint = scene(port)
    except (NoReply, ProtocolError) as error:
        complaint = "%s: %s" % (type(error).__name__, error)
    context.report.check(check_id, not complaint, lambda: complaint)


def _sha(body):
    return hashlib.sha1(body.encode()).hexdigest()


def _endless(body=READS, key="k"):
    return ("EVALSHA", _sha(body), 1, key, FOREVER)


def _prove_short(port):
    with Client(port) as client:
        client.call("FUNCTION", "LOAD", LIBRARY)
        for body in (READS, WRITES):
            client.call("SCRIPT", "LOAD", body)
            for _ in range(SHORT_RUNS):
                client.call("EVALSHA", _sha(body), 1, "k", 3)
        for _ in range(SHORT_RUNS):
            client.call("FCALL", "spin", 1, "k", 3)
        client.call("SET", "k", "value")


def _busy(client):
    """What a client is told that wants the script's key, once the server has met the script."""
    replies = []
    wait_until(lambda: is_error(replies.append(client.call("GET", "k")) or replies[-1]))
    return replies[-1]


def _play(port, start, kill=("SCRIPT", "KILL"), further=()):
    """Begins something endless on one connection; what a connection of before and one of after hear, and the first."""
    with Client(port) as runner, Client(port) as before:
        before.call("GET", "k")
        start(runner)
        heard = [_busy(before)]
        with Client(port) as after:
            heard += [after.call(*command) for command in (("GET", "k"), *further, kill)]
        heard += [runner.read(), before.call("GET", "k"), runner.call("GET", "k")]
    return [text_of(reply) for reply in heard]


def _script(port):
    return _play(port, lambda runner: runner.send(*_endless()))


def _script_by_function_kill(port):
    return _play(port, lambda runner: runner.send(*_endless()), further=[("FUNCTION", "KILL")])


def _function(port):
    return _play(port, lambda runner: runner.send("FCALL", "spin", 1, "k", FOREVER), ("FUNCTION", "KILL"), [("SCRIPT", "KILL")])


def _transaction(port):
    def start(runner):
        for command in (("MULTI",), ("GET", "k"), _endless(), ("GET", "k")):
            runner.call(*command)
        runner.send("EXEC")

    return _play(port, start)


def _pipeline(port):
    """What stands behind the script runs once it is killed, and its replies come in order."""
    with Client(port) as runner, Client(port) as before:
        runner.send(*_endless())
        runner.send("ECHO", "behind")
        heard = [_busy(before)]
        runner.send("ECHO", "while it runs")
        heard += [before.call("SCRIPT", "KILL"), runner.read(), runner.read(), runner.read()]
    return [text_of(reply) for reply in heard]


def _gone(port):
    """Its client is gone before the script is."""
    with Client(port) as before:
        with Client(port) as runner:
            number = runner.call("CLIENT", "ID")[1]
            runner.send(*_endless())
            heard = [_busy(before)]
        heard.append(before.call("SCRIPT", "KILL"))
        wait_until(lambda: not is_error(before.call("GET", "k")))
        heard.append(_is_gone(before, number))
    return [*(text_of(reply) for reply in heard[:2]), heard[2]]


def _is_gone(client, number):
    return wait_until(lambda: client.call("CLIENT", "LIST", "ID", number)[1] == b"")


SCENES = (_script, _script_by_function_kill, _function, _transaction, _pipeline, _gone)


def _others_go_on(port):
    """What the script does not hold works meanwhile, for many connections, and so do messages to its own client."""
    with Client(port, 3) as runner, Client(port) as before:
        runner.call("SUBSCRIBE", "news")
        runner.send(*_endless())
        if not is_error(_busy(before)):
            return "the script does not hold its key"
        others = [Client(port) for _ in range(40)]
        try:
            for number, other in enumerate(others):
                for command in (("SET", "other%d" % number, number), ("GET", "other%d" % number)):
                    other.send(*command)
            for number, other in enumerate(others):
                replies = text_of(other.read()), text_of(other.read())
                # One of eight keys may share the script's shard.
                if replies[0] == "+OK" and str(number) not in replies[1]:
                    return "SET, GET of key %d: %s" % (number, replies)
                if replies[0] != "+OK" and not replies[0].startswith("-BUSY"):
                    return "SET of key %d: %s" % (number, replies)
        finally:
            for other in others:
                other.close()
        if before.call("PUBLISH", "news", "extra")[1] not in (b"1", 1):
            return "nobody was there to hear"
        before.call("SCRIPT", "KILL")
        heard = {runner.read()[0] for _ in range(2)}
    return "" if heard == {b"-", b">"} else "the script's client heard %s" % heard


def _many_at_once(port):
    """Several of them on one worker: all can be ended."""
    runners = [Client(port, timeout=30.0) for _ in range(12)]
    try:
        for number, runner in enumerate(runners):
            runner.send(*_endless(key="many%d" % number))
        with Client(port) as killer:
            ended = []
            wait_until(lambda: _kill_some(killer, runners, ended), timeout=20.0)
            return "" if len(ended) == len(runners) else "only %s of %d ended" % (ended, len(runners))
    finally:
        for runner in runners:
            runner.close()


def _kill_some(killer, runners, ended):
    killer.call("SCRIPT", "KILL")
    for number, runner in enumerate(runners):
        if number in ended:
            continue
        try:
            runner.read(0.01)
            ended.append(number)
        except NoReply:
            pass
    return len(ended) == len(runners)


def _killed_client(port):
    """CLIENT KILL of the client whose script runs: it is gone when the script is."""
    with Client(port) as runner, Client(port) as before:
        number = runner.call("CLIENT", "ID")[1]
        runner.send(*_endless())
        _busy(before)
        killed = before.call("CLIENT", "KILL", "ID", number)
        ended = before.call("SCRIPT", "KILL")
        if is_error(killed) or is_error(ended):
            return "CLIENT KILL: %s, SCRIPT KILL: %s" % (text_of(killed), text_of(ended))
        try:
            return "it was told %s" % text_of(runner.read())
        except NoReply:
            pass
        gone = _is_gone(before, number)
    return "" if gone else "it is still in the list of clients"


def _served_early(port):
    """A client begins to wait behind a slow script; who waited for its turn serves it and runs the next slow script, in
    which the worker already hears that the wait is over."""
    with Client(port) as first, Client(port) as second, Client(port) as before:
        before.call("CONFIG", "SET", "busy-reply-threshold", 0)
        slow = []
        for number in range(2):
            body = READS + " -- %d" % number
            before.call("SCRIPT", "LOAD", body)
            for _ in range(SHORT_RUNS):
                before.call("EVALSHA", _sha(body), 1, "list", 3)
            slow.append(("EVALSHA", _sha(body), 1, "none{list}", "1e7"))
        commands = ("CLIENT", "REPLY", "SKIP"), slow[0], ("BLPOP", "list", 0), ("ECHO", "behind")
        first.send_raw(b"".join(map(encode, commands)))
        wait_until(lambda: '"running_script", nil' not in text_of(before.call("FUNCTION", "STATS")))
        second.send_raw(encode(("LPUSH", "list", "value")) + encode(slow[1]))
        heard = [text_of(client.read()) for client in (first, first, second, second)]
        before.call("CONFIG", "SET", "busy-reply-threshold", 100)
    expected = ['["list", "value"]', '"behind"', ":1", "nil"]
    return "" if heard == expected else "heard %s instead of %s" % (heard, expected)


TARGET_SCENES = (_others_go_on, _many_at_once, _killed_client, _served_early)


def _shutdown(server):
    """A script that has written can be ended only with the server."""
    with Client(server.port) as runner, Client(server.port) as before:
        runner.send(*_endless(WRITES))
        heard = [_busy(before), *(before.call(*kill) for kill in (("SCRIPT", "KILL"), ("FUNCTION", "KILL")))]
        with Client(server.port) as after:
            after.send("SHUTDOWN", "NOSAVE")
            ended = wait_until(lambda: not server.alive(), timeout=10.0)
    return [text_of(reply) for reply in heard] + [ended]
