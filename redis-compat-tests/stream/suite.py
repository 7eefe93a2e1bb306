"""The `random` suite: seeded episodes in every RESP version and threshold mode, with shrinking of what disagrees."""

import time

from ..harness.presence import absent_commands
from ..harness.resp import command_text
from .episode import MODES, commands_used, make_episode
from .player import Player, same_kind
from .registry import SCAN_ALL, WAIT_MS
from .shrink import shrink

EPISODE_COMMANDS = 2000
FINDINGS_MAX = 12

# A young target may lack some of these: then less is compared, and the report says what.
STATE_NEEDS = {"KEYS", "TYPE", "OBJECT", "PEXPIRETIME", "SELECT"}
NEEDED = STATE_NEEDS | {"FLUSHALL", "CONFIG", "HELLO"}


def run(context):
    """Plays context.commands commands; a disagreement is printed with its seed and a short sequence."""
    report, started = context.report, time.monotonic()
    absent = absent_commands(context.pair.ports[1], commands_used() | NEEDED)
    if absent:
        report.skip("random", "target does not know: " + " ".join(sorted(absent)), len(absent))
    if "FLUSHALL" in absent:
        report.skip("random", "episodes start with FLUSHALL, which the target does not know")
        return
    turns = _turns(report, context.resps, absent)
    if absent & STATE_NEEDS:
        report.say("random: states are not compared while the target lacks " + " ".join(sorted(absent & STATE_NEEDS)))
    size = min(EPISODE_COMMANDS, max(50, context.commands // len(turns)))
    done = number = findings = 0
    only = context.episode
    while done < context.commands and findings < FINDINGS_MAX and not context.out_of_time():
        resp, mode = turns[number % len(turns)]
        if only is None or only == number:
            steps = make_episode(context.seed, number, size, absent)
            findings += _episode(context, number, resp, mode, steps, not absent & STATE_NEEDS)
        done += size
        number += 1
    seconds = time.monotonic() - started
    report.say(
        "random: %d commands in %d episodes, seed %s, RESP %s, %.0f s (%.0f commands/s)"
        % (done, number, context.seed, "+".join(map(str, context.resps)), seconds, done / max(seconds, 0.001))
    )
    if done < context.commands:
        report.say("random: stopped early after %d findings" % findings)


def _turns(report, resps, absent):
    """The RESP versions and threshold modes to take turns in."""
    modes = list(MODES)
    if "CONFIG" in absent:
        modes.remove("small")
        report.say("random: only default thresholds, the target does not know CONFIG")
    if "HELLO" in absent:
        resps = (2,)
        report.say("random: only RESP2, the target does not know HELLO")
    return [(resp, mode) for resp in resps for mode in modes]


def _episode(context, number, resp, mode, steps, with_state):
    def accept(finding):
        return context.known.find("random/" + finding.command, finding.oracle, finding.target)

    def player():
        return Player(context.pair, resp, MODES[mode], with_state, accept)

    first = player()
    finding = first.play(steps)
    context.report.ok(first.compared - len(first.accepted))
    for entry in first.accepted:
        context.report.accept(entry)
    if finding is None:
        return 0
    if not context.target_alive():
        context.report.fail(
            "random/crash",
            "the target is gone after step %d of episode %d, seed %s\n%s"
            % (finding.step, number, context.seed, finding.detail),
        )
        return FINDINGS_MAX
    steps = steps[: finding.step + 1]
    again = same_kind(finding, player().play(steps))
    short = _shortest(player, steps, finding, context.shrink_seconds) if again else steps[-20:]
    context.report.fail(
        "random/" + finding.command,
        "\n".join(
            [
                "seed %s, episode %d, step %d, RESP%d, %s thresholds"
                % (context.seed, number, finding.step, resp, mode),
                finding.detail,
                "replay: run.py --suite random --seed %s --episode %d --commands %d --resp %s"
                % (context.seed, number, context.commands, context.resp_option),
                ("shortest sequence found (%d steps):" if again else "not seen again on replay; the last %d steps:")
                % len(short),
            ]
            + ["  " + _line(step) for step in short[:40]]
        ),
        finding.oracle,
        finding.target,
    )
    return 1


def _shortest(player, steps, finding, seconds):
    units = shrink(_units(steps), lambda part: same_kind(finding, player().play(sum(part, []))), seconds)
    return sum(units, [])


def _units(steps):
    """Steps that must stay together: a wait and the short expiry before it."""
    units = []
    for step in steps:
        if units and step[0] == WAIT_MS:
            units[-1].append(step)
        else:
            units.append([step])
    return units


def _line(step):
    if step[0] == WAIT_MS:
        return "(wait %s ms)" % step[1].decode()
    if step[0] == SCAN_ALL:
        return "(whole iteration) " + command_text(step[1:])
    return command_text(step)
