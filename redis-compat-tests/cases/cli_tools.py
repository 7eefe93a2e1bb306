"""The `tools` suite: redis-cli's modes and redis-benchmark against the target.

Where the output does not depend on time it is compared with the oracle's; elsewhere the tool must end well and say
what it must say.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import termios
import time

from ..harness.resp import Client, encode, is_error

TIME_LIMIT_S = 25
KEYS = 300

# redis-benchmark's tests and the commands each needs.
BENCHMARKS = {
    "ping_inline": "PING",
    "ping_mbulk": "PING",
    "set": "SET",
    "get": "GET",
    "incr": "INCR",
    "hset": "HSET",
    "zadd": "ZADD",
    "zpopmin": "ZPOPMIN",
    "mset": "MSET",
    "lpush": "LPUSH",
    "rpush": "RPUSH",
    "lpop": "LPOP",
    "rpop": "RPOP",
    "sadd": "SADD",
    "spop": "SPOP",
    "lrange_100": "LRANGE",
    "lrange_300": "LRANGE",
    "lrange_500": "LRANGE",
    "lrange_600": "LRANGE",
}


def run(context):
    """Fill both servers alike, then try every mode."""
    if not shutil.which("redis-cli"):
        context.report.skip("tools", "no redis-cli")
        return
    for port in context.pair.ports:
        _fill(port)
    _settled(context)
    for function in (
        _plain,
        _scan,
        _pipe,
        _big_keys,
        _memory_keys,
        _stat,
        _latency,
        _latency_over_time,
        _hot_keys,
        _raw_and_csv,
        _help,
        _hints,
    ):
        function(context)
    _benchmarks(context)


def _fill(port):
    with Client(port) as client:
        client.call("FLUSHALL")
        for n in range(KEYS):
            client.call("SET", "string:%d" % n, "v" * (n + 1))
        client.call("HSET", "hash:1", *[word for n in range(50) for word in ("f%d" % n, n)])
        client.call("ZADD", "zset:1", *[word for n in range(70) for word in (n, "m%d" % n)])


def _settled(context):
    """Waits until the oracle's table neither moves to another size nor is about to: while it does, SCAN may name a key
    twice. Redis shrinks a table at its next cron when less than a tenth of it is in use."""
    with Client(context.pair.ports[0]) as client:
        end = time.monotonic() + TIME_LIMIT_S
        while time.monotonic() < end:
            keys = client.call("DEBUG", "HTSTATS", "0")[1].decode().partition("[Expires HT]")[0]
            size, used = (int(re.search(name + r": (\d+)", keys)[1]) for name in ("table size", "number of elements"))
            if "rehashing target" not in keys and used * 10 > size:
                return
            time.sleep(0.02)
        context.report.fail("tools/settled", "the oracle's table does not come to rest: " + keys)


def _cli(port, *args, stdin=b""):
    result = subprocess.run(
        ["redis-cli", "-p", str(port), *args],
        input=stdin,
        timeout=TIME_LIMIT_S,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return result.returncode, result.stdout.decode("latin-1")


def _both(context, name, *args, stdin=b"", edit=lambda text: text):
    """The tool must end and print the same on both, after `edit`."""
    results = []
    for port in context.pair.ports:
        try:
            code, text = _cli(port, *args, stdin=stdin)
            results.append((code, edit(text)))
        except subprocess.TimeoutExpired:
            results.append(("does not end", ""))
    context.report.check(
        "tools/" + name,
        results[0] == results[1],
        lambda: "oracle %s\ntarget %s" % tuple(str(result)[:1500] for result in results),
        *map(str, results),
    )


def _lines(text):
    return sorted(text.splitlines())


def _plain(context):
    _both(context, "get", "GET", "string:3")
    _both(context, "resp3 hgetall", "-3", "HGETALL", "zset:1")
    _both(context, "resp3 zrange", "-3", "ZRANGE", "zset:1", "0", "3", "WITHSCORES")
    _both(context, "database", "-n", "5", "DBSIZE")
    _both(context, "repeat", "-r", "3", "PING")
    _both(context, "stdin", stdin=b"SET a 1\nGET a\nNOSUCH\nDEL a\n")


def _scan(context):
    _both(context, "scan", "--scan", edit=_lines)
    _both(context, "scan pattern", "--scan", "--pattern", "string:1*", edit=_lines)
    _both(context, "scan quoted pattern", "--quoted-pattern", '"string:\\x31*"', "--scan", edit=_lines)
    _both(context, "scan count", "--scan", "--count", "7", edit=_lines)
    _both(context, "scan type", "--scan", "--type", "hash", edit=_lines)


def _pipe(context):
    data = b"".join(encode(["SET", "piped:%d" % n, n]) for n in range(2000)) + encode(["NOSUCH"])
    _both(context, "pipe", "--pipe", stdin=data)
    _both(context, "pipe result", "GET", "piped:1999")
    _both(context, "pipe that waits for its replies", "--pipe", "--pipe-timeout", "0", stdin=data)
    cleanup = b"".join(encode(["DEL", "piped:%d" % n]) for n in range(2000))
    _both(context, "pipe cleanup", "--pipe", stdin=cleanup)
    _settled(context)


def _summary(text):
    """The summary without the progress lines, whose keys come in SCAN's order."""
    kept = text.partition("-------- summary -------")[2]
    return sorted(re.sub(r"\d+ bytes", "N bytes", line) if "memkeys" in line else line for line in kept.splitlines())


def _big_keys(context):
    _both(context, "bigkeys", "--bigkeys", edit=_summary)
    _both(context, "bigkeys with pauses", "--bigkeys", "-i", "0.001", edit=_summary)


def _memory_keys(context):
    # Sizes are the implementation's own: compare which types were found and how many keys.
    def types(text):
        return sorted(re.findall(r"^\d+ \w+ with", text, re.M)) + re.findall(r"Sampled \d+ keys", text)

    _both(context, "memkeys", "--memkeys", edit=types)
    _both(context, "memkeys samples", "--memkeys", "--memkeys-samples", "0", edit=types)


def _stat(context):
    port = context.pair.ports[1]
    process = subprocess.Popen(
        ["redis-cli", "-p", str(port), "--stat", "-i", "0.1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        text, deadline = b"", time.monotonic() + 8
        while text.count(b"\n") < 4 and time.monotonic() < deadline:
            if select.select([process.stdout], [], [], 0.5)[0]:
                text += process.stdout.read1(4096)
    finally:
        process.kill()
        process.wait()
    rows = re.findall(rb"^(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+) \(\+", text, re.M)
    with Client(port) as client:
        keys = client.call("DBSIZE")[1]
    context.report.check(
        "tools/stat", bool(rows) and rows[0][0] == keys, lambda: "keys %s in:\n%s" % (keys, text.decode("latin-1"))
    )


def _latency(context):
    code, text = _cli(context.pair.ports[1], "--latency", "-i", "0.3", "--raw")
    numbers = text.split()
    context.report.check(
        "tools/latency",
        code == 0 and len(numbers) == 4 and int(numbers[3]) > 3,
        lambda: "wants min max avg samples, got %s %r" % (code, text[:300]),
    )


def _latency_over_time(context):
    """The modes that print until they are stopped."""
    for mode, wanted in (("--latency-history", rb"\d+ \d+ [\d.]+ \d+"), ("--latency-dist", rb"\x1b\[")):
        process = subprocess.Popen(
            ["redis-cli", "-p", str(context.pair.ports[1]), mode, "-i", "1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            text, deadline = b"", time.monotonic() + 8
            while not re.search(wanted, text) and time.monotonic() < deadline:
                if select.select([process.stdout], [], [], 0.5)[0]:
                    text += process.stdout.read1(4096)
        finally:
            process.kill()
            process.wait()
        found = re.search(wanted, text) and b"rror" not in text
        context.report.check("tools/" + mode[2:], bool(found), lambda text=text: text.decode("latin-1")[:600])


def _hot_keys(context):
    refused = []
    for port in context.pair.ports:
        with Client(port) as client:
            client.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
            refused.append(client.call("OBJECT", "FREQ", "string:1"))
            client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
            client.call("SET", "hot", "x")
            client.pipeline([("GET", "hot")] * 3000)
    context.report.check("tools/hotkeys refused", refused[0] == refused[1], lambda: str(refused))
    code, text = _cli(context.pair.ports[1], "--hotkeys")
    hottest = re.findall(r"hot key found with counter: (\d+)\s+keyname: \"?([^\"\n]+)", text)
    found = code == 0 and hottest and hottest[0][1] == "hot" and int(hottest[0][0]) > 10
    context.report.check("tools/hotkeys", bool(found), lambda: "exit %s:\n%s" % (code, text[-800:]))
    for port in context.pair.ports:
        with Client(port) as client:
            client.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
            client.call("DEL", "hot")


def _raw_and_csv(context):
    _both(context, "csv", "--csv", "ZRANGE", "zset:1", "0", "2", "WITHSCORES")
    _both(context, "json", "--json", "ZRANGE", "zset:1", "0", "2", "WITHSCORES")
    _both(context, "no auth warning", "--no-auth-warning", "-a", "x", "PING")


def _help(context):
    # redis-cli joins its own help with what COMMAND says: it must not break on that.
    for topic in ("ZADD", "@sorted_set", "CLIENT KILL"):
        _both(context, "help " + topic, "help", topic)


def _hints(context):
    """What is shown behind the cursor when a command is typed, and what TAB makes of its beginning."""
    for typed in ("ZADD ", "SET k v ", "CONFIG SE", "zrev\t "):
        shown = [_typed(port, typed.encode()) for port in context.pair.ports]
        context.report.check(
            "tools/hint " + typed.strip(),
            bool(shown[0]) and shown[0] == shown[1],
            lambda shown=shown: "oracle %r\ntarget %r" % tuple(shown),
        )


def _typed(port, keys):
    """The last line that an interactive redis-cli shows after these keys, without colours and the port."""
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (40, 200))
    environment = dict(os.environ, TERM="xterm")
    with subprocess.Popen(
        ["redis-cli", "-p", str(port)], stdin=end, stdout=end, stderr=end, env=environment, start_new_session=True
    ) as process:
        os.close(end)
        try:
            _shown(terminal, 5.0)  # the prompt
            os.write(terminal, keys)
            text = _shown(terminal, 5.0)
        finally:
            process.kill()
            os.close(terminal)
    line = text.rpartition("\x1b[0K")[2]  # the line is written anew at every key
    return re.sub(r"\r?\x1b\[[0-9;]*[A-Za-z]", "", line).replace(str(port), "PORT")


def _shown(terminal, quiet_s):
    """Everything that appears until nothing does for a while."""
    text = b""
    while select.select([terminal], [], [], quiet_s if not text else 0.2)[0]:
        text += os.read(terminal, 1 << 16)
    return text.decode("utf-8", "replace")


def _benchmarks(context):
    if not shutil.which("redis-benchmark"):
        context.report.skip("tools/benchmark", "no redis-benchmark")
        return
    port = context.pair.ports[1]
    with Client(port) as client:
        present = {
            test
            for test, command in BENCHMARKS.items()
            if not (is_error(reply := client.call(command)) and b"unknown command" in reply[1])
        }
    for test in BENCHMARKS:
        if test not in present:
            context.report.skip("tools/benchmark/" + test, "target has no " + BENCHMARKS[test])
    for label, extra in (
        ("plain", []),
        ("pipeline", ["-P", "16"]),
        ("threads", ["--threads", "2"]),
        ("random", ["-r", "1000"]),
        ("many", ["-c", "500", "-n", "3000"]),
        ("all", ["-c", "500", "-n", "10000", "-P", "16", "--threads", "2", "-r", "1000000"]),
        ("resp3", ["-3"]),
        ("keep", ["-k", "0", "-n", "200"]),
    ):
        for test in sorted(present):
            args = ["redis-benchmark", "-p", str(port), "-t", test, "-n", "1000", "-c", "10", "--csv", *extra]
            _benchmark(context, "tools/benchmark/%s/%s" % (test, label), args)
    if len(present) == len(BENCHMARKS):
        args = ["redis-benchmark", "-p", str(port), "-n", "500", "--csv"]
        _benchmark(context, "tools/benchmark/default list", args, tests=20)


def _benchmark(context, check_id, args, tests=1):
    try:
        result = subprocess.run(
            args, timeout=TIME_LIMIT_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        text = result.stdout.decode("latin-1")
    except subprocess.TimeoutExpired:
        context.report.fail(check_id, "does not end: " + " ".join(args))
        return
    # A thousand requests may well be done within the millisecond that it divides by: "inf".
    rates = re.findall(r'^"[^"]+","([0-9.]+|inf)"', text, re.M)
    context.report.check(
        check_id,
        result.returncode == 0
        and len(rates) >= tests
        and all(float(rate) > 0 for rate in rates)
        and "Error" not in text
        and "WARNING: Could not" not in text,
        lambda: "exit %d: %s" % (result.returncode, text[:600]),
    )
