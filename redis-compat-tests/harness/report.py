"""Counting what passed, failed and was skipped, and saying so.

A check has an id such as `config/default/maxmemory` or `random/ZADD`. A failed check whose id is a known difference
is counted as skipped and named at the end with its reason, so nothing is hidden.
"""

import collections
import sys


class Report:
    """Results of one run of the runner. `out` gets the text."""

    def __init__(self, known, out=sys.stdout, failures_shown_max=60):
        self.known, self.out, self.failures_shown_max = known, out, failures_shown_max
        self.passed = self.failed = self.skipped = 0
        self.accepted = collections.Counter()
        self.failed_ids = []

    def say(self, text=""):
        """One line of progress."""
        print(text, file=self.out, flush=True)

    def ok(self, count=1):
        """So many checks passed."""
        self.passed += count

    def fail(self, check_id, detail, oracle="", target=""):
        """One check failed, unless the difference is a known one."""
        entry = self.known.find(check_id, oracle, target)
        if entry:
            self.accept(entry)
            return False
        self.failed += 1
        self.failed_ids.append(check_id)
        if self.failed <= self.failures_shown_max:
            self.say("FAILED %s\n    %s" % (check_id, detail.replace("\n", "\n    ")))
        return True

    def accept(self, entry):
        """A difference was seen that this known difference excuses."""
        self.accepted[entry] += 1
        self.skipped += 1

    def skip(self, check_id, why, count=1):
        """Not run, and why."""
        self.skipped += count
        self.say("skipped %s: %s" % (check_id, why))

    def check(self, check_id, agree, detail, oracle="", target=""):
        """Count one comparison; `detail` is a function so that passing costs nothing."""
        if agree:
            self.ok()
        else:
            self.fail(check_id, detail(), oracle, target)
        return agree

    def close(self, suites):
        """The closing lines; returns the exit code."""
        if self.failed > self.failures_shown_max:
            self.say("... and %d more failures" % (self.failed - self.failures_shown_max))
        for entry, count in sorted(self.accepted.items()):
            self.say("known difference %s (%d): %s" % (entry.pattern, count, entry.reason))
        for entry in self.known.unused(suites, self.accepted) if self.passed else ():
            self.say("note: known difference %s did not show in this run" % entry.pattern)
        self.say("%d passed, %d failed, %d skipped" % (self.passed, self.failed, self.skipped))
        return 1 if self.failed else 0
