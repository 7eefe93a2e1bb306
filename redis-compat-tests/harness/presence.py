"""Which commands a server knows, asked by running them: a young server may lack COMMAND itself."""

from .resp import Client, NoReply, ProtocolError, is_error


def absent_commands(port, names):
    """Those of the names that the server does not know at all."""
    return {name for name in names if not _knows(port, name)}


def _knows(port, name):
    # One argument that fits nowhere: it stops SHUTDOWN and FLUSHALL. A connection each, since the command may end it,
    # and what it answers (or whether) is for the suites to judge.
    try:
        with Client(port, timeout=1.0) as client:
            reply = client.call(name, "x")
            return not (is_error(reply) and reply[1].lower().startswith(b"err unknown command"))
    except (NoReply, ProtocolError):
        return True
