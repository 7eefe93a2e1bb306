"""The `software` suite: real software that lives on scripts, run as the `clients` suite runs clients."""

from ..clients.suite import run_folders
from ..harness.resp import Client, is_error

FOLDERS = ("nodejs", "python", "go", "ruby")


def run(context):
    """All of it, when the target knows scripts."""
    with Client(context.target.port) as client:
        reply = client.call("EVAL", "return 1", "0")
    if is_error(reply):
        context.report.skip("software", "the target has no EVAL: %s" % reply[1].decode())
        return
    run_folders(context, "software", FOLDERS, {})
