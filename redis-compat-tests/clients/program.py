"""Running one program of a client against one server, and what is said between the two.

The program is called as `... PORT RESP SERVER`: where to connect on 127.0.0.1, the protocol version, and `usher` or
`redis` (which has no waiting room). It writes one line per check:

    ok NAME
    failed NAME: detail
    skipped NAME: why
    restart                 asks for a restart of the server on the same port; `restarted` on stdin says that it is done
    end                     the last line: without it the program is taken to have broken off

Anything else it writes is kept for the message of a failure.
"""

import collections
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time

from ..harness.servers import Server, die_with_parent

Outcome = collections.namedtuple("Outcome", "kind detail")  # kind: ok, failed, skipped
LINE = re.compile(r"^(ok|failed|skipped) ([a-z0-9-]+)(?:: (.*))?$")


class Program:
    """A command line that speaks as above, the protocol versions to run it with, and its time limit."""

    def __init__(self, command, resps=(2,), env=None, limit_s=60):
        self.command, self.resps, self.env, self.limit_s = [str(word) for word in command], resps, env or {}, limit_s


class _Talk:
    """What one run of a program has said so far."""

    def __init__(self):
        self.outcomes, self.noise, self.ended = {}, collections.deque(maxlen=25), False

    def hear(self, line):
        """One line; returns True when it asks for a restart."""
        match = LINE.match(line)
        if match:
            self.outcomes[match[2]] = Outcome(match[1], match[3] or "")
        elif line == "end":
            self.ended = True
        elif line != "restart":
            self.noise.append(line)
        return line == "restart"

    def broke_off(self, why):
        """The program did not come to its end."""
        said = "\n".join(self.noise)
        self.outcomes["the-program-ends"] = Outcome("failed", why + ("\n" + said if said else ""))


def run_program(program, resp, path, arguments, kind, options=None):
    """Start a server (`kind`: usher or redis), run the program on it; returns {check: Outcome}."""
    server = Server(kind, path, arguments).start(options)
    talk = _Talk()
    folder = tempfile.mkdtemp(prefix="usher-client-")
    try:
        process = subprocess.Popen(
            [*program.command, str(server.port), str(resp), kind],
            env={**os.environ, **program.env},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            _listen(process, talk, server, options, time.monotonic() + program.limit_s)
        finally:
            _end(process)
        if not server.alive():
            talk.broke_off("the server ended: " + server.log_tail())
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return talk.outcomes


def _listen(process, talk, server, options, deadline):
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                last = (list(talk.outcomes) or ["none"])[-1]
                return talk.broke_off("the time limit was over; the last check that ended: " + last)
            piece = os.read(process.stdout.fileno(), 65536)
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if talk.hear(line.decode("utf-8", "replace").rstrip()):
                    _restart(process, server, options)
            if not piece:
                break
    code = process.wait(5.0)
    if not talk.ended or code != 0:
        talk.broke_off("it ended with %s" % code)


def _restart(process, server, options):
    server.stop()
    server.start(options, port=server.port)
    process.stdin.write(b"restarted\n")
    process.stdin.flush()


def _end(process):
    """The program and whatever it started in its session are gone after this."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(5.0)
    process.stdin.close()
    process.stdout.close()
