#!/usr/bin/env python3
"""What a background save costs the clients: Usher beside redis-server, alternating, on the same data.

    bench/snapshot_latency.py --usher build/release/usher-server [--redis redis-server] [--keys 2000000]
                              [--members 1000000] [--repetitions 3]

Each run fills an empty server with string keys and one sorted set, then one client writes without a pause: in turn it
gives a random member of the sorted set a new score and overwrites a random key. Latencies of two quiet seconds come
first, then those from BGSAVE to its end. Memory is what the process holds beyond what it held before: the peak of its
resident size for Usher; for redis-server that and the child's copied pages (rdb_last_cow_size). The machine should have
nothing else to do; the client takes a core."""

import argparse
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time

from redis_client import Client, free_port

BATCH = 500
VALUE = b"v" * 40


def fill(client, keys, members):
    for base in range(0, members, BATCH):
        words = ["ZADD", "line"]
        for number in range(base, min(base + BATCH, members)):
            words += [number, f"user:{number}"]
        client.call(*words)
    for base in range(0, keys, BATCH):
        words = ["MSET"]
        for number in range(base, min(base + BATCH, keys)):
            words += [f"key:{number}", VALUE]
        client.call(*words)


def write_load(port, keys, members, stop, results):
    """Closed loop; gives the (start, latency) of each call in seconds."""
    client = Client(port)
    rng = random.Random(1)
    calls = []
    while not stop.is_set():
        for _ in range(100):
            zadd = rng.random() < 0.5
            words = (("ZADD", "line", rng.randrange(members), f"user:{rng.randrange(members)}") if zadd
                     else ("SET", f"key:{rng.randrange(keys)}", VALUE))
            start = time.perf_counter()
            client.call(*words)
            calls.append((start, time.perf_counter() - start))
    results.put(calls)


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def describe(calls):
    latencies = sorted(latency for _, latency in calls)
    if not latencies:
        return {"calls": 0, "p99_9_ms": 0.0, "worst_ms": 0.0}
    return {"calls": len(latencies), "p99_9_ms": latencies[int(len(latencies) * 0.999)] * 1e3,
            "worst_ms": latencies[-1] * 1e3}


def measure(command, port, options):
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(command + ["--port", str(port), "--dir", folder, "--save", "", "--bind", "127.0.0.1"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return measure_running(server.pid, port, folder, options)
        finally:
            server.terminate()
            server.wait()


def connect(port):
    for _ in range(100):
        try:
            return Client(port)
        except OSError:
            time.sleep(0.05)
    sys.exit("the server did not start")


def measure_running(pid, port, folder, options):
    client = connect(port)
    fill(client, options.keys, options.members)
    stop = multiprocessing.Event()
    results = multiprocessing.Queue()
    load = multiprocessing.Process(target=write_load, args=(port, options.keys, options.members, stop, results))
    load.start()
    time.sleep(2.5)
    before_kb = peak_kb = resident_kb(pid)
    begin = time.perf_counter()
    client.call("BGSAVE")
    while client.info("rdb_bgsave_in_progress") == "1":
        for _ in range(5):
            peak_kb = max(peak_kb, resident_kb(pid))
            time.sleep(0.02)
    end = time.perf_counter()
    stop.set()
    calls = results.get()
    load.join()
    copied_kb = int(client.info("rdb_last_cow_size") or 0) // 1024
    status = client.info("rdb_last_bgsave_status")
    extra_kb = peak_kb - before_kb + (copied_kb if options.is_redis else 0)
    return {"quiet": describe([call for call in calls if begin - 2 < call[0] < begin]),
            "during": describe([call for call in calls if begin <= call[0] < end]),
            "seconds": end - begin, "resident_mb": before_kb / 1024, "extra_percent": 100 * extra_kb / before_kb,
            "file_mb": os.path.getsize(os.path.join(folder, "dump.rdb")) / 2**20, "status": status}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usher", required=True)
    parser.add_argument("--redis", default="redis-server")
    parser.add_argument("--keys", type=int, default=2_000_000)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    print(f"{'server':8} {'quiet p99.9':>12} {'quiet worst':>12} {'save p99.9':>11} {'save worst':>11} {'calls/s':>8} "
          f"{'seconds':>8} {'memory MB':>10} {'extra':>7} {'file MB':>8}")
    for _ in range(options.repetitions):
        for name, command in (("usher", [options.usher]), ("redis", [options.redis])):
            options.is_redis = name == "redis"
            run = measure(command, free_port(), options)
            quiet, during = run["quiet"], run["during"]
            print(f"{name:8} {quiet['p99_9_ms']:9.2f} ms {quiet['worst_ms']:9.2f} ms {during['p99_9_ms']:8.2f} ms "
                  f"{during['worst_ms']:8.2f} ms {during['calls'] / run['seconds']:8.0f} {run['seconds']:8.1f} "
                  f"{run['resident_mb']:10.0f} {run['extra_percent']:6.1f}% {run['file_mb']:8.0f} {run['status']}",
                  flush=True)


if __name__ == "__main__":
    main()
