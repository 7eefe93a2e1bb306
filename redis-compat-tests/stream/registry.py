"""Generators by name. A generator takes Pools and returns the steps of one action, most often a single command.

    @command("ZCARD", weight=2)
    def _zcard(p): return [["ZCARD", p.key("zset")]]

A step is a list of arguments, or one of the runner's own macros: SCANALL (a whole iteration on both sides) and WAITMS.
"""

import typing

SCAN_ALL, WAIT_MS = b"<scan-all>", b"<wait-ms>"


class Generator(typing.NamedTuple):
    """How to make one action, how often, and whether its arguments may be damaged at random."""

    name: str
    weight: float
    mutable: bool
    make: typing.Callable


GENERATORS = {}


def command(*names, weight=1.0, mutable=True):
    """Register a generator; with several names it is called with the name as second argument."""

    def register(function):
        for name in names:

            def make(pools, name=name):
                return function(pools) if len(names) == 1 else function(pools, name)

            GENERATORS[name] = Generator(name, weight, mutable, make)
        return function

    return register
