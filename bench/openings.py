#!/usr/bin/env python3
"""The opening on Usher beside redis-server with the Lua scripts and with separate calls, alternating in one run.

For every repetition and every step (a scale such as 1, 4, 16, or `saturate`) each contestant gets a fresh server and the same
schedule; the order changes with every repetition. Prints one line for each run as it ends, then a table of medians. The
exit code is 1 when a run of a scale failed its verification.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import budget

CONTESTANTS = {"native": "usher", "lua": "redis", "plain": "redis"}
RUN_TIMEOUT_S = 1800


def run_once(bench, options, mode, step, seed):
    """One run of usher-bench on a fresh server; what it wrote as JSON."""
    server = bench.start(CONTESTANTS[mode])
    try:
        with tempfile.NamedTemporaryFile(suffix=".json") as output:
            command = [options.bench, "opening", "--port", str(server.port), "--mode", mode, "--quiet", "--json", output.name,
                       "--server-pid", str(server.process.pid), "--seed", str(seed), "--time-scale", str(options.time_scale),
                       "--connections", str(options.connections), "--threads", str(options.threads)]
            command += ["--saturate", "--probe-seconds", str(options.probe_seconds)] if step == "saturate" else ["--scale", step]
            done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
            if done.returncode not in (0, 1):
                raise SystemExit(f"{mode}: {done.stderr.strip()}")
            return json.load(output)
    finally:
        server.stop()


def summarise(step, result):
    """The numbers of one run that the table shows."""
    if step == "saturate":
        held = [probe for probe in result["probes"] if probe["held"]]
        best = max(held, key=lambda probe: probe["offered_per_s"], default=None)
        if best is None:
            return {"achieved_per_s": 0.0, "p95_ms": 0.0, "p99_ms": 0.0, "server_us": 0.0, "dropped": 0, "verified": False, "bottleneck": "no rate held"}
    else:
        best = result
    return {"achieved_per_s": best["achieved_per_s"], "p95_ms": best["enter"]["p95_ms"], "p99_ms": best["enter"]["p99_ms"],
            "server_us": best.get("server_us_per_operation", 0.0), "dropped": best["dropped"], "verified": best["passed"],
            "bottleneck": best["bottleneck"]}


def print_table(runs, steps, modes):
    print("\n| step | mode | achieved entries/s | P95 ms | P99 ms | server us per operation | verified |")
    print("|---|---|---|---|---|---|---|")
    for step in steps:
        for mode in modes:
            rows = runs[step, mode]
            middle = {key: statistics.median(row[key] for row in rows) for key in ("achieved_per_s", "p95_ms", "p99_ms", "server_us")}
            verified = sum(row["verified"] for row in rows)
            print(f"| {step if step == 'saturate' else step + 'x'} | {mode} | {middle['achieved_per_s']:,.0f} | {middle['p95_ms']:.2f} | "
                  f"{middle['p99_ms']:.2f} | {middle['server_us']:.1f} | {verified} of {len(rows)} |")


def parse_options():
    build = os.path.join(budget.ROOT, "build", "release")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--usher", default=os.path.join(build, "usher-server"))
    parser.add_argument("--usher-args", default="")
    parser.add_argument("--redis", default="redis-server")
    parser.add_argument("--bench", default=os.path.join(build, "usher-bench"))
    parser.add_argument("--floor", default=os.path.join(build, "floor-server"))
    parser.add_argument("--steps", default="1,4,16,saturate")
    parser.add_argument("--modes", default="native,lua,plain", help="native runs on Usher, lua and plain on redis-server")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--time-scale", type=float, default=1.0)
    parser.add_argument("--probe-seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=3000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", help="write every run's numbers to this file")
    options = parser.parse_args()
    budget.resolve_programs(options)
    return options


def main():
    options = parse_options()
    bench = budget.Bench(options)
    steps, modes = options.steps.split(","), options.modes.split(",")
    runs = {(step, mode): [] for step in steps for mode in modes}
    for repetition in range(options.repeat):
        for step in steps:
            for mode in modes if repetition % 2 == 0 else modes[::-1]:
                summary = summarise(step, run_once(bench, options, mode, step, repetition + 1))
                runs[step, mode].append(summary)
                print(f"{step:>8} {mode:7} {summary['achieved_per_s']:9.0f}/s  P99 {summary['p99_ms']:8.2f} ms  "
                      f"{'verified' if summary['verified'] else 'NOT VERIFIED'}; {summary['bottleneck']}", flush=True)
    print_table(runs, steps, modes)
    if options.json:
        with open(options.json, "w") as output:
            json.dump({f"{step} {mode}": rows for (step, mode), rows in runs.items()}, output, indent=1)
    return 0 if all(row["verified"] for (step, _), rows in runs.items() if step != "saturate" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
