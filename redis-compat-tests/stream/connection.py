"""Generators for connection commands, and for what is no command at all."""

from .registry import GENERATORS, command


@command("PING", weight=0.7)
def _ping(p):
    return [["PING"] + p.pick([], [], [p.value()], ["a", "b"])]


@command("ECHO", weight=0.4)
def _echo(p):
    return [["ECHO", p.value()]]


@command("TIME", weight=0.2)
def _time(_p):
    return [["TIME"]]


@command("HELLO", weight=0.25)
def _hello(p):
    version = p.pick([], ["2"], ["3"], ["3"], ["1"], ["4"], ["abc"])
    options = p.pick(
        [],
        [],
        [],
        ["SETNAME", "c1"],
        ["SETNAME", "bad name"],
        ["AUTH", "default", "x"],
        ["AUTH", "nobody", "x"],
        ["AUTH", "x"],
        ["SETNAME"],
        ["FOO"],
    )
    return [["HELLO"] + version + options]


@command("RESET", weight=0.05)
def _reset(p):
    # RESET falls back to RESP2 and database 0; HELLO brings the stream's protocol back.
    return [["RESET"], ["HELLO", p.pick("2", "3")]]


@command("AUTH", weight=0.15)
def _auth(p):
    return [["AUTH"] + p.pick(["x"], ["default", "x"], ["nobody", "x"], [], ["a", "b", "c"], [""])]


@command("CLIENT", weight=0.6, mutable=False)
def _client(p):
    return [
        ["CLIENT"]
        + p.pick(
            ["SETNAME", "n1"],
            ["SETNAME", ""],
            ["SETNAME", "a b"],
            ["SETNAME"],
            ["GETNAME"],
            ["GETNAME"],
            ["ID"],
            ["GETREDIR"],
            ["NOSUCH"],
            ["NO-EVICT", "on"],
            ["NO-EVICT", "maybe"],
            ["UNPAUSE"],
            ["TRACKINGINFO"],
            ["REPLY", "ON"],
            ["REPLY", "maybe"],
            ["UNBLOCK", "999999"],
            ["UNBLOCK", "abc"],
            ["KILL", "ID", "999999"],
            ["KILL", "1.2.3.4:5"],
            ["KILL", "FOO", "1"],
            [],
        )
    ]


@command("LOLWUT", weight=0.0, mutable=False)
def _lolwut(_p):
    return [["LOLWUT"]]


@command("UNKNOWN", weight=0.4)
def _unknown(p):
    name = p.pick("NOSUCHCOMMAND", "foo", "", "GET2", "a\r\nb", "x" * 200, "\xff\x00")
    return [[name] + [p.value() for _ in range(p.random.randint(0, 4))]]


@command("ARITY", weight=0.8, mutable=False)
def _arity(p):
    # Any command with too few or too many arguments.

    fixed = [name for name in GENERATORS if name.isalpha() and name not in NOT_COMMANDS]
    name = p.random.choice(fixed)
    return [[name]] if p.chance(0.6) else [[name] + ["x"] * 20]


# Names that are actions rather than commands, commands that work without arguments, and those that 20 arguments would
# not stop.
NOT_COMMANDS = {
    "HSETMANY",
    "ZADDMANY",
    "ZADDLEX",
    "SHORTEXPIRE",
    "SHORTSET",
    "UNKNOWN",
    "ARITY",
    "BZPOPMIN",
    "BZPOPMAX",
    "RANDOMKEY",
    "TIME",
    "LOLWUT",
    "HELLO",
    "RESET",
    "FLUSHALL",
    "FLUSHDB",
    "MSET",
    "MSETNX",
    "CLIENT",
    "HMSET",
    "HSET",
    "DBSIZE",
}
