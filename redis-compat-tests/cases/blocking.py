"""The `blocking` suite: what the literal cases of blocking.case cannot say: many clients, unblocking by id, leaving.

Each check compares what happened on the oracle with what happened on the target.
"""

import time

from ..harness.pair import wait_until
from ..harness.resp import Client, NoReply, plain

CLIENTS = 40


def run(context):
    """Every scenario on both servers."""
    for name, scenario in SCENARIOS.items():
        results = []
        for port in context.pair.ports:
            with Client(port) as admin:
                admin.call("FLUSHALL")
                _blocked(admin, 0)  # the last scenario's clients are gone
                try:
                    results.append(scenario(port, admin))
                except NoReply as error:
                    results.append("NoReply: %s" % error)
        context.report.check(
            "blocking/" + name,
            results[0] == results[1],
            lambda results=results: "oracle %s\ntarget %s" % tuple(results),
        )


def _blocked(admin, count):
    return wait_until(lambda: b"blocked_clients:%d\r" % count in admin.call("INFO", "clients")[1])


def _waiting(port, admin, count, *command):
    """`count` clients blocked one after the other, so that their order is known."""
    clients = []
    for number in range(count):
        client = Client(port)
        client.send(*command)
        clients.append(client)
        if not _blocked(admin, number + 1):
            raise NoReply("client %d does not block" % number)
    return clients


def _close(clients):
    for client in clients:
        client.close()


def first_come_first_served(port, admin):
    """Forty waiting, forty members by one ZADD: the n-th client gets the n-th member."""
    clients = _waiting(port, admin, CLIENTS, "BZPOPMIN", "z", "0")
    admin.call("ZADD", "z", *[word for n in range(CLIENTS) for word in (n, "m%d" % n)])
    served = [plain(client.read())[1] for client in clients]
    _close(clients)
    return served, plain(admin.call("EXISTS", "z"))


def unblock_by_id(port, admin):
    """CLIENT UNBLOCK by timeout and by error; a second time says 0."""
    out = []
    for how in ((), ("TIMEOUT",), ("ERROR",)):
        with Client(port) as client:
            number = plain(client.call("CLIENT", "ID"))
            client.send("BZPOPMIN", "z", "0")
            _blocked(admin, 1)
            out.append(
                (
                    admin.call("CLIENT", "UNBLOCK", number, *how),
                    client.read(),
                    admin.call("CLIENT", "UNBLOCK", number, *how),
                    client.call("PING"),
                )
            )
    return out


def who_left_is_not_served(port, admin):
    """A client that closed its connection loses its place to the next."""
    clients = _waiting(port, admin, 3, "BZPOPMIN", "z", "0")
    clients[0].close()
    gone = _blocked(admin, 2)
    admin.call("ZADD", "z", 1, "a", 2, "b")
    served = [plain(client.read())[1] for client in clients[1:]]
    _close(clients)
    return gone, served, plain(admin.call("EXISTS", "z"))


def killed_while_blocked(port, admin):
    """CLIENT KILL ends a blocked client; data stays."""
    with Client(port) as client:
        number = plain(client.call("CLIENT", "ID"))
        client.send("BZPOPMIN", "z", "0")
        _blocked(admin, 1)
        reply = admin.call("CLIENT", "KILL", "ID", number)
        said = client.read_to_end(2.0)
    admin.call("ZADD", "z", 1, "a")
    return reply, said, plain(admin.call("ZCARD", "z"))


def timeouts_are_kept(port, _admin):
    """Timeouts fire in order of their time, not of arrival; never early, and not half a second late."""
    started, clients = time.monotonic(), [Client(port) for _ in range(3)]
    for client, timeout in zip(clients, ("0.3", "0.1", "0.2")):
        client.send("BZPOPMIN", "z", timeout)
    ends = {}
    for index in (1, 2, 0):
        reply = clients[index].read()
        late = time.monotonic() - started - (0.3, 0.1, 0.2)[index]
        ends[index] = (reply, -0.005 < late < 0.5)
    _close(clients)
    return ends


def requests_behind_a_blocked_one(port, admin):
    """A pipeline behind a blocking command runs after it, in order."""
    with Client(port) as client:
        for command in (("BZPOPMIN", "z", "0"), ("ZADD", "z", "9", "mine"), ("ZCARD", "z"), ("PING",)):
            client.send(*command)
        _blocked(admin, 1)
        early = client.quiet(0.05)
        admin.call("ZADD", "z", 1, "given")
        return early, [plain(client.read()) for _ in range(4)]


def cascade(port, admin):
    """One write serves many keys' clients; each gets its own key's member."""
    clients = []
    for number in range(10):
        client = Client(port)
        client.send("BZPOPMAX", "{c}%d" % number, "{c}%d" % ((number + 1) % 10), "0")
        clients.append(client)
        _blocked(admin, number + 1)
    for number in range(9, -1, -1):
        admin.call("ZADD", "{c}%d" % number, number, "m%d" % number)
    served = [plain(client.read()) for client in clients]
    _close(clients)
    return served


def moves_are_first_come_first_served(port, admin):
    """Clients that move elements of one list to lists of their own, in other shards too: each gets one, in order."""
    clients = []
    for number in range(20):
        client = Client(port)
        client.send("BLMOVE", "source", "target%d" % number, "LEFT", "RIGHT", "0")
        clients.append(client)
        _blocked(admin, number + 1)
    admin.call("RPUSH", "source", *("m%d" % number for number in range(15)))
    for number in range(15, 22):
        admin.call("RPUSH", "source", "m%d" % number)
    served = [plain(client.read()) for client in clients]
    left = [plain(admin.call("LRANGE", key, 0, -1)) for key in ["source", *("target%d" % n for n in range(20))]]
    _close(clients)
    return served, left


def a_pop_waits_behind_a_move(port, admin):
    """One who came after a client that needs another shard's turn must not be served before it."""
    out = []
    for number in range(20):
        mover = Client(port)
        mover.send("BLMOVE", "source", "elsewhere%d" % number, "LEFT", "RIGHT", "0")
        _blocked(admin, 1)
        popper = Client(port)
        popper.send("BLPOP", "source", "0")
        _blocked(admin, 2)
        admin.call("RPUSH", "source", "first")
        out.append(plain(mover.read()))
        admin.call("RPUSH", "source", "second")
        out.append(plain(popper.read()))
        _close([mover, popper])
    return out


SCENARIOS = {
    function.__name__.replace("_", "-"): function
    for function in (
        first_come_first_served,
        unblock_by_id,
        who_left_is_not_served,
        killed_while_blocked,
        timeouts_are_kept,
        requests_behind_a_blocked_one,
        cascade,
        moves_are_first_come_first_served,
        a_pop_waits_behind_a_move,
    )
}
