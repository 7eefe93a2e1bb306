"""The `config` suite: the target knows every directive of the oracle, has its default, and takes the same values.

Check ids: `config/known/<name>`, `config/default/<name>`, `config/set/<name>=<value>`.
"""

from ..harness.resp import Client, is_error, plain, text_of

# What each server was started with, or what is its own by nature.
OWN = {"port", "dir", "logfile", "pidfile", "bind", "enable-debug-command", "loglevel", "save"}

# Never set here: they would move, stop or lock the server under test.
HANDS_OFF = {
    "port",
    "tls-port",
    "bind",
    "dir",
    "logfile",
    "requirepass",
    "maxclients",
    "unixsocket",
    "replicaof",
    "slaveof",
    "daemonize",
    "masterauth",
    "masteruser",
    "appendonly",
    "save",
    "maxmemory",
    "cluster-enabled",
    "aclfile",
    "timeout",
    "supervised",
    "protected-mode",
    "bind-source-addr",
    "oom-score-adj",
    "oom-score-adj-values",
    "proto-max-bulk-len",
    "client-query-buffer-limit",
    "client-output-buffer-limit",
    "maxmemory-clients",
    "cluster-port",
    "socket-mark-id",
    "databases",
    "loglevel",
    "disable-thp",
}

VALUES = [
    "",
    "yes",
    "no",
    "maybe",
    "0",
    "1",
    "-1",
    "7",
    "1mb",
    "1k",
    "2gb",
    "1.5",
    "abc",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
    "10 20",
    "everysec",
    "noeviction",
]

# Directives that 7.2 brought, with their defaults; the oracle does not know them.
EXPECTED_72 = {
    "set-max-listpack-entries": "128",
    "set-max-listpack-value": "64",
    "locale-collate": "",
    "cluster-announce-human-nodename": "",
}


def run(context):
    """Defaults first, on untouched servers as far as other suites put their settings back; then values."""
    with Client(context.pair.ports[0]) as oracle, Client(context.pair.ports[1]) as target:
        reply = target.call("CONFIG", "GET", "*")
        if is_error(reply):
            context.report.fail("config/get", "CONFIG GET *: %s" % text_of(reply))
            return
        theirs, ours = (_directives(client) for client in (oracle, target))
        _defaults(context, theirs, ours)
        for name in sorted(set(theirs) & set(ours) - HANDS_OFF):
            for value in VALUES:
                _set(context, oracle, target, name, value)


def _directives(client):
    flat = [item.decode("latin-1") for item in plain(client.call("CONFIG", "GET", "*"))]
    return dict(zip(flat[::2], flat[1::2]))


def _defaults(context, theirs, ours):
    for name, value in sorted(theirs.items()):
        if not context.report.check("config/known/" + name, name in ours, lambda: "CONFIG GET * does not list it"):
            continue
        if name not in OWN:
            context.report.check(
                "config/default/" + name,
                ours[name] == value,
                lambda: "oracle %r\ntarget %r" % (value, ours[name]),
                value,
                ours[name],
            )
    for name, value in EXPECTED_72.items():
        context.report.check(
            "config/new-in-7.2/" + name,
            ours.get(name) == value,
            lambda: "want %r, target has %r" % (value, ours.get(name)),
            "",
            str(ours.get(name)),
        )


def _set(context, oracle, target, name, value):
    """Both take the value and then report the same, or both refuse it in the same words. Puts it back."""
    before = [plain(client.call("CONFIG", "GET", name)) for client in (oracle, target)]
    replies = [client.call("CONFIG", "SET", name, value) for client in (oracle, target)]
    after = [plain(client.call("CONFIG", "GET", name)) for client in (oracle, target)]
    left, right = ("%s, then %s" % (text_of(reply), _value(pair)) for reply, pair in zip(replies, after))
    for client, pair in zip((oracle, target), before):
        client.call("CONFIG", "SET", name, _value(pair, raw=True))
    context.report.check(
        "config/set/%s=%s" % (name, value), left == right, lambda: "oracle %s\ntarget %s" % (left, right), left, right
    )


def _value(pair, raw=False):
    value = pair[1] if len(pair) > 1 else b"(none)"
    return value if raw else value.decode("latin-1")
