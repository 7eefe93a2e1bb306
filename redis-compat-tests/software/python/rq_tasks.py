"""The functions that RQ's workers import by name."""

import redis


def add(a, b):
    """A sum."""
    return a + b


def fail():
    """Always an error."""
    raise ValueError("never")


def flaky(key, port):
    """Fails twice, then gives how often it was called."""
    calls = redis.Redis(host="127.0.0.1", port=port).incr(key)
    if calls < 3:
        raise ValueError("not yet")
    return calls


def succeeded(job, connection, result, *_):
    """A callback that leaves the result behind."""
    connection.set("rq-succeeded", result)
