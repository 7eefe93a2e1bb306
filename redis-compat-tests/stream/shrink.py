"""Cuts a failing sequence down to few commands by replaying parts of it on fresh databases (delta debugging)."""

import time


def shrink(steps, fails, budget_s=20.0, replays_max=400):
    """The shortest sequence found for which `fails(sequence)` still holds. `fails(steps)` must hold at the start."""
    deadline = time.monotonic() + budget_s
    replays = 0
    size = max(1, len(steps) // 2)
    while True:
        begin, shorter = 0, False
        while begin < len(steps):
            if time.monotonic() > deadline or replays >= replays_max:
                return steps
            candidate = steps[:begin] + steps[begin + size :]
            replays += 1
            if candidate and fails(candidate):
                steps, shorter = candidate, True
            else:
                begin += size
        if size == 1 and not shorter:
            return steps
        size = max(1, size // 2)
