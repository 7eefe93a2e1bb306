"""RESP2/RESP3 client that keeps every byte that matters.

A reply is a tree of tuples whose first item is the type marker of the wire, so that `:1`, `$1 1`, `,1` and `+1` are
four different replies. Numbers stay the text the server sent:

    (b":", b"1")  (b"$", b"ab")  (b"$", None)  (b"*", [tree, ...])  (b"*", None)  (b"%", [tree, tree, ...])  (b"_", b"")
    (b"|", [[attribute trees], tree])

Not thread safe: one client belongs to one thread.
"""

import select
import socket

SCALARS = b"+-:,#(_"
BULKS = b"$=!"
AGGREGATES = b"*~>%|"


class ProtocolError(Exception):
    """The server sent something that is not RESP."""


class NoReply(Exception):
    """Nothing (or not everything) arrived in time, or the server closed the connection."""


class Closed(NoReply):
    """The server closed the connection."""


def to_bytes(arg):
    """One command argument as the bytes that go on the wire."""
    if isinstance(arg, (bytes, bytearray)):
        return bytes(arg)
    return str(arg).encode()


def encode(args):
    """One command as a RESP array of bulk strings."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in map(to_bytes, args):
        parts.append(b"$%d\r\n%b\r\n" % (len(arg), arg))
    return b"".join(parts)


class Client:
    """One connection. Sending never waits for a server that first wants its replies to be read."""

    def __init__(self, port, resp=2, timeout=10.0, host="127.0.0.1", connected=None):
        self.timeout = timeout
        self.socket = connected or socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._at = 0
        if resp == 3:
            self.call("HELLO", "3")

    def close(self):
        """Close without a word."""
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_raw(self, data):
        """Send bytes as they are; meanwhile whatever the server answers is collected."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.socket], [self.socket], [], self.timeout)
            if not readable and not writable:
                raise NoReply("server does not read")
            if readable:
                self._receive()
            if writable:
                try:
                    view = view[self.socket.send(view) :]
                except (BrokenPipeError, ConnectionResetError) as error:
                    raise Closed(str(error)) from error

    def send(self, *args):
        """Send one command, read nothing."""
        self.send_raw(encode(args))

    def call(self, *args):
        """Send one command and return its reply."""
        self.send(*args)
        return self.read()

    def pipeline(self, commands):
        """Send all commands at once and return their replies."""
        self.send_raw(b"".join(map(encode, commands)))
        return [self.read() for _ in commands]

    def read(self, timeout=None):
        """The next reply as a tree."""
        return self.read_with_bytes(timeout)[0]

    def read_with_bytes(self, timeout=None):
        """The next reply as a tree and as the very bytes received."""
        self.socket.settimeout(self.timeout if timeout is None else timeout)
        begin = self._at
        try:
            tree = self._parse()
        except NoReply:
            self._at = begin
            raise
        raw = bytes(self._buffer[begin : self._at])
        del self._buffer[: self._at]
        self._at = 0
        return tree, raw

    def collected(self):
        """Bytes that came in while sending and have not been read."""
        return bytes(self._buffer[self._at :])

    def quiet(self, seconds):
        """True when the server sends nothing for so long (and keeps the connection open)."""
        if self._at < len(self._buffer):
            return False
        readable, _, _ = select.select([self.socket], [], [], seconds)
        return not readable

    def read_to_end(self, timeout=None):
        """All bytes until the server closes the connection."""
        self.socket.settimeout(self.timeout if timeout is None else timeout)
        try:
            while True:
                self._receive()
        except Closed:
            data = bytes(self._buffer[self._at :])
            self._buffer.clear()
            self._at = 0
            return data

    def _receive(self):
        try:
            data = self.socket.recv(1 << 18)
        except TimeoutError as error:
            raise NoReply("no reply in time") from error
        except ConnectionError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("connection closed by the server")
        self._buffer += data

    def _line(self):
        end = self._buffer.find(b"\r\n", self._at)
        while end < 0:
            searched = max(self._at, len(self._buffer) - 1)
            self._receive()
            end = self._buffer.find(b"\r\n", searched)
        line = bytes(self._buffer[self._at : end])
        self._at = end + 2
        return line

    def _exactly(self, size):
        while len(self._buffer) < self._at + size + 2:
            self._receive()
        data = bytes(self._buffer[self._at : self._at + size])
        self._at += size + 2
        if self._buffer[self._at - 2 : self._at] != b"\r\n":
            raise ProtocolError("bulk of %d bytes does not end in CRLF" % size)
        return data

    def _parse(self):
        line = self._line()
        marker, rest = line[:1], line[1:]
        if marker and marker in SCALARS:
            return (marker, rest)
        if marker and marker in BULKS + AGGREGATES:
            size = self._size(rest)
            if size < 0:
                return (marker, None)
            if marker in BULKS:
                return (marker, self._exactly(size))
            if marker in b"%|":
                size *= 2
            items = [self._parse() for _ in range(size)]
            return (marker, [items, self._parse()]) if marker == b"|" else (marker, items)
        raise ProtocolError("not a RESP reply: %r" % line[:80])

    @staticmethod
    def _size(text):
        try:
            size = int(text)
        except ValueError as error:
            raise ProtocolError("bad length %r" % text) from error
        if size < -1 or str(size).encode() != text:
            raise ProtocolError("bad length %r" % text)
        return size


def text_of(tree, limit=600):
    """A reply as one readable line: :1 "ab" [a, b] {k: v} nil -ERR ..., clipped to `limit` characters."""
    text = _text(tree)
    return text if len(text) <= limit else "%s... (%d characters)" % (text[:limit], len(text))


def quote(data):
    """Bytes as redis-cli would quote them, so that a printed sequence can be pasted back."""
    escapes = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
    return '"%s"' % "".join(escapes.get(c) or (chr(c) if 32 <= c < 127 else "\\x%02x" % c) for c in data)


def _text(tree):
    marker, value = tree
    if marker in SCALARS:
        return "nil3" if marker == b"_" else (marker + value).decode("latin-1")
    if marker in BULKS:
        prefix = "" if marker == b"$" else marker.decode()
        return "nil" if value is None else prefix + quote(value)
    if value is None:
        return "nil*"
    if marker == b"|":
        return "|%s| %s" % (", ".join(map(_text, value[0])), _text(value[1]))
    if marker == b"%":
        pairs = zip(value[::2], value[1::2])
        return "{%s}" % ", ".join("%s: %s" % (_text(k), _text(v)) for k, v in pairs)
    opening, closing = {b"*": ("[", "]"), b"~": ("~[", "]"), b">": (">[", "]")}[marker]
    return opening + ", ".join(map(_text, value)) + closing


def command_text(args, limit=400):
    """A command as one line that redis-cli accepts, clipped."""
    plain = set(range(33, 127)) - {0x22, 0x27, 0x5C, 0x23}
    words = [a.decode() if a and set(a) <= plain else quote(a) for a in map(to_bytes, args)]
    line = " ".join(w if len(w) < 200 else "%s...(%d bytes)" % (w[:60], len(to_bytes(a))) for w, a in zip(words, args))
    return line if len(line) <= limit else line[:limit] + "..."


def is_error(tree):
    """True for `-ERR ...` and for RESP3's long errors."""
    return tree[0] in b"-!"


def plain(tree):
    """The value without markers: bytes, None, or nested lists (maps as flat lists). For tests that only read."""
    marker, value = tree
    if marker == b"_" or value is None:
        return None
    if marker == b"|":
        return plain(value[1])
    return [plain(item) for item in value] if marker in AGGREGATES else value
