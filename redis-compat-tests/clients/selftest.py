"""Proof that a client's program cannot fail unseen: made-up programs that break off, hang or say that a check failed."""

import sys

from .program import Program, run_program

# What the program does, and the checks that must be reported as failed.
PROGRAMS = {
    "a failed check": ("print('ok a'); print('failed b: why'); print('end')", {"b"}),
    "no end": ("print('ok a')", {"the-program-ends"}),
    "a status": ("print('end', flush=True); import os; os._exit(3)", {"the-program-ends"}),
    "an exception": ("raise ValueError('oh')", {"the-program-ends"}),
    "a hang": ("print('ok a', flush=True); import time; time.sleep(60)", {"the-program-ends"}),
    "the server's end": (
        "import socket, sys, time; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); "
        "s.sendall(b'SHUTDOWN NOSAVE\\r\\n'); time.sleep(0.5); print('end')",
        {"the-program-ends"},
    ),
    "nothing wrong": ("print('ok a'); print('skipped b: why'); print('noise'); print('end')", set()),
}


def run_selftest(context):
    """Each of them on a server of ours."""
    for name, (code, wanted) in PROGRAMS.items():
        program = Program([sys.executable, "-c", code], limit_s=1.0)
        outcomes = run_program(program, 2, context.options.target, context.target.extra_args, "usher")
        failed = {check for check, outcome in outcomes.items() if outcome.kind == "failed"}
        context.report.check(
            "clients/selftest/" + name.replace(" ", "-"),
            failed == wanted,
            lambda failed=failed, wanted=wanted: "failed: %s, wanted: %s" % (sorted(failed), sorted(wanted)),
        )
