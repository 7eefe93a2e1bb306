#!/usr/bin/env python3
"""The list that redis-benchmark runs by default, on Usher with several numbers of workers beside redis-server, in one run.

At pipeline 16 the server's user CPU per operation is compared with redis-server's; at pipeline 1 its user and system CPU with
an empty server of as many threads (floor-server), since there the kernel's share hides everything else. Commands and data are
those of `redis-benchmark -r 100000` (3-byte values); `usher-bench drive` sends them and reads the CPU time. Rows that take
away from a collection refill it before each measurement. MGET of 100 keys over all shards and the memory of an entry are
rows of their own (--only mget100, --only memory).
"""

import argparse
import json
import os
import shutil
import statistics
import sys

import budget

POPPED = 200_000  # elements taken away in one measurement, at most
LISTED = 1_000
VALUE = "VXK"
KEY = "key:__rand__"


class ListRow(budget.DriveRow):
    """One command of the list. `fill`: what is sent, and how often, before each measurement."""

    def __init__(self, name, words, fill=None, fill_count=0, pops=False):
        super().__init__(name, name, words, 1, {}, requests=POPPED if pops else 0)
        self.fill, self.fill_count = fill, fill_count

    def start(self, bench, side):
        kind, _, workers = side.partition("-")
        server = bench.start(kind, int(workers) if workers else None)
        server.side = side
        return server

    def prepare(self, bench, server):
        pass

    def measure(self, bench, server, repetition):
        self.pipeline = bench.options.pipeline
        if not server.side.startswith("floor"):
            server.client.call("FLUSHALL")
            if self.fill:
                bench.drive(server, self.fill, 100, requests=self.fill_count, seed=repetition + 77)
        return super().measure(bench, server, repetition)


def list_rows():
    pushed = ["RPUSH", "mylist", VALUE]
    listed = dict(fill=pushed, fill_count=LISTED)
    rows = [
        ListRow("PING", ["PING"]),
        ListRow("SET", ["SET", KEY, VALUE]),
        ListRow("GET", ["GET", KEY], ["SET", "key:__seq__", VALUE], budget.KEYS),
        ListRow("INCR", ["INCR", "counter:__rand__"]),
        ListRow("LPUSH", ["LPUSH", "mylist", VALUE]),
        ListRow("RPUSH", ["RPUSH", "mylist", VALUE]),
        ListRow("LPOP", ["LPOP", "mylist"], pushed, POPPED, pops=True),
        ListRow("RPOP", ["RPOP", "mylist"], pushed, POPPED, pops=True),
        ListRow("SADD", ["SADD", "myset", "element:__rand__"]),
        ListRow("HSET", ["HSET", "myhash", "element:__rand__", VALUE]),
        ListRow("SPOP", ["SPOP", "myset"], ["SADD", "myset", "element:__seq__"], POPPED, pops=True),
        ListRow("ZADD", ["ZADD", "myzset", "0", "element:__rand__"]),
        ListRow("ZPOPMIN", ["ZPOPMIN", "myzset"], ["ZADD", "myzset", "0", "element:__seq__"], POPPED, pops=True),
    ]
    rows += [ListRow(f"LRANGE_{count}", ["LRANGE", "mylist", "0", str(count - 1)], **listed) for count in (100, 300, 500, 600)]
    rows.append(ListRow("MSET (10 keys)", ["MSET", *[word for _ in range(10) for word in (KEY, VALUE)]]))
    return rows


def mget_row():
    return ListRow("MGET of 100 keys", ["MGET", *[KEY] * 100], ["SET", "key:__seq__", VALUE], budget.KEYS)


def memory_rows():
    named = [("list entry", ["RPUSH", "l", "value:__seq__"]), ("set entry", ["SADD", "s", "member:__seq__"]),
             ("hash entry", ["HSET", "h", "field:__seq__", "value:__seq__"]), ("stream entry", ["XADD", "x", "*", "field", "value:__seq__"])]
    return [budget.MemoryRow("memory", f"{title}, of 1M in one key", words, float("inf")) for title, words in named]


def print_pipelined(results, sides):
    print("| command | redis user us | " + " | ".join(f"{side} user us (x redis; throughput)" for side in sides[1:]) + " |")
    print("|" + "---|" * (len(sides) + 1))
    ratios = {side: [] for side in sides[1:]}
    for title, measured in results:
        redis = measured["redis"]
        cells = []
        for side in sides[1:]:
            if isinstance(measured[side], str) or isinstance(redis, str):
                cells.append("n/a")
                continue
            ratio = budget.ratio_of(measured[side], redis, "user_us")
            ratios[side].append(ratio)
            cells.append(f"{budget.median_of(measured[side], 'user_us'):.2f} ({ratio:.2f}; {budget.ratio_of(measured[side], redis, 'per_s'):.2f})")
        print(f"| {title} | {'n/a' if isinstance(redis, str) else format(budget.median_of(redis, 'user_us'), '.2f')} | " + " | ".join(cells) + " |")
    for side, values in ratios.items():
        print(f"\n{side}: median {statistics.median(values):.2f}, worst {max(values):.2f} (goals 0.45 and 0.7)")


def print_plain(results, workers):
    print("| command | redis total us | " + " | ".join(f"{count} workers: total us (above the empty server)" for count in workers) + " |")
    print("|" + "---|" * (len(workers) + 2))
    for title, measured in results:
        cells = [f"{budget.median_of(measured['redis'], 'total_us'):.2f}"]
        for count in workers:
            ours, floor = measured[f"usher-{count}"], measured[f"floor-{count}"]
            above = statistics.median(a["total_us"] - b["total_us"] for a, b in zip(ours, floor))
            cells.append(f"{budget.median_of(ours, 'total_us'):.2f} (+{above:.2f})")
        print(f"| {title} | " + " | ".join(cells) + " |")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = os.path.join(budget.ROOT, "build", "release")
    parser.add_argument("--usher", default=os.path.join(build, "usher-server"))
    parser.add_argument("--usher-args", default="", help="further arguments; --workers is the table's own")
    parser.add_argument("--redis", default=shutil.which("redis-server") or "redis-server")
    parser.add_argument("--bench", default=os.path.join(build, "usher-bench"))
    parser.add_argument("--floor", default=os.path.join(build, "floor-server"))
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--pipeline", type=int, default=16, choices=(1, 16))
    parser.add_argument("--only", help="comma separated rows, mget100 or memory; the default is the list")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--driver-threads", type=int, default=1)
    parser.add_argument("--json")
    options = parser.parse_args()
    budget.resolve_programs(options)
    return options


def main():
    options = parse_options()
    bench = budget.Bench(options)
    workers = options.workers.split(",")
    sides = ["redis", *[f"usher-{count}" for count in workers]]
    if options.only == "memory":
        sides = ["redis", "usher"]
        report = [(row, budget.run_row(bench, row, sides)) for row in memory_rows()]
        budget.print_table(report, sides)
        return 0
    rows = [mget_row()] if options.only == "mget100" else list_rows()
    if options.only and options.only != "mget100":
        rows = [row for row in rows if row.name in options.only.split(",")]
    measured_sides = sides if options.pipeline == 16 else [*sides, *[f"floor-{count}" for count in workers]]
    results = []
    for row in rows:
        print(f"{row.name} ...", file=sys.stderr, flush=True)
        results.append((row.title, budget.run_row(bench, row, measured_sides)))
    print(f"Medians of {options.repeat} repetitions of {options.seconds:g} s, {options.connections} connections, pipeline {options.pipeline}, "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    if options.pipeline == 16:
        print_pipelined(results, sides)
    else:
        print_plain(results, workers)
    if options.json:
        with open(options.json, "w") as output:
            json.dump(dict(results), output, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
