"""The `selftest` suite: proof that the comparison can fail.

The target is a second redis-server behind a proxy. Without a fault nothing may differ; with each fault of faults.py
the random suite must find a difference, and the shrinker must bring it down to a few commands. The faults of the
waiting room are tried the same way.
"""

import copy
import importlib
import io
import re

from ..queue import lua_target
from ..queue import properties, suite as queue_suite
from ..stream import suite as random_suite
from .faults import FAULTS, PUSH_FAULTS, REPLY_FAULTS
from .known import KnownDifferences
from .main import SUITES
from .pair import Pair
from .proxy import Proxy, Relay
from .report import Report
from .servers import Server

COMMANDS = 8000
SHORT_STEPS = 16  # a SCAN of several pages takes eleven keys


def run(context):
    """Count one check per fault found, and one for no fault found where there is none."""
    backend = Server("second oracle", context.options.oracle)
    backend.start()
    try:
        _reply_faults(context, backend)
        _push_faults(context, backend)
        _random_faults(context, backend)
        _queue_faults(context, backend)
    finally:
        backend.stop()


def _reply_faults(context, backend):
    # The literal cases of 7.2 fail on a redis-server 7.0 anyway, so it is the difference that counts.
    for name, (old, new) in REPLY_FAULTS.items():
        suite = importlib.import_module("usher_compat." + SUITES[name][0])
        without, _ = _try(context, backend, lambda args, forward: forward(*args), suite)
        failed, text = _try(context, backend, lambda args, forward: forward(*args).replace(old, new), suite)
        context.report.check("selftest/" + name, failed > without, lambda: "not found:\n" + text)
        context.report.say("selftest %-20s %d failures, %d without the fault" % (name + " suite", failed, without))


def _push_faults(context, backend):
    for name, (old, new) in PUSH_FAULTS.items():
        suite = importlib.import_module("usher_compat." + SUITES[name][0])
        without, text = _try_through(context, backend, Relay(backend.port), suite)
        context.report.check("selftest/%s/no-fault" % name, without == 0, lambda: "two redis-servers differ:\n" + text)
        failed, text = _try_through(context, backend, Relay(backend.port, old, new), suite)
        context.report.check("selftest/" + name, failed > 0, lambda: "not found:\n" + text)
        context.report.say("selftest %-20s %d failures, %d without the fault" % (name + " suite", failed, without))


def _random_faults(context, backend):
    failed, text = _try(context, backend, lambda args, forward: forward(*args), random_suite)
    context.report.check("selftest/no-fault", failed == 0, lambda: "two redis-servers differ:\n" + text)
    for name, behaviour in FAULTS.items():
        failed, text = _try(context, backend, behaviour, random_suite)
        steps = [int(number) for number in re.findall(r"sequence found \((\d+) steps\)", text)]
        shortest = min(steps, default=10**6)
        context.report.check(
            "selftest/%s" % name, failed > 0, lambda: "not found in %d commands: %s" % (COMMANDS, text)
        )
        if failed:
            context.report.check(
                "selftest/%s/shrunk" % name,
                shortest <= SHORT_STEPS,
                lambda: "no sequence of %d steps or less:\n%s" % (SHORT_STEPS, text),
            )
            context.report.say("selftest %-20s found, shortest sequence %d steps" % (name, shortest))


def _queue_faults(context, backend):
    for suite, label in ((queue_suite, "queue"), (properties, "properties")):
        failed, text = _try(context, backend, lua_target.behaviour(), suite)
        context.report.check("selftest/%s/no-fault" % label, failed == 0, lambda: "the shim itself fails:\n" + text)
        for name in lua_target.FAULTS_OF[label]:
            failed, text = _try(context, backend, lua_target.behaviour(name), suite)
            context.report.check("selftest/%s/%s" % (label, name), failed > 0, lambda: "not found")
            context.report.say("selftest %s %-22s %s" % (label, name, "found" if failed else "NOT FOUND"))


def _try(context, backend, behaviour, suite):
    """Run a suite against the backend behind a proxy with this behaviour; returns failures and the text it printed."""
    return _try_through(context, backend, Proxy(backend.port, behaviour), suite)


def _try_through(context, backend, listener, suite):
    """Run a suite against the backend behind this proxy; returns failures and the text it printed."""
    text = io.StringIO()
    with listener as proxy:
        inner = copy.copy(context)
        inner.known = KnownDifferences()
        inner.report = Report(inner.known, out=text)
        inner.pair = Pair(context.oracle.port, proxy.port, timeout=1.5)
        inner.target_alive = backend.alive
        inner.commands, inner.seed, inner.episode, inner.shrink_seconds = COMMANDS, "selftest", None, 12.0
        try:
            suite.run(inner)
        except (
            Exception
        ) as error:  # a harness that breaks on a fault has noticed it, but says so badly: count it as not found
            return 0, "%s: %s\n%s" % (type(error).__name__, error, text.getvalue())
    return inner.report.failed, text.getvalue()
