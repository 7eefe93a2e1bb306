"""Command line of the runner: options, servers, suites in order, closing line."""

import argparse
import importlib
import os
import pathlib
import random
import shutil
import signal
import sys
import time

from . import normalise
from .known import KnownDifferences
from .pair import Pair
from .report import Report
from .servers import CannotStart, Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITES = {
    "literal": ("cases.literal", "sequences of cases/*.case, compared with the oracle or with a literal reply"),
    "command": (
        "cases.command_table",
        "COMMAND INFO, DOCS, GETKEYS, LIST: every field of every command the target has",
    ),
    "config": (
        "cases.config_directives",
        "every directive is known, has the oracle's default, and takes or refuses values alike",
    ),
    "protocol": (
        "cases.protocol_edges",
        "raw bytes: inline, partial, broken; the replies and when the connection closes",
    ),
    "info": ("cases.info_fields", "INFO's sections, field names and line forms; MONITOR's lines"),
    "blocking": ("cases.blocking", "blocking sorted-set commands with several clients"),
    "waiting": ("cases.waiting", "random sequences of waiting clients, of all that may wake them, and keyspace events"),
    "publishing": ("cases.publishing", "random subscriptions and messages of several clients"),
    "events": ("cases.events", "the random streams with a listener to keyspace events of all classes"),
    "lua_values": (
        "cases.lua_values",
        "random expressions in scripts: numbers, formats, patterns, cjson, cmsgpack, struct, bit",
    ),
    "scripts": ("cases.scripts", "the Lua scripts of cases/lua: replies and keys, before and after the target trusts them"),
    "busy": ("cases.busy", "scripts that never end, on one worker: -BUSY, SCRIPT KILL, and what others may do meanwhile"),
    "transactions": ("cases.transactions", "random MULTI and WATCH from several connections; CLIENT TRACKING's pushes"),
    "connections": ("cases.connections", "limits, timeouts, pushed messages, kill, pause and stop, on servers of their own"),
    "dump": ("cases.dump", "values and files of every type and encoding from one server to the other and back"),
    "migrating": ("cases.migrating", "MIGRATE between all kinds of servers, and to sockets that misbehave"),
    "aof": ("cases.aof", "append-only files from one server to the other and back, cut short, damaged, rewritten"),
    "crash": ("cases.crash", "kill -9 and failing disks under load: what was acknowledged is there, nothing is half done"),
    "tools": ("cases.cli_tools", "redis-cli's modes and redis-benchmark against the target"),
    "random": ("stream.suite", "random differential streams"),
    "queue": ("queue.suite", "the waiting room: Lua scripts on the oracle against native commands on the target"),
    "properties": ("queue.properties", "the waiting room under many connections at once: invariants"),
    "clients": ("clients.suite", "client libraries of several languages, each against a server of its own"),
    "software": ("software.suite", "job queues, locks and limiters that live on scripts, as clients"),
    "selftest": ("harness.selftest", "deliberate faults between a redis-server and the harness: each must be found"),
}
EXTRA_SUITES = ("clients", "software", "selftest")
DEFAULT_SUITES = [name for name in SUITES if name not in EXTRA_SUITES]


class Context:
    """What a suite gets: the servers, the options, the report."""

    def __init__(self, options, oracle, target, known, report):
        self.options, self.oracle, self.target, self.known, self.report = options, oracle, target, known, report
        self.pair = Pair(oracle.port, target.port)
        self.seed, self.commands, self.episode = options.seed, options.commands, options.episode
        self.resp_option = options.resp
        self.resps = (2, 3) if options.resp == "both" else (int(options.resp),)
        self.shrink_seconds = options.shrink_seconds
        self.deadline = time.monotonic() + options.time_limit

    def target_alive(self):
        """False once the target's process has ended."""
        return self.target.alive()

    def out_of_time(self):
        """True when --time-limit is over; suites stop at the next good place."""
        return time.monotonic() > self.deadline


def parse(argv):
    """The options; see --help."""
    parser = argparse.ArgumentParser(prog="run.py", description="Compares a server with redis-server over TCP.")
    parser.add_argument("--target", default=os.environ.get("USHER_SERVER", str(ROOT.parent / "build/dev/usher-server")))
    parser.add_argument("--target-args", default="", help="more arguments for the target, separated by blanks")
    parser.add_argument("--oracle", default=os.environ.get("REDIS_SERVER", "redis-server"))
    parser.add_argument("--suite", action="append", help="may be repeated; default: all but %s" % ", ".join(EXTRA_SUITES))
    parser.add_argument("--all-but", action="append", default=[], help="suites to leave out; may be repeated")
    parser.add_argument("--case", default="", help="only literal cases whose name contains this")
    parser.add_argument("--client", default="", help="only clients whose name contains this, or one of these, separated by commas")
    parser.add_argument("--both-servers", action="store_true", help="clients: run every check on redis-server too")
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(1 << 32)))
    parser.add_argument("--commands", type=int, default=20_000, help="commands of the random suite, all modes together")
    parser.add_argument("--episode", type=int, help="only this episode of the random suite")
    parser.add_argument("--resp", choices=("2", "3", "both"), default="both")
    parser.add_argument("--shrink-seconds", type=float, default=20.0)
    parser.add_argument("--time-limit", type=float, default=900.0, help="seconds for the whole run")
    parser.add_argument("--keep", action="store_true", help="keep the servers' temp folders")
    parser.add_argument("--known", default=str(ROOT / "known_differences.md"))
    parser.add_argument("--list", action="store_true", help="list suites and normalisers, run nothing")
    return parser.parse_args(argv)


def chosen_suites(options):
    """The suites to run, in the order of SUITES."""
    wanted = options.suite or DEFAULT_SUITES
    wanted = list(SUITES) if "all" in wanted else wanted
    unknown = (set(wanted) | set(options.all_but)) - set(SUITES)
    if unknown:
        sys.exit("unknown suite: %s (there are: %s)" % (", ".join(unknown), ", ".join(SUITES)))
    return [name for name in SUITES if name in wanted and name not in options.all_but]


def list_all():
    """What there is."""
    print("suites:")
    for name, (_, what) in SUITES.items():
        print("  %-11s %s" % (name, what))
    print("normalisers (every other reply is compared exactly):")
    for line in normalise.listed():
        print("  " + line)
    literal = importlib.import_module("usher_compat.cases.literal")
    print("literal cases:")
    for case in literal.all_cases():
        print("  " + case.name)


def _stop(signum, _frame):
    raise SystemExit("stopped by signal %d" % signum)


def main(argv):
    """Run; returns the exit code."""
    options = parse(argv)
    if options.list:
        list_all()
        return 0
    suites = chosen_suites(options)
    report = Report(KnownDifferences.read(options.known))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, _stop)
    signal.alarm(int(options.time_limit) + 120)  # the last resort; suites watch the time limit themselves
    if not shutil.which(options.oracle):
        for suite in suites:
            report.skip(suite, "no redis-server to compare with (looked for %s)" % options.oracle)
        return report.close(suites)
    oracle = Server("oracle", options.oracle, keep=options.keep)
    target = Server("target", options.target, options.target_args.split(), keep=options.keep)
    try:
        oracle.start()
        target.start()
        context = Context(options, oracle, target, report.known, report)
        for suite in suites:
            _run_suite(context, suite)
    except CannotStart as error:
        report.fail("servers", str(error))
    finally:
        for server in (target, oracle):
            server.stop()
            if options.keep and server.folder:
                print("kept %s" % server.folder)
    return report.close(suites)


def _run_suite(context, name):
    report = context.report
    if context.out_of_time():
        report.fail(name, "not run: the time limit of %g s was over" % context.options.time_limit)
        return
    started, before = time.monotonic(), (report.passed, report.failed, report.skipped)
    try:
        importlib.import_module("usher_compat." + SUITES[name][0]).run(context)
    except Exception as error:  # a suite that breaks is a failure of that suite, and the others still run
        report.fail(name + "/broken", "%s: %s" % (type(error).__name__, error))
        if os.environ.get("COMPAT_TRACE"):
            raise
    counts = [now - then for now, then in zip((report.passed, report.failed, report.skipped), before)]
    report.say("%s: %d passed, %d failed, %d skipped in %.1f s" % (name, *counts, time.monotonic() - started))
    if not context.target_alive():
        report.fail(name + "/crash", "the target ended during this suite:\n" + context.target.log_tail())
        context.target.stop()
        context.target.start()
        context.pair.ports = (context.oracle.port, context.target.port)
