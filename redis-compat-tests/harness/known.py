"""Reads known_differences.md: the only place where a difference from the oracle can be accepted.

A row of a table there is one exception:  | `check id, * allowed` | `oracle text, * allowed` | `target text, *
allowed` | reason | The two text columns may be `*`. Rows without a reason are refused.
"""

import fnmatch
import typing


class Entry(typing.NamedTuple):
    """One accepted difference."""

    pattern: str
    oracle: str
    target: str
    reason: str


class KnownDifferences:
    """All accepted differences, in file order; the first that matches counts."""

    def __init__(self, entries=()):
        self.entries = list(entries)

    @classmethod
    def read(cls, path):
        """Parse the file; a malformed row is an error, not an exception that silently never applies."""
        entries = []
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.startswith("| `"):
                    continue
                cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
                if len(cells) != 4 or not cells[3]:
                    raise ValueError("%s:%d: want | `id` | `oracle` | `target` | reason |" % (path, number))
                entries.append(Entry(*(cell.strip("`") for cell in cells[:3]), cells[3]))
        return cls(entries)

    def find(self, check_id, oracle="", target=""):
        """The entry that accepts this difference, or None."""
        for entry in self.entries:
            if _matches(check_id, entry.pattern) and _matches(oracle, entry.oracle) and _matches(target, entry.target):
                return entry
        return None

    def accepts(self, check_id):
        """True when some row names this check, whatever the replies."""
        return any(_matches(check_id, entry.pattern) for entry in self.entries)

    def unused(self, suites, used):
        """Entries of the suites that ran which accepted nothing: candidates for removal."""
        return [e for e in self.entries if e not in used and e.pattern.split("/")[0] in suites]


def _matches(text, pattern):
    # Brackets are common in replies and must stay literal; only * is special.
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))
