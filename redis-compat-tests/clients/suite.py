"""The `clients` suite: every client that can be had here, in each protocol version it speaks, against a fresh server.

Each folder holds the programs of a language and a driver.py with CLIENTS: the client's name -> a function that installs
and builds what is missing and returns a Program. A check that fails is tried on redis-server, so that the report says
whose fault it is; --both-servers runs everything on both.
"""

import importlib
import time

from .program import run_program
from .selftest import run_selftest
from .toolbox import Broken, Unavailable

FOLDERS = ("python", "c", "php", "ruby", "nodejs", "go", "rust", "java")
# Server options beside the harness's own: some clients look at the notifications of expired keys.
OPTIONS = {"notify-keyspace-events": "Ex"}


def run(context):
    """All clients, after a look whether failures would be seen."""
    run_selftest(context)
    run_folders(context, "clients", FOLDERS, OPTIONS)


def run_folders(context, suite, folders, options):
    """All clients of these folders of a suite, one after the other."""
    for folder in folders:
        driver = importlib.import_module("usher_compat.%s.%s.driver" % (suite, folder))
        for name, prepare in driver.CLIENTS.items():
            if any(part in name for part in context.options.client.split(",")):
                _run_client(context, suite + "/" + name, prepare, options)


def _run_client(context, name, prepare, options):
    report = context.report
    if context.out_of_time():
        report.fail(name, "not run: the time limit was over")
        return
    started = time.monotonic()
    try:
        program = prepare()
    except Unavailable as error:
        report.skip(name, str(error))
        return
    except Broken as error:
        report.fail(name + "/build", str(error))
        return
    ready = time.monotonic()
    before = (report.passed, report.failed, report.skipped)
    for resp in program.resps:
        _run_version(context, "%s/resp%d" % (name, resp), program, resp, options)
    counts = [now - then for now, then in zip((report.passed, report.failed, report.skipped), before)]
    report.say(
        "  %s: %d passed, %d failed, %d skipped; set-up %.1f s, checks %.1f s"
        % (name, *counts, ready - started, time.monotonic() - ready)
    )


def _run_version(context, name, program, resp, options):
    report = context.report
    target_args = context.target.extra_args
    ours = run_program(program, resp, context.options.target, target_args, "usher", options)
    theirs = {}
    if context.options.both_servers or any(outcome.kind == "failed" for outcome in ours.values()):
        theirs = run_program(program, resp, context.options.oracle, [], "redis", options)
    for check, outcome in ours.items():
        check_id = name + "/" + check
        if outcome.kind == "ok":
            report.ok()
        elif outcome.kind == "skipped":
            report.skip(check_id, outcome.detail)
        else:
            other = theirs.get(check)
            verdict = "did not get there" if other is None else " ".join(filter(None, other))
            report.fail(check_id, "%s\nredis-server: %s" % (outcome.detail, verdict), verdict, outcome.detail)
    if context.options.both_servers:
        _report_oracle(report, name, theirs)


def _report_oracle(report, name, outcomes):
    for check, outcome in outcomes.items():
        if outcome.kind == "ok":
            report.ok()
        elif outcome.kind == "skipped":
            report.skip("%s/%s on redis-server" % (name, check), outcome.detail)
        else:
            report.fail("%s/%s on redis-server" % (name, check), outcome.detail, outcome.detail)
