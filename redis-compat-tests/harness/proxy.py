"""A RESP proxy that may change what passes: deliberate faults, or commands the server behind it does not have.

It serves each connection in a thread, one request at a time, so replies keep their order. A behaviour is a function
`(args, forward) -> reply bytes`, where `forward(*args)` asks the real server and returns the raw reply; None closes
the connection.
"""

import socket
import threading

from .resp import Client, NoReply, ProtocolError, encode, plain


class Listener:
    """Listens on a free loopback port until stop(); each connection is served in a thread, by a subclass."""

    def __init__(self, upstream_port):
        self.upstream_port = upstream_port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stop listening and close every connection."""
        # A plain close() leaves the accepting thread, and so the port, alive.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        raise NotImplementedError


class Relay(Listener):
    """Passes bytes as they come, pushed ones too; in what the server says `old` is replaced by `new`, of equal length."""

    def __init__(self, upstream_port, old=b"", new=b""):
        assert len(old) == len(new)
        self.old, self.new = old, new
        super().__init__(upstream_port)

    def _serve(self, connection):
        upstream = socket.create_connection(("127.0.0.1", self.upstream_port))
        for end in (connection, upstream):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(connection)
        threading.Thread(target=self._pass, args=(connection, upstream, b"", b""), daemon=True).start()
        self._pass(upstream, connection, self.old, self.new)
        self._open.discard(connection)

    @staticmethod
    def _pass(source, sink, old, new):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data.replace(old, new) if old else data)
        except OSError:
            pass
        # Closed on one side: so is the other, whoever still reads there.
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Proxy(Listener):
    """A server whose every reply is a behaviour's."""

    def __init__(self, upstream_port, behaviour, upstream_timeout=3600.0):
        self.behaviour, self.upstream_timeout = behaviour, upstream_timeout
        super().__init__(upstream_port)

    def _serve(self, connection):
        downstream = Client(0, timeout=self.upstream_timeout, connected=connection)
        upstream = Client(self.upstream_port, timeout=self.upstream_timeout)
        self._open.add(connection)

        def forward(*args):
            upstream.send_raw(encode(args))
            return upstream.read_with_bytes()[1]

        try:
            while True:
                args = plain(downstream.read())
                reply = self.behaviour(args, forward)
                if reply is None:
                    return
                downstream.send_raw(reply)
        except (NoReply, ProtocolError, OSError, ValueError):
            pass
        finally:
            self._open.discard(connection)
            connection.close()
            upstream.close()
