"""The `scripts` suite: every script of cases/lua/*.lua runs on both servers, under RESP2 and RESP3; replies and the keys
left behind must agree. Then it runs on the target often enough to be trusted with the turns of its declared keys only
(docs/design.md, section 4), and both are compared once more.

    --- name [resp2|resp3] [unordered]     starts a script, which ends at the next such line
    --! run SET k "a b"                    first run on both servers, with redis-cli's quoting
    --! keys k1 k2                         KEYS
    --! args a "b c"                       ARGV
    --! with EVAL_RO                       instead of EVAL
    return redis.call('GET', KEYS[1])      the script: all lines that do not begin with --- or --!

unordered: the reply is an array whose order means nothing. A check's id is `scripts/<file>/<name>/<what>`.
"""

import hashlib
import pathlib
import re
import time
import typing

from ..harness.pair import Mismatch, PairClient
from ..harness.resp import Client, NoReply, text_of, to_bytes
from ..stream.state import differences, whole_state
from .literal import split_words

FOLDER = pathlib.Path(__file__).resolve().parent / "lua"
TRUSTED_RUNS = 110
HEAD = re.compile(r"--- (?P<name>[^\[]*)(?P<options>.*)")


class Script(typing.NamedTuple):
    """One script of the corpus."""

    name: str
    options: frozenset
    setup: list
    keys: list
    args: list
    command: bytes
    body: bytes

    def call(self, by_sha=False):
        """The words of EVAL, or EVALSHA."""
        name, script = self.command, self.body
        if by_sha:
            name, script = name.replace(b"EVAL", b"EVALSHA"), hashlib.sha1(self.body).hexdigest().encode()
        return (name, script, str(len(self.keys)).encode(), *self.keys, *self.args)


def read_file(path):
    """The scripts of one file, in order."""
    scripts = []
    parts = re.split(r"^(?=--- )", path.read_text(encoding="utf-8"), flags=re.M)
    for part in parts[1:]:
        lines = part.rstrip("\n").split("\n")
        head = HEAD.match(lines[0])
        options = frozenset(re.findall(r"\[(\w+)\]", head["options"]))
        words = {"run": [], "keys": [], "args": [], "with": []}
        for line in lines[1:]:
            if line.startswith("--! "):
                what, _, rest = line[4:].partition(" ")
                words[what].append(split_words(rest))
        flat = {what: [to_bytes(word) for line in words[what] for word in line] for what in ("keys", "args")}
        body = "\n".join(line for line in lines[1:] if not line.startswith("--! ")).encode()
        command = words["with"][0][0] if words["with"] else b"EVAL"
        name = "%s/%s" % (path.stem, head["name"].strip())
        scripts.append(Script(name, options, words["run"], flat["keys"], flat["args"], command, body))
    return scripts


def all_scripts():
    """The whole corpus."""
    return [script for path in sorted(FOLDER.glob("*.lua")) for script in read_file(path)]


def run(context):
    """Each script, in each protocol version it is meant for."""
    scripts = [script for script in all_scripts() if context.options.case in script.name]
    if not _knows_eval(context):
        context.report.skip("scripts", "target does not know EVAL", len(scripts))
        return
    for script in scripts:
        for resp in context.resps:
            other = {2: "resp3", 3: "resp2"}[resp]
            if other not in script.options and not context.out_of_time():
                _play(context, script, resp)


def _knows_eval(context):
    with Client(context.pair.ports[1]) as client:
        return client.call("EVAL", "return 1", 0) == (b":", b"1")


def _play(context, script, resp):
    check = "scripts/%s/resp%d" % (script.name, resp)
    try:
        with PairClient(context.pair, resp) as clients:
            _prepare(context, script, clients)
            _compare(context, check + "/first", script, clients, by_sha=False)
            _compare(context, check + "/again", script, clients, by_sha=True)
            if resp == context.resps[0] and _is_quick(script, clients.target):
                _train(script, clients.target)
                _prepare(context, script, clients)
                _compare(context, check + "/trusted", script, clients, by_sha=False)
    except (Mismatch, NoReply) as error:
        context.report.check(check, False, lambda error=error: str(error))


def _prepare(context, script, clients):
    context.pair.reset()
    for command in script.setup:
        clients.same(*command)


def _is_quick(script, target):
    """False for what exhausts a stack on purpose: a hundred runs would take too long."""
    started = time.monotonic()
    target.call(*script.call())
    return time.monotonic() - started < 0.05


def _train(script, target):
    """Runs it until the target trusts it, each time on the same keys."""
    commands = [(b"FLUSHALL",), *map(tuple, script.setup), script.call()]
    target.pipeline(commands * TRUSTED_RUNS)


def _state(port):
    with Client(port) as client:
        return whole_state(client, range(3))


def _compare(context, check, script, clients, by_sha):
    report = context.report
    args = script.call(by_sha)
    oracle, target = clients.both(*args)
    if "unordered" in script.options:
        oracle, target = _sorted(oracle), _sorted(target)
    report.check(
        check,
        oracle == target,
        lambda: "%s\noracle:  %s\ntarget:  %s" % (script.body.decode(), text_of(oracle, 2000), text_of(target, 2000)),
        text_of(oracle),
        text_of(target),
    )
    lines = differences(*map(_state, context.pair.ports))
    report.check(check + "/keys", not lines, lambda: script.body.decode() + "\n" + "\n".join(lines))


def _sorted(tree):
    return (tree[0], sorted(tree[1], key=repr)) if isinstance(tree[1], list) else tree
