"""The `protocol` suite: raw bytes on a socket. Compared: every byte that comes back, and whether it then closes.

Each exchange is sent three ways: at once, one byte at a time, and in random pieces; the replies must be the same.
"""

import random
import time

from ..harness.resp import Client, Closed, NoReply

QUIET_S = 0.12
PIECE_PAUSE_S = 0.0002

# name: bytes to send. What is written is data, not a command line, so that broken forms can be said.
EXCHANGES = {
    "inline ping": b"PING\r\n",
    "inline with newline only": b"PING\n",
    "inline arguments": b"SET inl  'a b'\r\nGET inl\r\n",
    "inline quotes": b'SET inl "\\x41\\n\\t\\"b"\r\nGET inl\r\n',
    "inline tabs and blanks": b"  PING   \r\n",
    "inline unbalanced quotes": b'SET inl "abc\r\nPING\r\n',
    "inline text after quote": b'SET inl "abc"d\r\nPING\r\n',
    "inline single quotes": b"SET inl 'it\\'s'\r\nGET inl\r\n",
    "empty lines": b"\r\n\r\nPING\r\n",
    "only newline": b"\nPING\r\n",
    "inline case": b"pInG\r\n",
    "inline nul": b"SET inl a\x00b\r\nGET inl\r\n",
    "inline unknown": b"nosuch a b\r\n",
    "inline http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "http post": b"POST / HTTP/1.1\r\nPING\r\n",
    "host header": b"Host: x\r\nPING\r\n",
    "pipeline": b"*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nPING\r\n",
    "empty array": b"*0\r\n*1\r\n$4\r\nPING\r\n",
    "negative array": b"*-1\r\n*1\r\n$4\r\nPING\r\n",
    "very negative array": b"*-10\r\n*1\r\n$4\r\nPING\r\n",
    "array not a number": b"*abc\r\n*1\r\n$4\r\nPING\r\n",
    "array with blank": b"* 1\r\n$4\r\nPING\r\n",
    "array with plus": b"*+1\r\n$4\r\nPING\r\n",
    "array leading zero": b"*01\r\n$4\r\nPING\r\n",
    "array empty length": b"*\r\nPING\r\n",
    "array too long": b"*1048577\r\nPING\r\n",
    "array longest": b"*2147483648\r\nPING\r\n",
    "bulk expected": b"*1\r\n:4\r\nPING\r\n",
    "bulk expected, other letter": b"*2\r\n$4\r\nECHO\r\nfoo\r\n",
    "bulk expected, control byte": b"*1\r\n\x01\r\n",
    "bulk expected, high byte": b"*1\r\n\xff\r\n",
    "bulk negative": b"*1\r\n$-1\r\n",
    "bulk not a number": b"*1\r\n$abc\r\nPING\r\n",
    "bulk empty length": b"*1\r\n$\r\nPING\r\n",
    "bulk leading zero": b"*1\r\n$04\r\nPING\r\n",
    "bulk plus": b"*1\r\n$+4\r\nPING\r\n",
    "bulk too long": b"*2\r\n$4\r\nECHO\r\n$536870913\r\n",
    "bulk overflow": b"*2\r\n$4\r\nECHO\r\n$99999999999999999999\r\n",
    "bulk of no bytes": b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
    "command of no bytes": b"*1\r\n$0\r\n\r\nPING\r\n",
    "bulk with any end": b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
    "bulk with binary": b"*2\r\n$4\r\nECHO\r\n$6\r\n\r\n\x00\xff\r\n\r\n",
    "newline only after array": b"*1\n$4\r\nPING\r\n",
    "newline only after bulk": b"*1\r\n$4\nPING\r\n\r\n",
    "partial array": b"*2\r\n$4\r\nECHO\r\n",
    "partial bulk": b"*2\r\n$4\r\nECHO\r\n$10\r\nabc",
    "partial line": b"*2",
    "garbage": b"\x00\x01\x02\x03\r\nPING\r\n",
    "dollar first": b"$4\r\nPING\r\n",
    "resp3 map as request": b"%1\r\n$4\r\nPING\r\n",
    "quit, then more": b"*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n",
    "inline quit": b"QUIT\r\nPING\r\n",
    "error, then more": b"*1\r\n$3\r\nGET\r\n*1\r\n$4\r\nPING\r\n",
    "hello in a pipeline": b"HELLO 3 FOO\r\nHELLO nope\r\nPING\r\n",
    "many arguments": b"*1001\r\n$6\r\nEXISTS\r\n" + b"$1\r\nk\r\n" * 1000,
}

# The server closes at once, and a reply that is still on its way is lost or not, as the pieces fall.
ONLY_WHOLE = {"inline http", "http post", "host header"}

# Too long to be sent byte by byte.
LONG = {
    "inline too long": b"a" * (70 * 1024),
    "inline too long with end": b"ECHO " + b"a" * (70 * 1024) + b"\r\n",
    "array header too long": b"*" + b"1" * (70 * 1024),
    "bulk header too long": b"*1\r\n$" + b"1" * (70 * 1024),
    "100 KB value": b"*2\r\n$4\r\nECHO\r\n$100000\r\n" + b"v" * 100_000 + b"\r\nPING\r\n",
    "5000 pings": b"PING\r\n" * 5000,
    "5000 arrays": b"*1\r\n$4\r\nPING\r\n" * 5000,
}


def run(context):
    """Every exchange on both servers, whole and in pieces."""
    source = random.Random("protocol/%s" % context.seed)
    for name, data in EXCHANGES.items():
        expected = _exchange(context.pair.ports[0], [data])
        ways = {"whole": [data]}
        if name not in ONLY_WHOLE:
            ways["pieces"] = _pieces(source, data)
            ways["bytes"] = [data[i : i + 1] for i in range(len(data))] if len(data) < 200 else ways["pieces"]
        for way, pieces in ways.items():
            _compare(context, "protocol/%s/%s" % (name, way), expected, pieces)
    for name, data in LONG.items():
        _compare(context, "protocol/%s/whole" % name, _exchange(context.pair.ports[0], [data]), [data])
    _unauthenticated(context)


def _compare(context, check_id, expected, pieces):
    got = _exchange(context.pair.ports[1], pieces)
    context.report.check(
        check_id,
        got == expected,
        lambda: "sent %r\noracle %s\ntarget %s" % (b"".join(pieces)[:120], *map(_show, (expected, got))),
        *map(_show, (expected, got)),
    )


def _show(result):
    data, closed = result
    return "%r%s%s" % (data[:200], "..." if len(data) > 200 else "", ", closed" if closed else ", open")


def _pieces(source, data):
    pieces, at = [], 0
    while at < len(data):
        size = source.randint(1, 30)
        pieces.append(data[at : at + size])
        at += size
    return pieces


def _exchange(port, pieces):
    """All bytes the server sends until it falls silent or closes, and whether it closed."""
    with Client(port, timeout=5.0) as client:
        try:
            for piece in pieces:
                client.send_raw(piece)
                if len(pieces) > 1:
                    time.sleep(PIECE_PAUSE_S)
        except (Closed, ConnectionError):
            pass  # closed early: what it said before still counts
        received = bytearray()
        client.socket.settimeout(QUIET_S)
        while True:
            try:
                data = client.socket.recv(1 << 16)
            except TimeoutError:
                return client.collected() + bytes(received), False
            except ConnectionError:
                data = b""
            if not data:
                return client.collected() + bytes(received), True
            received += data


def _unauthenticated(context):
    """Before AUTH, Redis takes only short requests."""
    for port in context.pair.ports:
        with Client(port) as client:
            client.call("CONFIG", "SET", "requirepass", "secret")
    try:
        for name, data in {
            "array": b"*11\r\n",
            "bulk": b"*1\r\n$16385\r\n",
            "short": b"*1\r\n$4\r\nPING\r\n",
            "ten": b"*10\r\n$4\r\nPING\r\n",
        }.items():
            _compare(
                context, "protocol/unauthenticated %s/whole" % name, _exchange(context.pair.ports[0], [data]), [data]
            )
    finally:
        for port in context.pair.ports:
            with Client(port) as client:
                try:
                    client.call("AUTH", "secret")
                    client.call("CONFIG", "SET", "requirepass", "")
                except NoReply:
                    pass  # the comparison above has already said that this server is in trouble
