"""The two servers and talking to both at once."""

import time

from .normalise import agree
from .resp import Client, ProtocolError, NoReply, command_text, encode, text_of, to_bytes


class Pair:
    """Oracle and target servers (ports only) with the RESP version to speak."""

    def __init__(self, oracle_port, target_port, timeout=10.0):
        self.ports = (oracle_port, target_port)
        self.timeout = timeout
        self.stale = {}  # port: connections that did not end when they were closed

    def connect(self, resp=2):
        """A connection to each."""
        return PairClient(self, resp)

    def reset(self, clean=(("FLUSHALL",),)):
        """Empty both servers."""
        for port in self.ports:
            with Client(port, timeout=self.timeout) as client:
                for command in clean:
                    client.call(*command)


class Mismatch(Exception):
    """Two replies that do not agree."""

    def __init__(self, args, oracle, target, note=""):
        self.args_sent, self.oracle, self.target = args, oracle, target
        self.oracle_text, self.target_text = _show(oracle), _show(target)
        super().__init__(
            "%scommand: %s\noracle:  %s\ntarget:  %s" % (note, command_text(args), self.oracle_text, self.target_text)
        )


def _show(reply):
    return text_of(reply) if isinstance(reply, tuple) else str(reply)


class PairClient:
    """One connection to the oracle, one to the target; the same bytes go to both."""

    def __init__(self, pair, resp=2):
        self.oracle = Client(pair.ports[0], resp, pair.timeout)
        self.target = Client(pair.ports[1], resp, pair.timeout)
        self.before = None

    def close(self):
        """Close both."""
        self.oracle.close()
        self.target.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def both(self, *args):
        """Run one command on both; returns the two replies uncompared."""
        args = tuple(map(to_bytes, args))
        self._send_both(encode(args), args)
        return self._read_both(args)

    def same(self, *args):
        """Run one command on both; raises Mismatch unless the replies agree. Returns the oracle's."""
        args = tuple(map(to_bytes, args))
        oracle, target = self.both(*args)
        return self._compare(args, oracle, target)

    def batch(self, commands):
        """Pipeline commands to both; yields (index, Mismatch or None) as replies come in; ends when it breaks."""
        try:
            self._send_both(b"".join(map(encode, commands)), commands[0])
        except BrokenConnection as broken:
            yield 0, broken
            return
        for index, args in enumerate(commands):
            try:
                self._compare(args, *self._read_both(args))
                yield index, None
            except Mismatch as mismatch:
                yield index, mismatch
                if isinstance(mismatch, BrokenConnection):
                    return

    def _send_both(self, data, args):
        for name, client in (("oracle", self.oracle), ("target", self.target)):
            try:
                client.send_raw(data)
            except NoReply as error:
                raise BrokenConnection(args, *_blame(name, error), note="while sending\n") from error

    def _read_both(self, args):
        oracle = self.oracle.read()
        try:
            return oracle, self.target.read()
        except (NoReply, ProtocolError) as error:
            raise BrokenConnection(args, oracle, "%s: %s" % (type(error).__name__, error)) from error

    def _compare(self, args, oracle, target):
        before, self.before = self.before, (args, oracle, target)
        if not agree(args, before, oracle, target):
            raise Mismatch(args, oracle, target)
        return oracle


class BrokenConnection(Mismatch):
    """The target stopped answering, so that the connection cannot go on."""


def _blame(name, error):
    text = "%s: %s" % (type(error).__name__, error)
    return (text, "(not read)") if name == "oracle" else ("(not read)", text)


def wait_until(condition, timeout=5.0, step=0.005):
    """Poll until the condition holds; False when the time is up."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True
