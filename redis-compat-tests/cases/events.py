"""The `events` suite: the random streams of the `random` suite with a listener to keyspace events of all classes.

Both servers must announce the same events, in the same order, command by command (but for the misses of SORT's patterns:
a set has no order). Left out is what happens by itself at
a time of its own: the end of a key whose time is up.
"""

import time

from ..harness.presence import absent_commands
from ..harness.resp import Client, NoReply, command_text, plain
from ..stream.episode import command_of, commands_used, make_episode
from ..stream.registry import SCAN_ALL, WAIT_MS

EPISODE_COMMANDS = 1500
# They change how the connection talks, or what is told, or take what is random.
LEFT_OUT = {"HELLO", "RESET", "QUIT", "CONFIG", "CLIENT", "SUBSCRIBE", "SPOP", "SRANDMEMBER", "SHUTDOWN", "MONITOR", "PSUBSCRIBE"}
MARK = "mark"
BY_THEMSELVES = {b"expired", b"evicted"}


class Listener:
    """A connection that hears of all events."""

    def __init__(self, port):
        self.client = Client(port)
        self.client.call("CONFIG", "SET", "notify-keyspace-events", "KEAmn")
        self.client.call("PSUBSCRIBE", "__key*__:*", MARK)
        self.client.read()

    def until_mark(self):
        """All events up to the mark."""
        events = []
        while True:
            _, _, channel, message = plain(self.client.read())
            if channel == MARK.encode():
                return events
            if message not in BY_THEMSELVES and channel.partition(b"__:")[2] not in BY_THEMSELVES:
                events.append(b"%s %s" % (channel, message))

    def close(self):
        """Close it; events are off again."""
        self.client.call("PUNSUBSCRIBE")
        self.client.read()
        self.client.call("CONFIG", "SET", "notify-keyspace-events", "")
        self.client.close()


def run(context):
    """Episodes from the run's seed."""
    absent = absent_commands(context.pair.ports[1], commands_used())
    for number in range(1 + context.commands // (4 * EPISODE_COMMANDS)):
        if context.out_of_time():
            return
        steps = [
            step
            for step in make_episode("%s-events" % context.seed, number, EPISODE_COMMANDS, absent)
            if step[0] == WAIT_MS or (step[0] != SCAN_ALL and command_of(step) not in LEFT_OUT)
        ]
        _episode(context, number, steps)


def _episode(context, number, steps):
    context.pair.reset()
    listeners = [Listener(port) for port in context.pair.ports]
    writers = [Client(port) for port in context.pair.ports]
    try:
        for step in steps:
            if step[0] == WAIT_MS:  # a key's time is up, on both servers, before the next command
                time.sleep(int(step[1]) / 1000)
                continue
            told = []
            for writer, listener in zip(writers, listeners):
                writer.pipeline([step, ("PUBLISH", MARK, "")])
                events = listener.until_mark()
                told.append(sorted(events) if command_of(step).startswith("SORT") else events)
            context.report.check(
                "events/" + command_of(step),
                told[0] == told[1],
                lambda step=step, told=told: "seed %s, episode %d: %s\noracle %s\ntarget %s"
                % (context.seed, number, command_text(step), *told),
                str(told[0]),
                str(told[1]),
            )
    except NoReply as error:
        context.report.fail("events/episode-%d" % number, "seed %s: %s" % (context.seed, error))
    finally:
        for listener in listeners:
            listener.close()
        for writer in writers:
            writer.close()
