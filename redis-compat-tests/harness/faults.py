"""Faults for the self-test: each makes a correct server wrong in one small way, as a real defect might."""

import re

FAULTS = {}

# For the suites of fixed cases: bytes of any reply that are replaced, a fault that the suite must see.
REPLY_FAULTS = {
    "literal": (b"-WRONGTYPE Operation", b"-WRONGTYPE operation"),
    "command": (b":-4\r\n", b":-5\r\n"),
    "config": (b"noeviction", b"noevictiom"),
    "info": (b"used_memory_rss:", b"used_memory_rsz:"),
    "blocking": (b"\r\nm7\r\n", b"\r\nm8\r\n"),
}

# For the suites with pushed messages: bytes of anything a server says, replaced by as many others.
PUSH_FAULTS = {
    "waiting": (b"\r\nzpopmin\r\n", b"\r\nzpopmim\r\n"),
    "publishing": (b"\r\npmessage\r\n", b"\r\npnessage\r\n"),
    "events": (b"\r\nkeymiss\r\n", b"\r\nkeymist\r\n"),
}


def fault(function):
    """Register a behaviour under its own name."""
    FAULTS[function.__name__.replace("_", "-")] = function
    return function


def _name(args):
    return args[0].upper() if args else b""


@fault
def integer_as_bulk(args, forward):
    """ZCARD says "$1 3" instead of ":3"."""
    reply = forward(*args)
    if _name(args) == b"ZCARD" and reply[:1] == b":":
        digits = reply[1:-2]
        return b"$%d\r\n%b\r\n" % (len(digits), digits)
    return reply


@fault
def rank_off_by_one(args, forward):
    """ZRANK is one too high, but only past rank 2."""
    reply = forward(*args)
    if _name(args) == b"ZRANK" and reply[:1] == b":" and int(reply[1:]) > 2:
        return b":%d\r\n" % (int(reply[1:]) + 1)
    return reply


@fault
def silent_corruption(args, forward):
    """SETRANGE answers rightly and stores wrongly."""
    reply = forward(*args)
    if _name(args) == b"SETRANGE" and reply[:1] == b":" and int(reply[1:]) > 1:
        forward("APPEND", args[1], "!")
    return reply


@fault
def ttl_lost(args, forward):
    """GETEX with an expiry sets none."""
    reply = forward(*args)
    if _name(args) == b"GETEX" and len(args) == 4 and reply[:1] == b"$":
        forward("PERSIST", args[1])
    return reply


@fault
def error_text(args, forward):
    """One letter of WRONGTYPE's text is missing."""
    reply = forward(*args)
    return reply.replace(b"value\r\n", b"valu\r\n") if reply.startswith(b"-WRONGTYPE") else reply


@fault
def encoding_name(args, forward):
    """OBJECT ENCODING uses the name of an older version."""
    reply = forward(*args)
    return b"$7\r\nziplist\r\n" if reply == b"$8\r\nlistpack\r\n" else reply


@fault
def map_as_array(args, forward):
    """HGETALL under RESP3 answers a flat array."""
    reply = forward(*args)
    if _name(args) == b"HGETALL" and reply[:1] == b"%":
        head, rest = reply.split(b"\r\n", 1)
        return b"*%d\r\n%b" % (2 * int(head[1:]), rest)
    return reply


@fault
def short_double(args, forward):
    """Scores that ZSCORE and ZINCRBY reply lose digits past the fifteenth."""
    reply = forward(*args)
    found = re.match(rb"^(?:\$\d+\r\n|,)(-?\d\S{16,})\r\n$", reply)
    if _name(args) in (b"ZSCORE", b"ZINCRBY") and found:
        text = b"%.15g" % float(found.group(1))
        return b",%b\r\n" % text if reply[:1] == b"," else b"$%d\r\n%b\r\n" % (len(text), text)
    return reply


@fault
def scan_stops_early(args, forward):
    """SCAN ends at its first page."""
    reply = forward(*args)
    if _name(args) == b"SCAN" and reply.startswith(b"*2\r\n$"):
        _, _, cursor, page = reply.split(b"\r\n", 3)
        return b"*2\r\n$1\r\n0\r\n" + page if cursor != b"0" else reply
    return reply


@fault
def option_ignored(args, forward):
    """ZADD does not know GT."""
    return forward(*[arg for arg in args if _name(args) != b"ZADD" or arg.upper() != b"GT"])


@fault
def connection_dies(args, forward):
    """LCS with LEN closes the connection."""
    return None if _name(args) == b"LCS" and b"LEN" in args else forward(*args)


@fault
def no_answer(args, forward):
    """ZDIFFSTORE is never answered."""
    reply = forward(*args)
    return b"" if _name(args) == b"ZDIFFSTORE" else reply


@fault
def expired_key_lives(args, forward):
    """A short PEXPIRE is lost: the key is still there when it should have gone."""
    if _name(args) == b"PEXPIRE" and len(args) == 3 and args[2].isdigit() and 0 < int(args[2]) < 1000:
        return forward("PEXPIRE", args[1], "100000")
    return forward(*args)
