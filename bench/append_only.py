#!/usr/bin/env python3
"""What the append-only file costs: Usher beside redis-server, alternating, each with it off, with everysec and with always.

    bench/append_only.py --usher build/release/usher-server [--redis redis-server] [--repetitions 3] [--workers 1]
                         [--connections 50] [--pipelines 1,16] [--folder /var/tmp]

redis-benchmark sends SET of 16 bytes to random keys over a unix socket. A row shows medians of the repetitions; CPU is
the server's, user and system, per command. What a sync of the disk takes is printed before each repetition: the folder
must be on a real disk. The machine should have nothing else to do; redis-benchmark takes a core."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

MODES = {"off": ["--appendonly", "no"], "everysec": ["--appendonly", "yes", "--appendfsync", "everysec"],
         "always": ["--appendonly", "yes", "--appendfsync", "always"]}
COMMANDS = {"off": 150_000, "everysec": 150_000, "always": 60_000}  # without a pipeline
MORE_WITH_PIPELINE = 5
CLIENT_SECONDS_MAX = 300


def sync_us(folder):
    """Median time of fdatasync behind an append of 2 KB."""
    times = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 2000)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def cpu_us(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


def wait_until_ready(path):
    for _ in range(100):
        answer = subprocess.run(["redis-cli", "-s", path, "ping"], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == "PONG":
            return
        time.sleep(0.05)
    sys.exit("the server did not start")


def measure(command, mode, pipeline, options):
    """Commands per second and the server's CPU microseconds per command."""
    count = COMMANDS[mode] * (1 if pipeline == 1 else MORE_WITH_PIPELINE)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = os.path.join(folder, "socket")
        server = subprocess.Popen(command + ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", "",
                                             "--auto-aof-rewrite-percentage", "0"] + MODES[mode],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until_ready(path)
            before = cpu_us(server.pid)
            client = subprocess.run(["redis-benchmark", "-s", path, "-t", "set", "-c", str(options.connections), "-P",
                                     str(pipeline), "-n", str(count), "-r", "200000", "-d", "16", "--csv"],
                                    capture_output=True, text=True, check=True, timeout=CLIENT_SECONDS_MAX)
            cpu = (cpu_us(server.pid) - before) / count
        finally:
            server.terminate()
            server.wait()
    return float(client.stdout.splitlines()[-1].replace('"', "").split(",")[1]), cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usher", required=True)
    parser.add_argument("--redis", default="redis-server")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--pipelines", default="1,16")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    servers = {"usher": [os.path.abspath(options.usher), "--workers", str(options.workers)], "redis": [options.redis]}
    rows = [(mode, int(pipeline)) for pipeline in options.pipelines.split(",") for mode in options.modes.split(",")]
    runs = {(name, row): [] for row in rows for name in servers}
    for _ in range(options.repetitions):
        print(f"a sync takes {sync_us(options.folder):.0f} us", flush=True)
        for row in rows:
            for name, command in servers.items():
                runs[name, row].append(measure(command, *row, options))
    print(f"{'mode':9} {'pipeline':>8} {'usher/s':>9} {'redis/s':>9} {'ratio':>6} {'usher us':>9} {'redis us':>9} "
          f"{'usher/off':>10} {'redis/off':>10}")
    for row in rows:
        rates = {name: statistics.median(run[0] for run in runs[name, row]) for name in servers}
        cpu = {name: statistics.median(run[1] for run in runs[name, row]) for name in servers}
        line = (f"{row[0]:9} {row[1]:8} {rates['usher']:9.0f} {rates['redis']:9.0f} "
                f"{rates['usher'] / rates['redis']:6.2f} {cpu['usher']:9.2f} {cpu['redis']:9.2f}")
        if ("off", row[1]) in rows:
            off = {name: statistics.median(run[0] for run in runs[name, ("off", row[1])]) for name in servers}
            line += f" {rates['usher'] / off['usher']:10.2f} {rates['redis'] / off['redis']:10.2f}"
        print(line)


if __name__ == "__main__":
    main()
