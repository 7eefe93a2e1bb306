"""One episode: a stream of steps made from a seed alone, so that it can be replayed, cut and shrunk."""

import random

from ..harness.resp import to_bytes
from . import (  # noqa: F401 - they register their generators
    bitmaps,
    connection,
    geo,
    hashes,
    hyperloglogs,
    keys,
    lists,
    scripts,
    sets,
    streams,
    strings,
    zset_algebra,
    zsets,
)
from .mutate import mutate
from .pools import Pools
from .registry import GENERATORS, SCAN_ALL, WAIT_MS

MUTATED_SHARE = 0.03

# Thresholds below which a collection stays packed; the second mode makes every conversion happen all the time.
MODES = {
    "default": [],
    "small": [
        "stream-node-max-entries",
        "5",
        "stream-node-max-bytes",
        "300",
        "hash-max-listpack-entries",
        "4",
        "hash-max-listpack-value",
        "20",
        "set-max-intset-entries",
        "4",
        "zset-max-listpack-entries",
        "4",
        "zset-max-listpack-value",
        "20",
        "list-max-listpack-size",
        "3",
    ],
}
THRESHOLD_DEFAULTS = [
    "stream-node-max-entries",
    "100",
    "stream-node-max-bytes",
    "4096",
    "hash-max-listpack-entries",
    "512",
    "hash-max-listpack-value",
    "64",
    "set-max-intset-entries",
    "512",
    "zset-max-listpack-entries",
    "128",
    "zset-max-listpack-value",
    "64",
    "list-max-listpack-size",
    "-2",
]


def command_of(step):
    """The command a step sends: macros name theirs second."""
    word = step[1] if step[0] == SCAN_ALL else step[0]
    return to_bytes(word).decode("latin-1").upper()


def make_episode(seed, number, commands, absent=frozenset()):
    """The steps of one episode; commands in `absent` do not occur."""
    source = random.Random("%s/%d" % (seed, number))
    pools = Pools(source)
    generators = list(GENERATORS.values())
    weights = [generator.weight for generator in generators]
    steps = []
    while len(steps) < commands:
        generator = source.choices(generators, weights)[0]
        made = generator.make(pools)
        if any(command_of(step) in absent for step in made):
            continue
        if generator.mutable and pools.chance(MUTATED_SHARE) and made[-1][0] not in (SCAN_ALL, WAIT_MS):
            made[-1] = mutate(pools, made[-1])
        steps += [tuple(_wire(word) for word in step) for step in made]
    return steps


def _wire(word):
    return word if isinstance(word, bytes) else word.encode("latin-1", "replace")


def commands_used():
    """The real commands that the generators can send, upper case, for asking the target what it knows."""
    source, found = random.Random(0), set()
    pools = Pools(source)
    for generator in GENERATORS.values():
        if generator.name in ("UNKNOWN", "ARITY"):
            continue
        for _ in range(20):
            found |= {command_of(step) for step in generator.make(pools) if step[0] != WAIT_MS}
    return found
