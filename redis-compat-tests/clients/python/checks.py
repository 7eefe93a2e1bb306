"""What the Python programs share: saying how each check went (see program.py of this suite), and small helpers."""

import sys
import threading
import time
import traceback

PORT, RESP, SERVER = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Skip(Exception):
    """Raised by a check that does not apply; the message says why."""


def same(found, wanted):
    """Both must be equal."""
    if found != wanted:
        raise AssertionError("%.300r instead of %.300r" % (found, wanted))


def raises(error, part, function, *args, **options):
    """The call must raise this error, with this part in its text."""
    try:
        found = function(*args, **options)
    except error as raised:
        if part not in str(raised):
            raise AssertionError("%r does not say %r" % (str(raised), part)) from raised
        return raised
    raise AssertionError("%.200r instead of %s" % (found, error.__name__))


def wait_until(condition, seconds=10.0):
    """True as soon as the condition holds, False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def restart_server():
    """The server is stopped and started again on the same port, empty."""
    print("restart", flush=True)
    same(sys.stdin.readline().strip(), "restarted")


def in_thread(function, *args):
    """Starts a thread; the function returned waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*args)), daemon=True)
    thread.start()

    def result():
        thread.join(15)
        return results[0] if results else "did not end"

    return result


def run(functions):
    """Every check in order; the name of a check is that of its function."""
    for function in functions:
        name = function.__name__.replace("_", "-")
        try:
            function()
            print("ok " + name, flush=True)
        except Skip as why:
            print("skipped %s: %s" % (name, why), flush=True)
        except Exception as error:  # whatever went wrong is this check's failure, the others still run
            where = traceback.extract_tb(error.__traceback__)
            ours = [frame.lineno for frame in where if frame.filename == function.__code__.co_filename]
            text = "%s at line %s: %s" % (type(error).__name__, ours[-1:], error)
            print("failed %s: %s" % (name, text.replace("\n", " ")), flush=True)
    print("end", flush=True)
