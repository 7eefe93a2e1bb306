"""The client of the measuring scripts: one connection, one request after the other."""

import socket


class ReplyError(Exception):
    """The server answered with an error."""


class Client:
    """Raises OSError when there is no server (any more)."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def call(self, *words):
        self.socket.sendall(encode(words))
        return self.reply()

    def reply(self):
        """The next reply that is no aggregate, as bytes."""
        line = self.reader.readline()
        if not line:
            raise ConnectionError("the server has closed the connection")
        if line.startswith(b"-"):
            raise ReplyError(line[1:-2].decode())
        if not line.startswith(b"$"):
            return line[1:-2]
        return self.reader.read(int(line[1:]) + 2)[:-2]

    def info(self, field):
        for line in self.call("INFO", "everything").decode().splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1]
        return ""


def encode(words):
    """A request as bytes."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
