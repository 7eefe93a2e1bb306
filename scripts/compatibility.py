#!/usr/bin/env python3
"""Writes docs/compatibility.md: the commands of Redis 7.2 that a running server lacks, and the accepted differences.

    scripts/compatibility.py PORT      asks the server on that port of this machine for COMMAND LIST

The list of commands is tests/data/redis-7.2-commands.tsv; the differences are those of redis-compat-tests/known_differences.md,
which the differential tests hold to."""

import csv
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REASONS = {
    "scripting": "Lua: issue 4", "cluster": "cluster: a later issue", "generic": "files and their payloads: issue 5",
    "server": "persistence: issue 5; replication, ACL, modules: later issues",
}


def main():
    listed = subprocess.run(["redis-cli", "-p", sys.argv[1], "COMMAND", "LIST"], capture_output=True, text=True, check=True)
    present = set(listed.stdout.split())
    with open(ROOT / "tests/data/redis-7.2-commands.tsv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if "|" not in row["command"]]
    missing = {}
    for row in rows:
        if row["command"] not in present:
            missing.setdefault(row["group"], []).append(row["command"].upper())
    lines = [
        "# Compatibility with Redis 7.2", "",
        "Written by `scripts/compatibility.py` from the command table of a running server; do not edit by hand.", "",
        "Usher answers `redis_version:7.2.4`. %d of the %d top-level commands of Redis 7.2 are there (SHUTDOWN SAVE is not: it answers an error)." %
        (len(rows) - sum(map(len, missing.values())), len(rows)),
        "What is missing answers `ERR unknown command`:", "", "| group | missing | why |", "|---|---|---|",
    ]
    lines += ["| %s | %s | %s |" % (group, ", ".join(names), REASONS.get(group, "a later issue"))
              for group, names in sorted(missing.items())]
    lines += ["", "Directives that promise what is not there yet (`appendonly yes`, `save`, `replicaof`, `cluster-enabled` ...) are refused with a",
              "clear error by CONFIG SET; a stock redis.conf starts with a warning in the log.", "",
              "`lazyfree-lazy-*` are stored and change nothing: whatever would take long to free (a value of more than 64 KiB, a whole",
              "database) is freed in the background, whoever deletes it; only FLUSHALL SYNC and FLUSHDB SYNC free on the spot.", "",
              "Known gaps in what is there, each to be closed or justified:", "",
              "- A client that waits for several streams (XREAD, XREADGROUP) is answered from the one that woke it; Redis adds what else became ready in the same transaction.",
              "- GEORADIUS with STORE given twice is a syntax error, where Redis takes the last.",
              "- CLIENT PAUSE holds EXEC back, not the queueing of commands behind MULTI.",
              "- CLIENT TRACKING in BCAST mode sends one message for each key of a command, where Redis sends one for all; a message that a client publishes to itself follows its reply.",
              "- Members at exactly the same distance may come in another order from GEOSEARCH COUNT; so may ties of SORT BY ALPHA.",
              "- `list-compress-depth` is stored and changes nothing: no node is compressed.",
              "",
              "What replies differently on purpose is in `redis-compat-tests/known_differences.md`: the differential tests accept those",
              "rows and nothing else.", ""]
    (ROOT / "docs/compatibility.md").write_text("\n".join(lines), encoding="utf-8")


main()
