#!/usr/bin/env python3
"""Writes docs/compatibility.md: the commands of Redis 7.2 that are missing, and what else differs.

    scripts/compatibility.py

The commands are those of tests/data/redis-7.2-commands.tsv, the missing ones and why are in
tests/data/missing_commands.tsv; a unit test holds the command table to both (tests/server/commands/command_info_test.cpp).
The differences on purpose are those of redis-compat-tests/known_differences.md, which the differential tests hold to."""

import csv
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = """\
# Compatibility with Redis 7.2

Written by `scripts/compatibility.py` from `tests/data/`, to which a unit test holds the command table; do not edit by hand.

Usher answers `redis_version:7.2.4`. %d of the %d top-level commands of Redis 7.2 are there.
What is missing answers `ERR unknown command`:

| group | missing | why |
|---|---|---|
%s

Directives that promise what is not there yet (`replicaof`, `cluster-enabled`, `tls-port` ...) are refused with a
clear error by CONFIG SET; a stock redis.conf starts with a warning in the log.

`lazyfree-lazy-*` are stored and change nothing: whatever would take long to free (a value of more than 64 KiB, a whole
database) is freed in the background, whoever deletes it; only FLUSHALL SYNC and FLUSHDB SYNC free on the spot.

`list-compress-depth` is stored and changes nothing: no node of a list is compressed. It trades time for memory and shows in no reply.

Known gaps in what is there, each to be closed or justified:

%s

What replies differently on purpose is in `redis-compat-tests/known_differences.md`: the differential tests accept those
rows and nothing else.
"""
GAPS = [
    "Members at exactly the same distance may come in another order from GEOSEARCH COUNT; so may ties of SORT BY ALPHA.",
    "With `appendfsync everysec` or `no` a record reaches the file up to 10 ms after its reply: kill -9 can lose as much. "
    "CONFIG SET appendonly answers a moment before the first rewrite begins or what was on is off; INFO, WAITAOF and SHUTDOWN go by "
    "what was asked for. WAITAOF waits for what all clients "
    "wrote before it, Redis for the client's own last write.",
    "MIGRATE passes a negative database on to the target always; Redis leaves the SELECT out after one that failed.",
    "DEBUG RELOAD NOFLUSH MERGE is refused.",
    "Hashes whose fields expire (RDB of 7.4) and data of modules are not loaded, with a clear error.",
    "Of two scripts that have both written and then stray into each other's undeclared keys, the second ends with an error "
    "(INFO: `usher_script_strays_failed`).",
    "SCRIPT DEBUG YES is refused. While a script is over busy-reply-threshold, -BUSY is for commands that need its keys; what "
    "stands before a script in a pipeline is replied when the script ends, as far as it arrived together with it.",
    "`redis.set_repl` knows none and everything; what else differs in scripts is in `docs/scripting.md`.",
]


def read(name):
    """The rows of a table in tests/data."""
    with open(ROOT / "tests/data" / name, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def main():
    groups = {row["command"]: row["group"] for row in read("redis-7.2-commands.tsv")}
    total = sum("|" not in name for name in groups)
    rows, missing = {}, 0
    for row in read("missing_commands.tsv"):
        name = row["command"]
        missing += "|" not in name
        rows.setdefault((groups[name], row["reason"]), []).append(name.upper().replace("|", " "))
    table = "\n".join("| %s | %s | %s |" % (group, ", ".join(names), why) for (group, why), names in sorted(rows.items()))
    gaps = "\n".join("- " + gap for gap in GAPS)
    (ROOT / "docs/compatibility.md").write_text(HEAD % (total - missing, total, table, gaps), encoding="utf-8")


main()
