"""The `tools` suite: redis-cli's modes and redis-benchmark against the target.

Where the output does not depend on time it is compared with the oracle's; elsewhere the tool must end well and say
what it must say.
"""

import re
import select
import shutil
import subprocess
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
}


def run(context):
    """Fill both servers alike, then try every mode."""
    if not shutil.which("redis-cli"):
        context.report.skip("tools", "no redis-cli")
        return
    for port in context.pair.ports:
        _fill(port)
    for function in (
        _plain,
        _scan,
        _pipe,
        _big_keys,
        _memory_keys,
        _stat,
        _latency,
        _hot_keys,
        _raw_and_csv,
        _rename_hints,
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


def _pipe(context):
    data = b"".join(encode(["SET", "piped:%d" % n, n]) for n in range(2000)) + encode(["NOSUCH"])
    _both(context, "pipe", "--pipe", stdin=data)
    _both(context, "pipe result", "GET", "piped:1999")
    cleanup = b"".join(encode(["DEL", "piped:%d" % n]) for n in range(2000))
    _both(context, "pipe cleanup", "--pipe", stdin=cleanup)


def _summary(text):
    """The summary without the progress lines, whose keys come in SCAN's order."""
    kept = text.partition("-------- summary -------")[2]
    return sorted(re.sub(r"\d+ bytes", "N bytes", line) if "memkeys" in line else line for line in kept.splitlines())


def _big_keys(context):
    _both(context, "bigkeys", "--bigkeys", edit=_summary)


def _memory_keys(context):
    # Sizes are the implementation's own: compare which types were found and how many keys.
    def types(text):
        return sorted(re.findall(r"^\d+ \w+ with", text, re.M)) + re.findall(r"Sampled \d+ keys", text)

    _both(context, "memkeys", "--memkeys", edit=types)


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


def _rename_hints(context):
    # The interactive hints come from COMMAND DOCS: redis-cli's own help must not break on them.
    _both(context, "help zadd", "help", "ZADD")


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
    ):
        for test in sorted(present):
            args = ["redis-benchmark", "-p", str(port), "-t", test, "-n", "1000", "-c", "10", "--csv", *extra]
            _benchmark(context, "tools/benchmark/%s/%s" % (test, label), args)


def _benchmark(context, check_id, args):
    try:
        result = subprocess.run(
            args, timeout=TIME_LIMIT_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        text = result.stdout.decode("latin-1")
    except subprocess.TimeoutExpired:
        context.report.fail(check_id, "does not end: " + " ".join(args))
        return
    rates = re.findall(r'^"[^"]+","([0-9.]+)"', text, re.M)
    context.report.check(
        check_id,
        result.returncode == 0
        and bool(rates)
        and float(rates[0]) > 0
        and "Error" not in text
        and "WARNING" not in text,
        lambda: "exit %d: %s" % (result.returncode, text[:600]),
    )
