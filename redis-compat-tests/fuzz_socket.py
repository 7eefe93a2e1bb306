#!/usr/bin/env python3
"""Random and mutated RESP bytes over many real connections, which break off without a word.

    redis-compat-tests/fuzz_socket.py --server build/asan/usher-server --seconds 600 --seed 7

Afterwards the server must still answer PING, end with status 0 on SIGTERM, and its log must hold no report of a
sanitizer (build it with ASan to learn of leaks). A failure keeps the server's folder and prints the seed. The last line
is `N passed, N failed, N skipped`.
"""

import argparse
import os
import random
import re
import signal
import socket
import struct
import sys
import time

import run

run.load_package()

from usher_compat.harness.resp import Client, NoReply, encode, plain  # noqa: E402
from usher_compat.harness.servers import CannotStart, Server  # noqa: E402

CONNECTIONS = 60
PATIENCE = 60.0  # seconds for an answer; a sanitizer on a busy machine is slow
# What would take the server away from everybody, which is not what is tested.
NEVER = {"shutdown", "client|pause", "debug", "config|set", "config|rewrite", "replicaof", "slaveof", "failover"}
KEYS = ["a", "b", "c", "{q}1", "{q}2", "h", "z", "l", "s", "x", "queue:wait:{a}", "queue:active:{a}"]
NUMBERS = ["0", "1", "2", "3", "10", "100", "-1", "-2", "0.01", "1.5", "-inf", "+inf", "nan", "(1", "1e300"]
EDGES = ["", "*", "a*", "-", "+", "[m", "4294967296", "9223372036854775807", "-9223372036854775808", "x" * 70, "y" * 20000]
IDS = ["0-0", "1-1", "5-*", "$", ">", "u8", "i64", "#1"]  # of streams and bit fields
SETTINGS = [
    ("maxmemory", ["0", "0", "3mb", "1"]),
    ("maxmemory-policy", ["noeviction", "allkeys-lru", "allkeys-lfu", "volatile-ttl", "allkeys-random"]),
    ("hash-max-listpack-entries", ["0", "2", "128"]),
    ("zset-max-listpack-entries", ["0", "2", "128"]),
    ("list-max-listpack-size", ["1", "3", "-2"]),
    ("set-max-intset-entries", ["0", "2", "512"]),
    ("set-max-listpack-entries", ["0", "2", "128"]),
    ("stream-node-max-entries", ["1", "3", "100"]),
    ("client-output-buffer-limit", ["normal 0 0 0", "normal 100kb 50kb 1"]),
    ("notify-keyspace-events", ["", "KEA"]),
    ("lazyfree-lazy-user-del", ["yes", "no"]),
]
SPIN = "for i = 1, tonumber(ARGV[1]) do if i % 1000 == 0 then redis.call('EXISTS', KEYS[1]) end end return redis.call('TYPE', KEYS[1])"
REPORT = re.compile(r"(ERROR: \w+Sanitizer|SUMMARY: |runtime error:|assertion|ASSERT|terminate called)", re.I)


def tokens_in(tree):
    """The option words of a reply of COMMAND DOCS."""
    if not isinstance(tree, list):
        return set()
    found = {after for before, after in zip(tree, tree[1:]) if before == b"token" and isinstance(after, bytes)}
    return found.union(*map(tokens_in, tree)) if tree else found


class Generator:
    """Bytes for the server, from one seed."""

    def __init__(self, rng, client):
        self.rng = rng
        names = [name.decode() for name in plain(client.call("COMMAND", "LIST"))]
        banned = NEVER | {name for name in names if name.split("|")[0] in NEVER}
        self.names = [name for name in names if name not in banned]
        containers = {name.split("|")[0] for name in self.names if "|" in name}
        self.names = [name for name in self.names if name not in containers]
        docs = plain(client.call("COMMAND", "DOCS"))
        self.tokens = sorted(token.decode() for token in tokens_in(docs))

    def command(self):
        """One command that is likely to be understood."""
        rng = self.rng
        if rng.random() < 0.1:
            return self.script()
        args = rng.choice(self.names).split("|")
        pools = (KEYS, KEYS, NUMBERS, NUMBERS, EDGES, IDS, self.tokens)
        args += [rng.choice(rng.choice(pools)) for _ in range(int(rng.triangular(0, 10, 3)))]
        return encode(args)

    def script(self):
        """A script that is short as a rule, and so is trusted; now and then it keeps its worker from the others."""
        rounds = "100000" if self.rng.random() < 0.02 else "1"
        return encode(["EVAL", SPIN, "1", self.rng.choice(KEYS), rounds])

    def mutated(self, data):
        """`data` with some bytes changed, gone, doubled or foreign."""
        rng, data = self.rng, bytearray(data)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data) + 1)
            kind = rng.randrange(5)
            if kind == 0 and at < len(data):
                data[at] = rng.randrange(256)
            elif kind == 1:
                del data[at : at + rng.randint(1, 8)]
            elif kind == 2:
                data[at:at] = data[at : at + rng.randint(1, 40)]
            elif kind == 3:
                data[at:at] = rng.choice((b"\r\n", b"*", b"$-1\r\n", b"*0\r\n", b"*-1\r\n", b"$536870913\r\n", b'"', b"\0"))
            else:
                data[at:at] = rng.randbytes(rng.randint(1, 10))
        return bytes(data)

    def chunk(self):
        """What one send carries."""
        data = b"".join(self.command() for _ in range(self.rng.randint(1, 12)))
        kind = self.rng.random()
        if kind < 0.25:
            return self.mutated(data)
        if kind < 0.35:
            return data[: self.rng.randrange(len(data))]
        if kind < 0.37:
            return self.rng.randbytes(self.rng.randint(1, 300))
        return data

    def setting(self):
        """A CONFIG SET that the server survives and is still of use after."""
        name, values = self.rng.choice(SETTINGS)
        return ["CONFIG", "SET", name, self.rng.choice(values)]


class Fuzzer:
    """Many connections to one server; single thread."""

    def __init__(self, port, rng, generator):
        self.port, self.rng, self.generator = port, rng, generator
        self.sockets = [None] * CONNECTIONS
        self.sent_bytes = self.connections = 0

    def step(self):
        """One thing on one connection."""
        index = self.rng.randrange(CONNECTIONS)
        if self.sockets[index] is None:
            self.connect(index)
        kind = self.rng.random()
        try:
            if kind < 0.03:
                self.break_off(index)
            elif kind < 0.3:
                self.receive(index)
            else:
                self.send(index, self.generator.chunk())
        except BlockingIOError:
            pass
        except OSError:
            self.close(index)

    def connect(self, index):
        """A new connection in place of the old one."""
        self.sockets[index] = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.sockets[index].setblocking(False)
        self.connections += 1

    def send(self, index, data):
        """Sends what the socket takes; what it does not take is a message that ends in the middle."""
        self.sent_bytes += self.sockets[index].send(data)

    def receive(self, index):
        """Reads some replies; an end means that the server closed."""
        if not self.sockets[index].recv(1 << 16):
            self.close(index)

    def break_off(self, index):
        """Closes, half the time with a reset."""
        if self.rng.random() < 0.5:
            self.sockets[index].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close(index)

    def close(self, index):
        """Closes one connection."""
        self.sockets[index].close()
        self.sockets[index] = None


def check_alive(server, commands=()):
    """Runs commands on a connection of its own and expects PONG at the end; other clients may kill it, so it may retry."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with Client(server.port, timeout=PATIENCE) as client:
                for command in commands:
                    client.call(*command)
                return plain(client.call("PING")) == b"PONG"
        except (NoReply, OSError) as error:
            if time.monotonic() > deadline or not server.alive():
                print("no PONG: %s" % error)
                return False


def fuzz(server, options):
    """The run; the complaints about it."""
    rng = random.Random(options.seed)
    with Client(server.port, timeout=PATIENCE) as client:
        generator = Generator(rng, client)
    fuzzer = Fuzzer(server.port, rng, generator)
    end, steps = time.monotonic() + options.seconds, 0
    while time.monotonic() < end and server.alive():
        for _ in range(500):
            fuzzer.step()
        steps += 500
        if not check_alive(server, [generator.setting()]):
            return ["the server does not answer PING"]
    print("%d steps, %d connections, %d bytes sent" % (steps, fuzzer.connections, fuzzer.sent_bytes))
    complaints = []
    if not check_alive(server, [("CONFIG", "SET", "maxmemory", "0")]):
        complaints.append("the server does not answer PING at the end")
    return complaints


def complaints_of_end(server):
    """Stops the server with clients still connected, in the middle of what they do."""
    if server.alive():
        server.process.send_signal(signal.SIGTERM)
    try:
        status = server.process.wait(PATIENCE)
    except Exception as error:  # a server that hangs is what we look for
        return ["SIGTERM did not end the server: %s" % error]
    with open(server.log_path, "r", errors="replace") as log:
        text = log.read()
    complaints = ["it ended with status %d" % status] if status != 0 else []
    found = REPORT.search(text)
    if found:
        complaints.append("its log:\n" + text[max(0, found.start() - 200) : found.start() + 4000])
    return complaints


def main():
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--server", default="build/asan/usher-server")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    print("seed %d" % options.seed, flush=True)
    server = Server("server", options.server)
    try:
        server.start({"enable-debug-command": "no", "maxclients": "1000"}, timeout=PATIENCE)
        complaints = fuzz(server, options)
        complaints += complaints_of_end(server)
    except CannotStart as error:
        complaints = [str(error)]
    except (NoReply, OSError) as error:
        complaints = ["a connection failed: %s" % error] + complaints_of_end(server)
    server.keep = bool(complaints) and server.folder is not None
    server.stop()
    for complaint in complaints:
        print("FAILED (seed %d): %s" % (options.seed, complaint))
    if server.keep:
        print("kept %s" % server.folder)
    print("%d passed, %d failed, 0 skipped" % (not complaints, bool(complaints)))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
