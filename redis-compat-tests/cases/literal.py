"""The `literal` suite: sequences in cases/*.case, one command per line, on fresh databases and connections.

    === name [7.2] [resp2|resp3]      starts a case; 7.2: target only, lines state their replies
    SET k "a\\x00b"                   run on both servers, replies must agree (normalisers apply)
    ZRANK z m WITHSCORE => [:0, "1"]  run; the target's reply must be this text (see resp.text_of)
    CLIENT INFO =~ lib-name=x         run; the target's reply must contain this text
    @b ZADD z 1 m                     on a second connection, any name
    @b> BZPOPMIN z 0                  send only        @b<  read the reply        @b-  there must be no reply yet
                                      without a command that is still unanswered, @b<  reads what was pushed
                                      @b< => text  demands the text, as above
    !wait 20                          milliseconds     !blocked 1  wait until so many clients are blocked
    # comment

Quoting is redis-cli's: "..." with \\n \\r \\t \\xHH, '...' plain.

A check's id is `literal/<file>/<case>/<line as written>`, with ` #2` behind it when a case says the line again.
"""

import collections
import pathlib
import re
import time
import typing

from ..harness.normalise import agree
from ..harness.pair import wait_until
from ..harness.presence import absent_commands
from ..harness.resp import Client, NoReply, command_text, is_error, text_of

# Names in the cases that are no command anywhere.
NO_COMMANDS = {"NOSUCH", "NOSUCHCOMMAND", "LONGNAME" * 20}
FOLDER = pathlib.Path(__file__).resolve().parent


class Case(typing.NamedTuple):
    """One named sequence."""

    name: str
    options: frozenset
    lines: list


def all_cases():
    """Every case of every file, in order."""
    cases = []
    for path in sorted(FOLDER.glob("*.case")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("==="):
                words = line[3:].split("[")
                options = frozenset(word.strip(" ]") for word in words[1:])
                cases.append(Case("%s/%s" % (path.stem, words[0].strip()), options, []))
            elif line.strip() and not line.startswith("#"):
                cases[-1].lines.append((number, line))
    return cases


def split_words(line):
    """Words of a line with redis-cli's quoting, as bytes."""
    words, word, at, inside = [], None, 0, ""
    while at < len(line):
        c = line[at]
        if inside == '"' and c == "\\" and line[at + 1] == "x":
            word += bytes([int(line[at + 2 : at + 4], 16)])
            at += 3
        elif inside == '"' and c == "\\":
            word += {"n": b"\n", "r": b"\r", "t": b"\t"}.get(line[at + 1], line[at + 1].encode())
            at += 1
        elif inside and c == inside:
            inside = ""
        elif inside:
            word += c.encode()
        elif c in "\"'":
            inside, word = c, b"" if word is None else word
        elif c.isspace():
            words, word = (words + [word], None) if word is not None else (words, None)
        else:
            word = (word or b"") + c.encode()
        at += 1
    return words + ([word] if word is not None else [])


class _Player:
    """Plays one case on several servers at once; names of connections are the case's own."""

    def __init__(self, ports, resp, timeout):
        self.ports, self.resp, self.timeout = ports, resp, timeout
        self.connections, self.pending, self.before = {}, {}, {}
        self.observers = []

    def close(self):
        for clients in [*self.connections.values(), self.observers]:
            for client in clients:
                client.close()

    def clients(self, name):
        if name not in self.connections:
            self.connections[name] = [Client(port, self.resp, self.timeout) for port in self.ports]
        return self.connections[name]

    def send(self, name, args):
        for client in self.clients(name):
            client.send(*args)
        self.pending.setdefault(name, []).append(args)

    def read(self, name):
        """The oldest unread command of this connection and every server's reply to it (or what went wrong)."""
        replies = []
        for client in self.clients(name):
            try:
                replies.append(client.read())
            except NoReply as error:
                replies.append((b"-", ("(harness) %s" % error).encode()))
        return self.pending[name].pop(0) if self.pending.get(name) else (b"(pushed)",), replies

    def quiet(self, name):
        return [client.quiet(0.03) for client in self.clients(name)]

    def blocked(self, count):
        # Connections of their own, kept: one that is just closed may still be listed by CLIENT LIST.
        if not self.observers:
            self.observers = [Client(port, timeout=self.timeout) for port in self.ports]
        return all(
            wait_until(lambda client=client: _figure(client, "blocked_clients") == count) for client in self.observers
        )


def _figure(client, field):
    """What INFO clients says of this field; nothing when it does not say."""
    found = re.search(b"%s:(\\d+)\r" % field.encode(), client.call("INFO", "clients")[1])
    return int(found[1]) if found else None


def _await_end_of_others(pair, port, client):
    """Until the last case's connections are gone. What a proxy of the self-test does not let go is left out from now on."""
    stale = pair.stale.get(port, 0)
    if not wait_until(lambda: (_figure(client, "connected_clients") or 1) <= 1 + stale, timeout=2.0):
        pair.stale[port] = _figure(client, "connected_clients") - 1


def run(context):
    """Every case in every RESP version it is meant for."""
    cases = [case for case in all_cases() if context.options.case in case.name]
    absent = absent_commands(context.pair.ports[1], {"FLUSHALL"}.union(*map(commands_of, cases)) - NO_COMMANDS)
    for case in cases:
        lacking = (commands_of(case) | {"FLUSHALL"}) & absent
        if lacking or context.out_of_time():
            why = "target does not know " + " ".join(sorted(lacking)) if lacking else "the time limit was over"
            context.report.skip("literal/" + case.name, why, len(case.lines))
            continue
        for resp in context.resps:
            if ("resp2" in case.options and resp != 2) or ("resp3" in case.options and resp != 3):
                continue
            play(context, case, resp)


def commands_of(case):
    """The commands that its lines send, upper case."""
    lines = [line.partition(" ")[2] if line[0] == "@" else line for _, line in case.lines if line[0] != "!"]
    lines = [line for line in lines if not line.startswith("=")]  # what was read must be
    return {words[0].decode("latin-1").upper() for words in map(split_words, lines) if words}


def play(context, case, resp):
    """Run one case; every line with a reply is a check of its own."""
    newer = "7.2" in case.options
    ports = context.pair.ports[1:] if newer else context.pair.ports
    for port in ports:
        with Client(port, timeout=context.pair.timeout) as client:
            client.call("FLUSHALL")
            _await_end_of_others(context.pair, port, client)
    player = _Player(ports, resp, context.pair.timeout)
    try:
        seen = collections.Counter()
        for number, line in case.lines:
            seen[line] += 1
            again = " #%d" % seen[line] if seen[line] > 1 else ""
            report = _Placed(context.report, "%s.case:%d, RESP%d" % (case.name.split("/")[0], number, resp))
            where = "literal/%s/%s%s" % (case.name, line, again)
            try:
                _line(report, player, where, line, newer)
            except NoReply as error:
                report.fail(where, "%s\n%s" % (line, error))
                return
    finally:
        player.close()


class _Placed:
    """A report whose failures say where in the files they are."""

    def __init__(self, report, place):
        self.report, self.place = report, place

    def fail(self, check_id, detail):
        self.report.fail(check_id, "%s\n%s" % (self.place, detail))

    def check(self, check_id, agree, detail, oracle="", target=""):
        self.report.check(check_id, agree, lambda: "%s\n%s" % (self.place, detail()), oracle, target)


def _line(report, player, where, line, newer):
    if line.startswith("!"):
        return _directive(report, player, where, line)
    name, verb = "a", ""
    if line.startswith("@"):
        head, _, line = line.partition(" ")
        name, verb = head[1:].rstrip("<>-"), head[-1]
        line = " " + line if verb == "<" else line  # what it must be, if anything
    line, expected, how = _expectation(line)
    if verb == "-":
        quiet = player.quiet(name)
        report.check(where, all(quiet), lambda: "a reply came too early: oracle, target quiet = %s" % quiet)
        return None
    if verb != "<":
        player.send(name, split_words(line))
        if verb == ">":
            return None
    args, replies = player.read(name)
    return _compare(report, player, name, where, args, replies, expected, how, newer)


def _expectation(line):
    for how in (" => ", " =~ "):
        if how in line:
            command, _, expected = line.partition(how)
            return command, expected.strip(), how.strip()
    return line, None, None


def _directive(report, player, where, line):
    word, value = line[1:].split()
    if word == "wait":
        time.sleep(int(value) / 1000)
    elif word == "blocked":
        report.check(where, player.blocked(int(value)), lambda: "never %s clients blocked" % value)
    else:
        raise ValueError("unknown directive: " + line)


def _compare(report, player, name, where, args, replies, expected, how, newer):
    target = text_of(replies[-1], 10**6)
    if expected is not None:
        fits = target == expected if how == "=>" else expected in target
        report.check(
            where,
            fits,
            lambda: "command: %s\nexpect%s %s\ntarget:  %s" % (command_text(args), how, expected, target[:600]),
            expected,
            target,
        )
    elif newer:
        report.check(
            where, not is_error(replies[-1]), lambda: "%s\ntarget: %s" % (command_text(args), target), "", target
        )
    if newer or expected is not None:
        player.before[name] = None
        return
    oracle, reply = replies
    before, player.before[name] = player.before.get(name), (tuple(args), oracle, reply)
    report.check(
        where,
        agree(args, before, oracle, reply),
        lambda: "command: %s\noracle:  %s\ntarget:  %s" % (command_text(args), text_of(oracle), text_of(reply)),
        text_of(oracle),
        text_of(reply),
    )
