"""The `info` suite: INFO has the oracle's sections, field names and line forms; MONITOR its lines.

Values are the server's own, except those that follow from what the suite did. Check ids: `info/<section>/<field>`.
"""

import re

from ..harness.resp import Client, NoReply, is_error, plain, text_of

SECTIONS = (
    "",
    "all",
    "default",
    "everything",
    "server",
    "clients",
    "memory",
    "persistence",
    "stats",
    "replication",
    "cpu",
)
SECTIONS += ("modules", "commandstats", "errorstats", "latencystats", "cluster", "keyspace", "nosuch")

OWN_SECTION = "Usher"  # the target's own, shown with "all" and "everything"

# Fields that only name how this very oracle was built or what it happened to do.
IGNORED = {"cmdstat_", "errorstat_", "latency_percentiles_usec_", "db"}


def run(context):
    """Sections one by one, then what the counters must say after known commands."""
    with Client(context.pair.ports[0]) as oracle, Client(context.pair.ports[1]) as target:
        if is_error(reply := target.call("INFO")):
            context.report.fail("info", "INFO: " + text_of(reply))
            return
        for client in (oracle, target):
            _known_work(client)
        for section in SECTIONS:
            _section(context, section, *(_info(client, *filter(None, [section])) for client in (oracle, target)))
        _several(context, oracle, target)
        _counters(context, oracle, target)
    _monitor(context)


def _known_work(client):
    for command in (
        ("FLUSHALL",),
        ("CONFIG", "RESETSTAT"),
        ("SET", "k", "v"),
        ("SET", "ttl", "v", "EX", "1000"),
        ("GET", "k"),
        ("GET", "missing"),
        ("HGET", "k", "f"),
        ("NOSUCH",),
        ("GET",),
    ):
        client.call(*command)


def _info(client, *sections):
    """{section title: {field: value}} in order."""
    found, fields = {}, {}
    for line in plain(client.call("INFO", *sections)).decode("latin-1").split("\r\n"):
        if line.startswith("# "):
            fields = {} if line[2:] == OWN_SECTION else found.setdefault(line[2:], {})
        elif ":" in line:
            name, _, value = line.partition(":")
            fields[name] = value
    return found


def _section(context, section, left, right):
    report, name = context.report, section or "none"
    report.check(
        "info/%s/sections" % name, list(left) == list(right), lambda: "oracle %s\ntarget %s" % (list(left), list(right))
    )
    for title, fields in left.items():
        for field in fields:
            if not any(field.startswith(prefix) for prefix in IGNORED):
                report.check(
                    "info/%s/%s" % (title.lower(), field),
                    field in right.get(title, {}),
                    lambda: "INFO %s has no %s" % (section, field),
                )


def _several(context, oracle, target):
    left, right = (list(_info(client, "server", "keyspace", "nosuch", "CPU")) for client in (oracle, target))
    context.report.check("info/several-sections", left == right, lambda: "oracle %s\ntarget %s" % (left, right))


def _counters(context, oracle, target):
    """What follows from _known_work: counts exactly, times by their form."""
    left, right = (_info(client, "everything") for client in (oracle, target))
    for title, field in (
        ("Keyspace", "db0"),
        ("Errorstats", "errorstat_ERR"),
        ("Errorstats", "errorstat_WRONGTYPE"),
        ("Commandstats", "cmdstat_set"),
        ("Commandstats", "cmdstat_get"),
        ("Commandstats", "cmdstat_hget"),
        ("Commandstats", "cmdstat_config|resetstat"),
        ("Latencystats", "latency_percentiles_usec_set"),
        ("Stats", "keyspace_hits"),
        ("Stats", "keyspace_misses"),
        ("Stats", "total_error_replies"),
        ("Stats", "expired_keys"),
        ("Replication", "role"),
        ("Clients", "blocked_clients"),
        ("Server", "redis_mode"),
        ("Memory", "maxmemory_policy"),
    ):
        a, b = (_form(info.get(title, {}).get(field)) for info in (left, right))
        context.report.check(
            "info/value/" + field, a == b, lambda a=a, b=b: "oracle %s\ntarget %s" % (a, b), str(a), str(b)
        )


def _form(value):
    """A value with its times replaced: usec=, usec_per_call=, percentiles, avg_ttl."""
    return value and re.sub(r"(usec|usec_per_call|p\d+(?:\.\d+)?|avg_ttl)=[\d.]+", r"\1=N", value)


def _monitor(context):
    """The lines of MONITOR, without time and address."""
    lines = []
    for port in context.pair.ports:
        with Client(port) as monitor, Client(port) as client:
            started = monitor.call("MONITOR")
            for command in (
                ("SET", "k", 'a "b"\r\n\x00\xff'.encode("latin-1")),
                ("SELECT", "2"),
                ("GET", "k"),
                ("NOSUCH",),
            ):
                client.call(*command)
            client.call("AUTH", "secret")
            client.call("PING", "last")
            seen = [text_of(started)]
            while '"last"' not in seen[-1]:
                seen.append(_monitor_line(monitor))
            lines.append(seen)
    context.report.check("info/monitor", lines[0] == lines[1], lambda: "oracle %s\ntarget %s" % tuple(lines))


def _monitor_line(monitor):
    try:
        line = text_of(monitor.read(2.0))
    except NoReply as error:
        return '%s before "last"' % error
    return re.sub(r"^\+\d+\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\]", r"+TIME [\1 ADDR]", line)
