"""The `connections` suite: what needs sockets and servers of its own: limits, timeouts, unix sockets, protected mode,
pushed messages to slow readers, killing, pausing, and stopping with clients in every state.

Each scenario runs on an oracle and a target started for it, with the options named beside it, and says what happened;
both must say the same.
"""

import os
import socket
import stat
import time

from ..harness.pair import wait_until
from ..harness.resp import Client, NoReply, plain
from ..harness.servers import Server

SLOW_READER_BYTES = 64 * 1024
STOP_LIMIT_S = 5.0


def run(context):
    """Every scenario on both servers."""
    for scenario, options in SCENARIOS.items():
        results = []
        for original in (context.oracle, context.target):
            server = Server(original.name, original.path, original.extra_args).start(options)
            try:
                results.append(scenario(server))
            except NoReply as error:
                results.append("NoReply: %s" % error)
            finally:
                server.stop()
        context.report.check(
            "connections/" + scenario.__name__.replace("_", "-"),
            results[0] == results[1],
            lambda results=results: "oracle %s\ntarget %s" % tuple(results),
        )


def too_many_clients(server):
    """maxclients: one too many is told so and closed; who leaves makes room."""
    clients = [Client(server.port)]
    wait_until(lambda: plain(clients[0].call("CLIENT", "LIST")).count(b"\n") == 1)  # whoever looked at start is gone
    clients += [Client(server.port) for _ in range(4)]
    answers = [plain(client.call("PING")) for client in clients]
    with Client(server.port) as extra:
        refusal = extra.read_to_end(2.0)
    clients.pop().close()
    admitted = wait_until(lambda: _answers(server.port))
    for client in clients:
        client.close()
    return answers, refusal, admitted


def _answers(port):
    with Client(port) as client:
        try:
            return plain(client.call("PING")) == b"PONG"
        except NoReply:
            return False


def idle_clients(server):
    """timeout: an idle client is closed, a subscriber and a blocked one are not."""
    with Client(server.port) as idle, Client(server.port) as subscriber, Client(server.port) as blocked:
        subscriber.call("SUBSCRIBE", "a")
        blocked.send("BZPOPMIN", "z", "0")
        idle.call("PING")
        said = idle.read_to_end(5.0)
        with Client(server.port) as writer:
            received = writer.call("PUBLISH", "a", "x")
            writer.call("ZADD", "z", 1, "m")
        return said, received, subscriber.read(), blocked.read()


def keepalive_off_and_on(server):
    """tcp-keepalive can be changed; connections work either way."""
    with Client(server.port) as admin:
        out = [admin.call("CONFIG", "SET", "tcp-keepalive", value) for value in ("0", "30")]
    return out, _answers(server.port)


def unix_socket(server):
    """unixsocket and unixsocketperm: the mode of the file, the address in CLIENT INFO, gone after the end."""
    path = os.path.join(server.folder, "s.sock")
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(path)
    with Client(server.port, connected=_Untuned(connected)) as client:
        info = client.call("CLIENT", "INFO")[1].decode()
        fields = dict(part.split("=", 1) for part in info.split())
        shown = fields["addr"] == path + ":0", fields["laddr"] == path + ":0", fields["flags"]
    mode = stat.S_IMODE(os.stat(path).st_mode)
    server.process.terminate()
    server.process.wait(STOP_LIMIT_S)
    return shown, mode, os.path.exists(path)


class _Untuned:
    """A socket whose options are left alone: TCP's do not fit a unix socket."""

    def __init__(self, connected):
        self._connected = connected

    def setsockopt(self, *_):
        """Ignored."""

    def __getattr__(self, name):
        return getattr(self._connected, name)


def protected_mode(server):
    """From loopback, protected mode lets everybody in."""
    return _answers(server.port)


def large_query(server):
    """client-query-buffer-limit: a request that grows beyond it ends the connection."""
    with Client(server.port) as client:
        try:
            client.send_raw(b"*2\r\n$4\r\nECHO\r\n$4194304\r\n" + b"x" * (2 * 1024 * 1024))
            return client.read_to_end(5.0)
        except (NoReply, ConnectionError):
            return b""


def slow_subscriber(server):
    """A subscriber that does not read is closed at its limit; the publisher and other subscribers do not notice."""
    with Client(server.port) as admin:
        admin.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 4mb 2mb 60")
    slow = Client(server.port)
    slow.call("SUBSCRIBE", "a")
    with Client(server.port) as reader, Client(server.port) as publisher:
        reader.call("SUBSCRIBE", "a")
        message = b"x" * SLOW_READER_BYTES
        sent = 0
        while plain(publisher.call("PUBLISH", "a", message)) == b"2" and sent < 2000:
            sent += 1
            reader.read()
        reader.read()
        left = plain(publisher.call("PUBSUB", "NUMSUB", "a"))
    slow.close()
    return sent < 2000, left


def pushed_in_order(server):
    """What several publishers send on several channels arrives once each, in each publisher's order."""
    publishers = [Client(server.port) for _ in range(4)]
    with Client(server.port, resp=3) as listener:
        listener.call("PSUBSCRIBE", "c*")
        for number in range(200):
            for index, publisher in enumerate(publishers):
                publisher.send("PUBLISH", "c%d" % index, number)
        received = {}
        for _ in range(800):
            message = plain(listener.read())
            received.setdefault(message[2], []).append(int(message[3]))
    for publisher in publishers:
        publisher.close()
    return {channel: numbers == list(range(200)) for channel, numbers in received.items()}


def messages_behind_replies(server):
    """A RESP3 client's own pipeline keeps the confirmation before the messages."""
    with Client(server.port, resp=3) as client, Client(server.port) as publisher:
        client.pipeline([("SET", "k%d" % n, n) for n in range(10)])
        client.send_raw(b"SUBSCRIBE a\r\nMGET k0 k1 k2 k3 k4 k5\r\nPING\r\n")
        first = client.read()
        wait_until(lambda: plain(publisher.call("PUBLISH", "a", "x")) == b"1")
        return first, [plain(client.read()) for _ in range(3)]


def killed(server):
    """CLIENT KILL by address, id, type, and of oneself."""
    out = []
    with Client(server.port) as admin:
        for choose in (
            lambda c: ("ADDR", "127.0.0.1:%d" % c.socket.getsockname()[1]),
            lambda c: ("ID", plain(c.call("CLIENT", "ID"))),
            lambda c: ("TYPE", "normal", "SKIPME", "yes"),
        ):
            with Client(server.port) as victim:
                victim.call("PING")
                out.append((admin.call("CLIENT", "KILL", *choose(victim)), victim.read_to_end(2.0)))
        with Client(server.port) as subscriber:
            subscriber.call("SUBSCRIBE", "a")
            out.append((admin.call("CLIENT", "KILL", "TYPE", "pubsub"), subscriber.read_to_end(2.0)))
        out.append((admin.call("CLIENT", "KILL", "127.0.0.1:%d" % admin.socket.getsockname()[1])))
        out.append(admin.read_to_end(2.0))
    return out


def paused(server):
    """CLIENT PAUSE WRITE holds writes and publications back, ALL everything; the end of the pause lets them go."""
    out = []
    with Client(server.port) as admin, Client(server.port) as writer, Client(server.port) as reader:
        out.append(admin.call("CLIENT", "PAUSE", "60000", "WRITE"))
        writer.send("PUBLISH", "a", "x")
        out.append((reader.call("GET", "k"), writer.quiet(0.1)))
        out.append((admin.call("CLIENT", "UNPAUSE"), writer.read()))
        out.append(admin.call("CLIENT", "PAUSE", "300", "ALL"))
        reader.send("PING")
        out.append((reader.quiet(0.1), reader.read()))
    return out


def paused_in_multi(server):
    """Under a pause of writes MULTI does not queue them; what is refused anyway is refused at once; EXEC of reads runs."""
    out = []
    with Client(server.port) as admin, Client(server.port) as writer, Client(server.port) as reader:
        out.append([client.call("MULTI") for client in (writer, reader)])
        admin.call("CLIENT", "PAUSE", "60000", "WRITE")
        writer.send("SET", "k", "v")
        writer.send("GET", "k")
        out.append((writer.quiet(0.1), reader.call("GET", "k"), reader.call("EXEC")))
        out.append((reader.call("MULTI"), reader.call("WATCH", "k"), reader.call("SET", "k"), reader.call("EXEC")))
        admin.call("CLIENT", "UNPAUSE")
        out.append((writer.read(), writer.read(), writer.call("EXEC")))
        out.append((writer.call("MULTI"), writer.call("SET", "k", "w")))
        admin.call("CLIENT", "PAUSE", "60000", "WRITE")
        writer.send("EXEC")
        out.append((writer.quiet(0.1), admin.call("GET", "k")))
        admin.call("CLIENT", "UNPAUSE")
        out.append((writer.read(), admin.call("GET", "k")))
        out.append((writer.call("MULTI"), admin.call("CLIENT", "PAUSE", "300", "ALL")))
        writer.send("GET", "k")
        out.append((writer.quiet(0.1), writer.read(), writer.call("EXEC")))
    return out


def stopped_with_clients_in_every_state(server):
    """SIGTERM with idle, subscribed, monitoring, blocked, paused and half-read clients: it ends, and closes them."""
    clients = [Client(server.port) for _ in range(60)]
    for number, client in enumerate(clients):
        kind = number % 6
        if kind == 0:
            client.call("PING")
        elif kind == 1:
            client.call("SUBSCRIBE", "a", "b")
        elif kind == 2:
            client.call("MONITOR")
        elif kind == 3:
            client.send("BZPOPMIN", "z%d" % number, "z", "0")
        elif kind == 4:
            client.send_raw(b"*2\r\n$4\r\nECHO\r\n$100\r\nabc")
    with Client(server.port) as admin:
        admin.call("CLIENT", "PAUSE", "60000", "WRITE")
    for client in clients[5::6]:
        client.send("SET", "k", "v")
    time.sleep(0.1)
    server.process.terminate()
    try:
        code = server.process.wait(STOP_LIMIT_S)
    except Exception:  # it hangs: that is the finding
        code = "still running"
    for client in clients:
        client.close()
    return code


SCENARIOS = {
    too_many_clients: {"maxclients": "5"},
    idle_clients: {"timeout": "1"},
    keepalive_off_and_on: {},
    unix_socket: {"unixsocket": "s.sock", "unixsocketperm": "700"},
    protected_mode: {"protected-mode": "yes"},
    large_query: {"client-query-buffer-limit": "1mb"},
    slow_subscriber: {},
    pushed_in_order: {},
    messages_behind_replies: {},
    killed: {},
    paused: {},
    paused_in_multi: {},
    stopped_with_clients_in_every_state: {},
}
