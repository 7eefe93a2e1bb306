"""The whole state of a server as a dictionary: every key of every database with type, encoding, expiry and content."""

from ..harness.normalise import TTL_TOLERANCE_MS
from ..harness.resp import plain, text_of

CHUNK = 200


def whole_state(client, databases=range(16)):
    """{(db, key): (type, encoding, expiry in ms, content)}. Content of unordered types is sorted."""
    state = {}
    for db in databases:
        client.call("SELECT", db)
        keys = sorted(plain(client.call("KEYS", "*")))
        for begin in range(0, len(keys), CHUNK):
            state.update(_state_of(client, db, keys[begin : begin + CHUNK]))
    return state


def _state_of(client, db, keys):
    facts = client.pipeline(
        [
            (name, *sub, key)
            for key in keys
            for name, sub in (("TYPE", ()), ("OBJECT", ("ENCODING",)), ("PEXPIRETIME", ()))
        ]
    )
    kinds = [fact[1] for fact in facts[::3]]
    contents = client.pipeline([_reader(kind, key) for kind, key in zip(kinds, keys)])
    state = {}
    for index, (key, kind, content) in enumerate(zip(keys, kinds, contents)):
        encoding = facts[3 * index + 1]
        # Expired between KEYS and here: gone on both sides soon enough, so not part of the state.
        if kind != b"none":
            state[db, key] = (kind, encoding[1], int(facts[3 * index + 2][1]), _canonical(kind, encoding[1], content))
    return state


def _reader(kind, key):
    readers = {
        b"string": ("GET", key),
        b"hash": ("HGETALL", key),
        b"zset": ("ZRANGE", key, 0, -1, "WITHSCORES"),
        b"list": ("LRANGE", key, 0, -1),
        b"set": ("SMEMBERS", key),
        b"stream": ("XRANGE", key, "-", "+"),
    }
    return readers.get(kind, ("EXISTS", key))


def _canonical(kind, encoding, tree):
    flat = plain(tree)
    if kind == b"zset":  # as the normaliser score-digits: 7.2 prints the shortest digits
        return [float(word) if i % 2 else word for i, word in enumerate(flat)]
    if kind == b"hash" and encoding != b"listpack":
        return sorted(zip(flat[::2], flat[1::2]))
    return sorted(flat) if kind == b"set" else (text_of(tree, 10**9) if flat is None else flat)


def differences(oracle, target, limit=8):
    """Lines that say where two states differ; expiries may differ by the clocks' tolerance."""
    lines = []
    for where in sorted(set(oracle) | set(target)):
        left, right = oracle.get(where), target.get(where)
        if left is None or right is None:
            lines.append("db %d key %r: oracle %s, target %s" % (*where, _brief(left), _brief(right)))
            continue
        for label, a, b in zip(("type", "encoding", "expiry", "content"), left, right):
            close = label == "expiry" and min(a, b) > 0 and abs(a - b) <= TTL_TOLERANCE_MS
            # 7.2 packs small sets, 7.0 cannot (the normaliser small-packed).
            packed = label == "encoding" and left[0] == b"set" and (a, b) == (b"hashtable", b"listpack")
            packed_list = label == "encoding" and (a, b) == (b"quicklist", b"listpack")
            if a != b and not close and not packed_list and not (packed and _fits_listpack(right[3])):
                lines.append("db %d key %r %s: oracle %s, target %s" % (*where, label, *_around(a, b)))
        if len(lines) >= limit:
            break
    return lines


def _fits_listpack(members):
    return len(members) <= 128 and max(map(len, members)) <= 64


def _brief(entry):
    return "missing" if entry is None else "%s %s %s" % (entry[0].decode(), entry[1], repr(entry[3])[:120])


def _around(a, b):
    """Both values, from the first place where they differ."""
    left, right = repr(a), repr(b)
    if len(left) < 200 and len(right) < 200:
        return left, right
    first = next((i for i, (x, y) in enumerate(zip(left, right)) if x != y), min(len(left), len(right)))
    begin = max(0, first - 30)
    return ["...%s... (%d characters)" % (text[begin : first + 90], len(text)) for text in (left, right)]
