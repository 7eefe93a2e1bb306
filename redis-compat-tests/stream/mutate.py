"""Damaging a command at random: arity, option order, odd values. The harness wants the same error, or the same effect.

The values that replace arguments hold no small positive number: one of those in the place of a TTL would end while
the stream runs, at a moment that the two servers need not agree on; and no very negative one, which HRANDFIELD would
answer for ever.
"""

from .pools import INT64_MAX

ODD_ARGUMENTS = [
    "",
    "foo",
    "-1",
    "0",
    "nan",
    "NX",
    "XX",
    "GET",
    "COUNT",
    "LIMIT",
    "WITHSCORES",
    str(INT64_MAX),
    str(INT64_MAX + 1),
    " 1",
    "1 ",
    "1.5",
    "0x10",
    "inf",
    "-inf",
    "(",
    "[",
    "*",
    "\x00",
    "EX",
]


def mutate(pools, args):
    """A damaged copy of a command."""
    args = list(args)
    roll = pools.random.random()
    at = pools.random.randrange(1, len(args)) if len(args) > 1 else 0
    if roll < 0.25 and at:
        del args[at]
    elif roll < 0.45:
        args.append(pools.pick(*ODD_ARGUMENTS))
    elif roll < 0.75 and at:
        args[at] = pools.pick(*ODD_ARGUMENTS)
    elif roll < 0.85 and at:
        args.insert(at, args[at])
    else:
        args[0] = "".join(pools.pick(c.lower(), c.upper()) for c in args[0])
    return args
