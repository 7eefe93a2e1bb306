#!/usr/bin/env python3
"""How long a server takes to load its data set at start: Usher beside redis-server, alternating, on the same files.

    bench/load_time.py --usher build/release/usher-server [--redis redis-server] [--repetitions 3] [--scale 1.0]
                       [--data folder]

redis-server is filled with about 1 GB of used_memory of every type (--scale 1), which it saves as an RDB file and as an
append-only file (a base and a small increment). Then each server is started on them in turn; what is measured is the
time from its start to the first PING that it answers with PONG, and the keys are counted. The files are read once
before, so that they come from the page cache. --data keeps them in a folder for the next time. The machine should have
nothing else to do."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

from redis_client import Client, ReplyError, encode, free_port

BATCH_BYTES = 256 * 1024
TIMEOUT_SECONDS = 120
DAY_MS = 86_400_000


class Texts:
    """Values of 16 to 200 bytes: half of them random letters, which do not compress, half JSON, which does."""

    def __init__(self, rng):
        self.rng = rng
        self.letters = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=100_000))

    def value(self):
        size = self.rng.randrange(16, 201)
        start = self.rng.randrange(len(self.letters) - 200)
        if size % 2:
            return self.letters[start:start + size]
        record = f'{{"id":{start},"state":"waiting","region":"eu-central","tags":["a","b","c"],"score":{size},"state":"'
        return (record + self.letters[start:start + 200])[:size]


def commands(scale):
    """The data set as commands."""
    rng = random.Random(1)
    texts = Texts(rng)
    now_ms = int(time.time() * 1000)

    def count(at_scale_1):
        return max(1, int(at_scale_1 * scale))

    for number in range(count(3_000_000)):
        words = ["SET", f"key:{number:010}", texts.value()]
        if number % 10 == 0:
            words += ["PXAT", now_ms + DAY_MS + number]
        yield words
    for number in range(count(200_000)):
        yield ["SET", f"counter:{number:08}", number * 37]
    for number in range(count(400_000)):
        yield ["HSET", f"token:{number:08}", "user", f"user:{number}", "since", now_ms + number, "until",
               now_ms + DAY_MS + number, "place", number]
        yield ["PEXPIREAT", f"token:{number:08}", now_ms + DAY_MS + number]
    for number in range(count(100_000)):
        yield ["SADD", f"numbers:{number:08}", *(rng.randrange(100_000) for _ in range(8))]
    for number in range(count(60_000)):
        yield ["SADD", f"names:{number:08}", *(f"name{rng.randrange(1_000_000)}" for _ in range(6))]
    for number in range(count(80_000)):
        pairs = ((rng.randrange(1_000_000), f"member{place}") for place in range(10))
        yield ["ZADD", f"ranks:{number:08}", *(word for pair in pairs for word in pair)]
    for number in range(count(40_000)):
        yield ["RPUSH", f"list:{number:08}", *(f"element {rng.randrange(1_000_000)}" for _ in range(20))]
    for base in range(0, count(600_000), 500):
        yield ["ZADD", "line", *(word for n in range(base, base + 500) for word in (now_ms + n, f"user:{n:010}"))]
    for base in range(0, count(400_000), 500):
        yield ["HSET", f"big hash:{base % 16}", *(word for n in range(base, base + 500)
                                                 for word in (f"field:{n:08}", texts.value()))]
    for base in range(0, count(400_000), 500):
        yield ["SADD", f"big set:{base % 16}", *(f"person:{n:010}" for n in range(base, base + 500))]
    for base in range(0, count(400_000), 500):
        yield ["RPUSH", f"big list:{base % 16}", *(texts.value() for _ in range(500))]
    for number in range(count(200_000)):
        yield ["XADD", f"stream:{number % 8}", f"{now_ms + number}-0", "event", texts.value()[:60], "user", number]
    for number in range(8):
        yield ["XGROUP", "CREATE", f"stream:{number}", "readers", "0"]


def increment():
    """What comes after the base of the append-only file."""
    for number in range(10_000):
        yield ["SET", f"late:{number}", f"value {number}"]


def send_all(client, stream):
    batch, size, pending = [], 0, 0

    def flush():
        client.socket.sendall(b"".join(batch))
        for _ in range(pending):
            client.reply()

    for words in stream:
        batch.append(encode(words))
        size += len(batch[-1])
        pending += 1
        if size >= BATCH_BYTES:
            flush()
            batch, size, pending = [], 0, 0
    flush()


def start(command, port, folder):
    return subprocess.Popen(command + ["--port", str(port), "--dir", folder, "--save", "", "--bind", "127.0.0.1"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until_loaded(server, port):
    """The client whose PING was the first to be answered."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    client = None
    while time.monotonic() < deadline and server.poll() is None:
        try:
            client = client or Client(port)
            if client.call("PING") == b"PONG":
                return client
        except ReplyError:
            pass  # it loads
        except OSError:
            client = None
        time.sleep(0.005)
    sys.exit(f"the server was not ready in {TIMEOUT_SECONDS} s")


def build(options, folder):
    port = free_port()
    server = start([options.redis], port, folder)
    try:
        client = wait_until_loaded(server, port)
        send_all(client, commands(options.scale))
        client.call("SAVE")
        client.call("CONFIG", "SET", "appendonly", "yes")
        while client.info("aof_rewrite_in_progress") == "1" or client.info("aof_rewrite_scheduled") == "1":
            time.sleep(0.1)
        facts = {"used_mb": int(client.info("used_memory")) / 2**20, "scale": options.scale}
        send_all(client, increment())
    finally:
        server.terminate()
        server.wait()
    with open(os.path.join(folder, "facts.json"), "w") as file:
        json.dump(facts, file)


def read_files(folder):
    """Reads all files once and returns their size in MB."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                while piece := file.read(1 << 20):
                    total += len(piece)
    return total / 2**20


def measure(command, folder):
    port = free_port()
    begin = time.perf_counter()
    server = start(command, port, folder)
    try:
        client = wait_until_loaded(server, port)
        seconds = time.perf_counter() - begin
        keys = int(client.call("DBSIZE"))
        with open(f"/proc/{server.pid}/status") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
        return seconds, keys, resident
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usher", required=True)
    parser.add_argument("--redis", default="redis-server")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--data")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or temporary
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(os.path.join(folder, "facts.json")):
            build(options, folder)
        with open(os.path.join(folder, "facts.json")) as file:
            facts = json.load(file)
        print(f"redis-server's used_memory: {facts['used_mb']:.0f} MB; both kinds of file together: "
              f"{read_files(folder):.0f} MB")
        servers = [("redis", [options.redis]), ("usher", [options.usher]),
                   ("usher, 1 worker", [options.usher, "--workers", "1"])]
        for kind, arguments in (("RDB", []), ("AOF", ["--appendonly", "yes"])):
            times = {name: [] for name, _ in servers}
            for _ in range(options.repetitions):
                for name, command in servers:
                    seconds, keys, resident = measure(command + arguments, folder)
                    times[name].append(seconds)
                    print(f"{kind} {name:16} {seconds:7.2f} s  {keys} keys, {resident:.0f} MB resident", flush=True)
            middle = {name: sorted(each)[len(each) // 2] for name, each in times.items()}
            for name, _ in servers[1:]:
                print(f"{kind} {name:16} {middle[name] / middle['redis']:.2f} of redis-server's time (medians)")


if __name__ == "__main__":
    main()
