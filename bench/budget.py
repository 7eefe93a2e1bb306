#!/usr/bin/env python3
"""Re-runs the budget table of docs/design.md section 9: what a command costs the server, beside redis-server.

Every row starts a fresh server of each side in a temporary folder, prepares the same data in all of them, and then measures
the sides in turn, several times over, so that whatever else the machine does falls on all alike. The load comes from
`usher-bench drive`, which also reads the server's CPU time (all threads, user and system apart) around the measured
interval. Reported are the medians of the repetitions; ratios are taken within a repetition, then the median of them.

To check the bench itself, compare redis-server with itself: --usher "$(command -v redis-server)" must give ratios of about 1.
"""

import argparse
import contextlib
import json
import os
import secrets
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUEUE = "opening"
WAIT_KEY = f"queue:wait:{{{QUEUE}}}"
ACTIVE_KEY = f"queue:active:{{{QUEUE}}}"
CONFIG_KEY = f"queue:config:{{{QUEUE}}}"
TOKEN_PREFIX = f"active:token:{{{QUEUE}}}:"
KEYS = 100_000
MEMBERS = 300_000
ENTRIES = 300_000
QUEUES = 16  # of the rows that spread over shards
ADMITTED = 10_000
MEMORY_ITEMS = 1_000_000
TIMEOUT_S = 600


class NotAvailable(Exception):
    """The side cannot do what the row needs (yet)."""


class Client:
    """A blocking RESP2 client for preparing and asking, not for load."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def call(self, *words):
        encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        parts = [b"*%d\r\n" % len(encoded)] + [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
        self.socket.sendall(b"".join(parts))
        return self._read()

    def _read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise NotAvailable(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._read() for _ in range(int(rest))]
        return rest

    def info(self, section):
        lines = self.call("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def close(self):
        self.file.close()
        self.socket.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server process of one side, in a folder of its own; stopped by stop()."""

    def __init__(self, side, command, has_commands=True):
        self.side = side
        self.folder = tempfile.mkdtemp(prefix=f"budget-{side}-")
        self.port = free_port()
        words = [str(word).format(port=self.port, folder=self.folder) for word in command]
        self.client = self.process = None
        self.shas = {}
        try:
            with open(os.path.join(self.folder, "log"), "wb") as log:
                self.process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
            self._wait_until_ready()
            self.is_native = has_commands and self._knows("ENTERQUEUE")
        except OSError as error:
            self.stop()
            raise RuntimeError(f"{side}: {error}") from error
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client = Client(self.port)
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    with open(os.path.join(self.folder, "log"), errors="replace") as log:
                        raise RuntimeError(f"{self.side} did not start: {log.read()[-500:]}") from None
                time.sleep(0.02)

    def _knows(self, command):
        try:
            self.client.call(command)
        except NotAvailable as error:
            return "unknown command" not in str(error).lower()
        return True

    def sha(self, script, bench):
        if script not in self.shas:
            text = subprocess.run([bench, "script", script], check=True, capture_output=True, timeout=10).stdout
            self.shas[script] = self.client.call("SCRIPT", "LOAD", text).decode()
        return self.shas[script]

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat") as schedstat:
                total += int(schedstat.read().split()[0])
        return total / 1e9

    def stop(self):
        if self.client:
            self.client.close()
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Bench:
    """The options, and what the rows share: starting servers and driving them."""

    def __init__(self, options):
        self.options = options
        self.tool = options.bench

    def start(self, side, workers=None):
        redis_like = ["--port", "{port}", "--bind", "127.0.0.1", "--dir", "{folder}", "--save", ""]
        aof = ["--appendonly", "yes" if side.endswith("-aof") else "no", "--appendfsync", "everysec"]
        if side.startswith("redis"):
            return Server(side, [self.options.redis, *redis_like, *aof])
        if side.startswith("usher"):
            extra = shlex.split(self.options.usher_args) + (["--workers", str(workers)] if workers else [])
            # In memory, so this side shows what recording costs; append_only.py measures files.
            journal = ["--journal", "memory" if side.endswith("-journal") else "off"]
            return Server(side, [self.options.usher, *redis_like, *journal, *extra])
        if side == "floor":
            return Server(side, [self.options.floor, "{port}", "--threads", str(workers or 1)], has_commands=False)
        raise SystemExit(f"unknown side {side}: redis, redis-aof, usher, usher-journal or floor")

    def drive(self, server, words, pipeline, requests=0, keyspace=KEYS, first=0, seed=1, connections=None):
        with tempfile.NamedTemporaryFile(suffix=".json") as output:
            command = [self.tool, "drive", "--port", server.port, "-c", connections or self.options.connections, "-P", pipeline, "--threads",
                       self.options.driver_threads, "--requests", requests, "--seconds", self.options.seconds, "-r", keyspace,
                       "--first", first, "--seed", seed, "--server-pid", server.process.pid, "--json", output.name, "--", *words]
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
            if done.returncode not in (0, 1):
                raise RuntimeError(f"{server.side}: {done.stderr.strip()}")
            result = json.load(output)
        if result["errors"]:
            raise NotAvailable(result["first_error"])
        return result


def per_operation(result):
    """Microseconds of server CPU per operation, and throughput."""
    operations = result["operations"]
    user = result["server_user_s"] * 1e6 / operations
    system = result["server_system_s"] * 1e6 / operations
    return {"user_us": user, "system_us": system, "total_us": user + system, "per_s": result["per_s"],
            "server_cores": (result["server_user_s"] + result["server_system_s"]) / result["wall_s"]}


class DriveRow:
    """A command in a closed loop; `words(bench, server)` may differ from side to side."""

    has_floor = True
    columns = ("user_us", "total_us", "per_s")

    def __init__(self, name, title, words, pipeline, goals, prepare=None, keyspace=KEYS, requests=0, before=None, workers=None):
        self.name, self.title, self.words, self.pipeline, self.goals = name, title, words, pipeline, goals
        self.prepare_words, self.keyspace, self.requests, self.before, self.workers = prepare, keyspace, requests, before, workers

    def start(self, bench, side):
        return bench.start(side, self.workers)

    def prepare(self, bench, server):
        if self.prepare_words and server.side != "floor":
            bench.drive(server, self.prepare_words, 100, requests=self.keyspace)

    def measure(self, bench, server, repetition):
        if self.before and server.side != "floor":
            server.client.call(*self.before)
        words = self.words(bench, server) if callable(self.words) else self.words
        return per_operation(bench.drive(server, words, self.pipeline, self.requests, self.keyspace, seed=repetition + 1))


class AdmitRow:
    """One call that admits 10,000 people, from a queue that is filled first."""

    has_floor = False
    columns = ("total_us", "call_ms")
    name, title, goals = "admit", f"admit {ADMITTED:,} (Redis: Lua; Usher: MOVEACTIVE)", {"total_us": 0.065}

    def start(self, bench, side):
        return bench.start(side)

    def prepare(self, bench, server):
        people = ADMITTED * bench.options.repeat + MEMBERS
        bench.drive(server, ["ZADD", WAIT_KEY, "1__seq__", "usr__seq__"], 100, requests=people)

    def measure(self, bench, server, repetition):
        if server.is_native:
            words = ["MOVEACTIVE", QUEUE, ADMITTED, "TTL", 300, "MAXACTIVE", MEMORY_ITEMS]
        else:
            words = ["EVALSHA", server.sha("admit", bench.tool), 2, WAIT_KEY, ACTIVE_KEY, TOKEN_PREFIX, ADMITTED, MEMORY_ITEMS, 300,
                     int(time.time()), *(secrets.token_hex(16) for _ in range(ADMITTED))]
        cpu_before, started = server.cpu_seconds(), time.perf_counter()
        users = server.client.call(*words)
        elapsed, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu_before
        admitted = len(users) if isinstance(users, list) else len(json.loads(users))
        if admitted != ADMITTED:
            raise RuntimeError(f"{server.side} admitted {admitted} people instead of {ADMITTED}")
        return {"total_us": cpu * 1e6, "call_ms": elapsed * 1e3}


class MemoryRow:
    """Bytes per item: the growth of used_memory, and of the resident set, while a million items come in.

    They come over one connection: the buffers of fifty would count as the items' memory.
    """

    has_floor = False
    columns = ("used_bytes", "resident_bytes")

    def __init__(self, name, title, words, bytes_max):
        self.name, self.title, self.words, self.bytes_max, self.goals = name, title, words, bytes_max, {}

    def start(self, bench, side):
        return bench.start(side)

    def prepare(self, bench, server):
        pass

    def measure(self, bench, server, repetition):
        server.client.call("FLUSHALL")
        used, resident = self._memory(server)
        words = self.words(bench, server) if callable(self.words) else self.words
        bench.drive(server, words, 100, requests=MEMORY_ITEMS, connections=1)
        used_after, resident_after = self._memory(server)
        return {"used_bytes": (used_after - used) / MEMORY_ITEMS, "resident_bytes": (resident_after - resident) / MEMORY_ITEMS}

    def _memory(self, server):
        return int(server.client.info("memory")["used_memory"]), server.resident_bytes()


def enter_by_script(bench, server):
    if server.side == "floor":
        return ["PING"]
    return ["EVALSHA", server.sha("enter", bench.tool), "3", WAIT_KEY, TOKEN_PREFIX + "usr__seq__", CONFIG_KEY, "usr__seq__", "__now__"]


def enter_many_by_script(bench, server):
    """As above, each person into one of many queues."""
    words = enter_by_script(bench, server)
    return [str(word).replace("{" + QUEUE + "}", "{q__rand__}") for word in words]


def enter(bench, server):
    return ["ENTERQUEUE", QUEUE, "usr__seq__"] if server.is_native else enter_by_script(bench, server)


def wait(bench, server):
    return ["ENTERQUEUE", QUEUE, "usr__seq__"] if server.is_native else ["ZADD", WAIT_KEY, "1__seq__", "usr__seq__"]


def make_rows():
    store = ["SET", "key:__rand__", "0123456789abcdef"]
    fetch = ["GET", "key:__rand__"]
    fill = ["SET", "key:__seq__", "0123456789abcdef"]
    fill_zset = ["ZADD", "z", "__seq__", "m:__seq__"]
    cheap, piped = {"total_us": 0.85}, {"user_us": 0.55, "total_us": 0.70}
    token = ["HSET", TOKEN_PREFIX + "usr__seq__", "token", "0123456789abcdef0123456789abcdef", "status", "READY", "extend_count", "0",
             "expired_at", "1999999999", ";", "PEXPIREAT", TOKEN_PREFIX + "usr__seq__", "1999999999000"]
    rows = [
        DriveRow("set", "SET, no pipeline", store, 1, cheap, fill),
        DriveRow("get", "GET, no pipeline", fetch, 1, cheap, fill),
        DriveRow("get16", "GET, pipeline 16", fetch, 16, piped, fill),
        DriveRow("set16", "SET, pipeline 16", store, 16, piped, fill),
        DriveRow("zadd16", "ZADD into 300k, pipeline 16", ["ZADD", "z", "__rand_score__", "m:__rand__"], 16,
                 {"user_us": 0.33, "total_us": 0.40}, fill_zset, MEMBERS),
        DriveRow("zrank16", "ZRANK in 300k, pipeline 16", ["ZRANK", "z", "m:__rand__"], 16,
                 {"user_us": 0.35, "total_us": 0.45}, fill_zset, MEMBERS),
        DriveRow("enter16", "enter the queue (Redis: EVALSHA; Usher: ENTERQUEUE), pipeline 16", enter, 16, {"total_us": 0.12},
                 requests=ENTRIES, before=["DEL", WAIT_KEY]),
        DriveRow("evalsha16", "the same script by EVALSHA, pipeline 16", enter_by_script, 16, {"total_us": 0.70},
                 requests=ENTRIES, before=["DEL", WAIT_KEY]),
        AdmitRow(),
        MemoryRow("mem-wait", "memory per waiting user (15-byte id, 1M)", wait, 50),
        MemoryRow("mem-token", "memory per active token (hash of 4 fields with TTL, 1M)", token, 150),
        MemoryRow("mem-set", "memory per SET (14 B key, 16 B value, 1M)", ["SET", "k:__seq__", "0123456789abcdef"], 60),
    ]
    for workers in (1, 2, 4):
        rows.append(DriveRow(f"workers{workers}", f"GET, pipeline 16, {workers} workers", fetch, 16, {}, fill, workers=workers))
    for workers in (1, 2, 4):
        rows.append(DriveRow(f"scripts{workers}", f"EVALSHA, {QUEUES} queues, pipeline 16, {workers} workers", enter_many_by_script, 16,
                             {"total_us": 0.70}, keyspace=QUEUES, requests=ENTRIES, before=["FLUSHALL"], workers=workers))
    return rows


def run_row(bench, row, sides):
    """All repetitions of one row, the sides alternating. Side -> list of measurements, or the reason why there are none."""
    results = {}
    with contextlib.ExitStack() as stack:
        servers = []
        for side in sides:
            if side == "floor" and not row.has_floor:
                continue
            try:
                server = row.start(bench, side)
                stack.callback(server.stop)
                row.prepare(bench, server)
                servers.append(server)
                results[side] = []
            except (NotAvailable, RuntimeError) as error:
                results[side] = str(error)
        for repetition in range(bench.options.repeat):
            order = servers if repetition % 2 == 0 else servers[::-1]
            for server in order:
                if isinstance(results[server.side], str):
                    continue
                try:
                    results[server.side].append(row.measure(bench, server, repetition))
                except (NotAvailable, RuntimeError) as error:
                    results[server.side] = str(error)
    return results


def median_of(measurements, column):
    return statistics.median(measurement[column] for measurement in measurements)


def ratio_of(measurements, reference, column):
    pairs = [(ours[column], theirs[column]) for ours, theirs in zip(measurements, reference)]
    return statistics.median(ours / theirs if theirs else float("inf") for ours, theirs in pairs)


def describe(side_results, columns):
    if isinstance(side_results, str):
        return f"n/a ({side_results[:60]})"
    value = {column: median_of(side_results, column) for column in side_results[0]}
    if "used_bytes" in columns:
        return f"{value['used_bytes']:.0f} B (resident {value['resident_bytes']:.0f})"
    if "call_ms" in columns:
        return f"{value['call_ms']:.1f} ms (CPU {value['total_us'] / 1e3:.1f})"
    return f"{value['user_us']:.2f} + {value['system_us']:.2f} us, {value['per_s'] / 1e3:.0f}k/s"


def compare(row, ours, reference):
    """The ratios to Redis, and whether the goals are met."""
    if isinstance(ours, str) or isinstance(reference, str):
        return "-", "-"
    ratios = {column: ratio_of(ours, reference, column) for column in row.columns}
    names = {"user_us": "user", "total_us": "total", "per_s": "throughput", "call_ms": "time", "used_bytes": "used",
             "resident_bytes": "resident"}
    misses = [f"{names[column]} {ratios[column]:.2f} > {goal}" for column, goal in row.goals.items() if ratios[column] > goal]
    if isinstance(row, MemoryRow) and median_of(ours, "used_bytes") > row.bytes_max:
        misses.append(f"over {row.bytes_max} B")
    text = ", ".join(f"{names[column]} {ratio:.3f}" if ratio < 0.1 else f"{names[column]} {ratio:.2f}" for column, ratio in ratios.items())
    return text, "; ".join(misses) if misses else ("yes" if row.goals or isinstance(row, MemoryRow) else "-")


def goal_text(row):
    if isinstance(row, MemoryRow):
        return f"<= {row.bytes_max} B"
    return ", ".join(f"{column.split('_')[0]} <= {goal}" for column, goal in row.goals.items()) or "-"


def print_table(report, sides):
    ushers = [side for side in sides if side.startswith("usher")]
    head = ["work", *sides] + [f"{side} / redis" for side in ushers] + ["goal", "met"]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row, results in report:
        cells = [row.title] + [describe(results[side], row.columns) if side in results else "-" for side in sides]
        verdicts = [compare(row, results[side], results.get("redis", "no redis")) for side in ushers]
        cells += [ratios for ratios, _ in verdicts] + [goal_text(row), "; ".join(dict.fromkeys(met for _, met in verdicts)) or "-"]
        print("| " + " | ".join(cells) + " |")


def resolve_programs(options):
    """Makes the programs' paths absolute, since servers run in folders of their own."""
    for program in ("usher", "redis", "bench", "floor"):
        path = getattr(options, program)
        setattr(options, program, os.path.abspath(shutil.which(path) or path))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = os.path.join(ROOT, "build", "release")
    parser.add_argument("--usher", default=os.path.join(build, "usher-server"))
    parser.add_argument("--usher-args", default="--workers 1", help='default "--workers 1": one core against one core')
    parser.add_argument("--redis", default=shutil.which("redis-server") or "redis-server")
    parser.add_argument("--bench", default=os.path.join(build, "usher-bench"))
    parser.add_argument("--floor", default=os.path.join(build, "floor-server"))
    parser.add_argument("--sides", default="redis,usher,floor", help="of redis, redis-aof, usher, usher-journal, floor")
    parser.add_argument("--rows", default="all", help="comma separated; see --list")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--driver-threads", type=int, default=1)
    parser.add_argument("--json", help="write every measurement to this file")
    parser.add_argument("--list", action="store_true", help="list the rows and end")
    options = parser.parse_args()
    resolve_programs(options)
    return options


def main():
    options = parse_options()
    rows = make_rows()
    if options.list:
        print("\n".join(f"{row.name:10} {row.title}" for row in rows))
        return 0
    wanted = [row.name for row in rows] if options.rows == "all" else options.rows.split(",")
    unknown = set(wanted) - {row.name for row in rows}
    if unknown:
        raise SystemExit(f"no such row: {', '.join(sorted(unknown))}; see --list")
    sides = options.sides.split(",")
    bench = Bench(options)
    report = []
    for row in rows:
        if row.name not in wanted:
            continue
        if getattr(row, "workers", None):  # the option is the row's own
            bench = Bench(argparse.Namespace(**{**vars(options), "usher_args": options.usher_args.replace("--workers 1", "")}))
        print(f"{row.name} ...", file=sys.stderr, flush=True)
        report.append((row, run_row(bench, row, sides)))
    print(f"Medians of {options.repeat} repetitions of {options.seconds:g} s, {options.connections} connections, "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, usher {options.usher_args or '-'}\n")
    print_table(report, sides)
    if options.json:
        with open(options.json, "w") as output:
            json.dump({row.name: results for row, results in report}, output, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
