"""Plays an episode's steps on both servers and finds the first disagreement."""

import time
import typing

from ..harness.pair import BrokenConnection, Mismatch
from ..harness.resp import Client, command_text, is_error, plain
from .episode import THRESHOLD_DEFAULTS, command_of
from .registry import SCAN_ALL, WAIT_MS
from .state import differences, whole_state

BATCH, STATE_EVERY = 50, 500
SCAN_PAGES_MAX = 20_000


class Finding(typing.NamedTuple):
    """A disagreement: at which step, which command, and what both said."""

    step: int
    command: str
    detail: str
    oracle: str
    target: str


class Player:
    """Replays steps on a pair of servers, from empty databases, in one RESP version and one mode of thresholds."""

    def __init__(self, pair, resp, thresholds, with_state, accept):
        self.pair, self.resp, self.with_state, self.accept = pair, resp, with_state, accept
        self.thresholds = list(thresholds) or THRESHOLD_DEFAULTS
        self.compared, self.accepted = 0, []

    def play(self, steps):
        """The first Finding that is not accepted, or None. Counts the compared replies."""
        self.pair.reset([("FLUSHALL",), ("CONFIG", "SET", *self.thresholds)])
        with self.pair.connect(self.resp) as self.clients:
            at = checked = 0
            while at < len(steps):
                end = self._end_of_batch(steps, at)
                finding = self._batch(steps, at, end) if end > at else self._macro(steps, at)
                at = end if end > at else at + 1
                if finding:
                    return finding
                # Not before a wait: a key with a short TTL may be gone on one server and not yet on the other.
                if at - checked >= STATE_EVERY and at < len(steps) and steps[at][0] != WAIT_MS:
                    checked = at
                    finding = self._state(at)
                    if finding:
                        return finding
            return self._state(len(steps))

    @staticmethod
    def _end_of_batch(steps, begin):
        end = begin
        while end < len(steps) and end < begin + BATCH and steps[end][0] not in (SCAN_ALL, WAIT_MS):
            end += 1
        return end

    def _batch(self, steps, begin, end):
        found = None
        for index, mismatch in self.clients.batch(steps[begin:end]):
            self.compared += 1
            if mismatch is None:
                continue
            finding = _finding(begin + index, steps[begin + index], mismatch)
            if isinstance(mismatch, BrokenConnection):
                return found or finding
            if not self._accepts(finding):
                found = found or finding
        return found

    def _accepts(self, finding):
        """Whether it is a known difference; those found are kept in `accepted`."""
        entry = self.accept(finding)
        self.accepted += [entry] if entry else []
        return entry is not None

    def _macro(self, steps, at):
        step = steps[at]
        if step[0] == WAIT_MS:
            time.sleep(int(step[1]) / 1000)
            return None
        self.compared += 1
        try:
            left, right = (_scan_all(client, step[1:]) for client in (self.clients.oracle, self.clients.target))
        except Exception as error:  # a broken connection ends the replay with a finding, whatever its kind
            return Finding(at, command_of(step), "command: %s\n%s" % (command_text(step), error), "", str(error))
        if left == right:
            return None
        self.clients.before = None
        finding = _finding(at, step, Mismatch(step, *map(_clip, (left, right))))
        return None if self._accepts(finding) else finding

    def _state(self, step):
        if not self.with_state:
            return None
        states = []
        for port in self.pair.ports:
            with Client(port, timeout=self.pair.timeout) as client:
                states.append(whole_state(client))
        lines = differences(*states)
        self.compared += len(states[0])
        if not lines:
            return None
        finding = Finding(step, "STATE", "state differs:\n" + "\n".join(lines), "", lines[0])
        return None if self._accepts(finding) else finding


def _finding(step, args, mismatch):
    return Finding(step, command_of(args), str(mismatch), mismatch.oracle_text, mismatch.target_text)


def _clip(text):
    return str(text)[:600]


def _scan_all(client, args):
    """What a whole SCAN-family iteration returns: the set of keys or of pairs, or the error."""
    args, cursor, found = list(args), b"0", set()
    position = 1 if args[0].upper() == b"SCAN" else 2
    for _ in range(SCAN_PAGES_MAX):
        reply = client.call(*args[:position], cursor, *args[position:])
        if is_error(reply):
            return reply
        cursor, items = plain(reply)
        if position == 2 and args[0].upper() != b"SSCAN":
            items = zip(items[::2], items[1::2])
        if args[0].upper() == b"ZSCAN":  # as the normaliser score-digits
            items = ((member, float(score)) for member, score in items)
        found |= set(items)
        if cursor == b"0":
            return sorted(found)
    raise RuntimeError("SCAN does not end after %d pages" % SCAN_PAGES_MAX)


def same_kind(finding, other):
    """Two findings that may be one defect. Only the command counts: broken replies vary with what follows."""
    return other is not None and finding.command == other.command
