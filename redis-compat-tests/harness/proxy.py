"""A RESP proxy that may change what passes: deliberate faults, or commands the server behind it does not have.

It serves each connection in a thread, one request at a time, so replies keep their order. A behaviour is a function
`(args, forward) -> reply bytes`, where `forward(*args)` asks the real server and returns the raw reply; None closes
the connection.
"""

import socket
import threading

from .resp import Client, NoReply, ProtocolError, encode, plain


class Proxy:
    """Listens on a free loopback port until stop()."""

    def __init__(self, upstream_port, behaviour, upstream_timeout=3600.0):
        self.upstream_port, self.behaviour, self.upstream_timeout = upstream_port, behaviour, upstream_timeout
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
