"""The `command` suite: what COMMAND says about every command the target has, field by field.

Commands of the oracle that the target does not have are counted as skipped; commands that only the target has are
listed. Check ids are `command/<field>/<name>`, so that one field of one command can be a known difference.
"""

from ..harness.resp import Client, is_error, plain

FIELDS = ("name", "arity", "flags", "first", "last", "step", "categories", "tips", "keyspecs")
UNORDERED = {"flags", "categories", "tips"}
DOC_FIELDS = ("summary", "since", "group", "complexity", "arguments", "doc_flags")

# Command lines whose keys COMMAND GETKEYS and GETKEYSANDFLAGS must name: fixed positions, counted keys, keys behind
# options.
GETKEYS = [
    "GET k",
    "SET k v GET",
    "SET k v",
    "MSET a 1 b 2",
    "MGET a b c",
    "DEL a b",
    "RENAME a b",
    "COPY a b DB 1",
    "OBJECT ENCODING k",
    "SET k v GET",
    "SET k GET EX 10",
    "SET k v EX 10 get NX",
    "BITFIELD k",
    "BITFIELD k GET u4 0 OVERFLOW SAT GET u4 4",
    "BITFIELD k GET u4 0 SET u4 0 1",
    "BITFIELD k OVERFLOW GET",
    "BITFIELD k GET u4",
    "BITFIELD k FOO",
    "MEMORY USAGE k",
    "ZUNION 2 a b WITHSCORES",
    "ZUNIONSTORE d 2 a b",
    "ZINTERCARD 2 a b LIMIT 1",
    "ZDIFF 1 a",
    "ZMPOP 2 a b MIN",
    "BZMPOP 0 2 a b MIN",
    "BZPOPMIN a b 0",
    "ZRANGESTORE d s 0 -1",
    "ZADD z 1 m",
    "LCS a b",
    "GETEX k",
    "HSET h f v",
    "PING",
    "ZUNION 3 a b",
    "ZUNION x a",
    "NOSUCH a",
    "GET",
    "SELECT 1",
    "SCAN 0",
    "HRANDFIELD h 1",
    "GETDEL k",
    "CONFIG GET x",
    "EXPIRE k 1",
]


def run(context):
    """All parts; each needs COMMAND in the target and says so when it is not there."""
    with Client(context.pair.ports[0]) as oracle, Client(context.pair.ports[1]) as target:
        listed = target.call("COMMAND", "LIST")
        if is_error(listed):
            context.report.fail("command/list", "COMMAND LIST: %s" % listed[1].decode("latin-1"))
            return
        ours = {name.decode() for name in plain(listed)}
        theirs = {name.decode() for name in plain(oracle.call("COMMAND", "LIST"))}
        missing = sorted(theirs - ours)
        if missing:
            context.report.skip("command", "target does not have: " + " ".join(missing), len(missing))
        if ours - theirs:
            context.report.say("command: only the target has: " + " ".join(sorted(ours - theirs)))
        shared = sorted(ours & theirs)
        _count(context, target, ours)
        _info(context, oracle, target, shared)
        _docs(context, oracle, target, shared)
        _list_filters(context, oracle, target, set(shared))
        _get_keys(context, oracle, target, ours)


def _count(context, target, ours):
    count = target.call("COMMAND", "COUNT")
    top = sum("|" not in name for name in ours)  # LIST names subcommands too, COUNT does not count them
    context.report.check("command/count", plain(count) == b"%d" % top, lambda: "COUNT %s, LIST has %d" % (count, top))


def _info(context, oracle, target, names):
    left, right = (_rows(client.call("COMMAND", "INFO", *names)) for client in (oracle, target))
    for name in sorted(left):
        if name in right:
            _compare_row(context, "command/%s/" + name, left[name], right[name])
        elif "|" in name:
            context.report.skip("command/subcommand/" + name, "target does not have it")
        else:
            context.report.fail("command/info/" + name, "COMMAND INFO says nothing about it", name, "missing")


def _rows(tree):
    """{name: row} of all commands and subcommands."""
    rows = {}
    for row in plain(tree):
        if row:
            rows[row[0].decode()] = row
            rows.update({sub[0].decode(): sub for sub in row[9] or []})
    return rows


def _compare_row(context, pattern, left, right):
    for field, a, b in zip(FIELDS, left, right):
        if field in UNORDERED:
            a, b = sorted(a or []), sorted(b or [])
        if field == "keyspecs":
            a, b = ([_spec(spec) for spec in specs or []] for specs in (a, b))
        context.report.check(pattern % field, a == b, lambda a=a, b=b: "oracle %s\ntarget %s" % (a, b), str(a), str(b))


def _spec(spec):
    fields = dict(zip(spec[::2], spec[1::2]))
    return {**fields, b"flags": sorted(fields.get(b"flags", []))}


def _docs(context, oracle, target, names):
    left, right = (_doc_tree(client.call("COMMAND", "DOCS", *names)) for client in (oracle, target))
    for name in names:
        docs = left.get(name), right.get(name)
        if docs[1] is None:
            context.report.fail(
                "command/docs/" + name, "COMMAND DOCS says nothing about it", str(docs[0])[:80], "missing"
            )
            continue
        for field in DOC_FIELDS:
            a, b = (_without_display(doc.get(field.encode())) for doc in docs)
            context.report.check(
                "command/docs-%s/%s" % (field, name),
                a == b,
                lambda a=a, b=b: "oracle %s\ntarget %s" % (str(a)[:500], str(b)[:500]),
                str(a),
                str(b),
            )


def _doc_tree(tree):
    if is_error(tree):
        return {}
    flat = plain(tree)
    return {name.decode(): dict(zip(doc[::2], doc[1::2])) for name, doc in zip(flat[::2], flat[1::2])}


def _without_display(value):
    """Arguments without display_text, which 7.2 added to every one of them."""
    if not isinstance(value, list):
        return value
    kept = list(value)
    if b"display_text" in kept:
        at = kept.index(b"display_text")
        del kept[at : at + 2]
    return [_without_display(item) for item in kept]


def _list_filters(context, oracle, target, shared):
    filters = [
        ("PATTERN", "z*"),
        ("PATTERN", "*get*"),
        ("PATTERN", "nosuch"),
        ("ACLCAT", "sortedset"),
        ("ACLCAT", "nosuch"),
        ("ACLCAT", "hash"),
        ("MODULE", "nosuch"),
        ("FOO", "x"),
    ]
    for kind, value in filters:
        replies = [client.call("COMMAND", "LIST", "FILTERBY", kind, value) for client in (oracle, target)]
        if not any(map(is_error, replies)):
            replies = [sorted({name.decode() for name in plain(reply)} & shared) for reply in replies]
        context.report.check(
            "command/filterby/%s-%s" % (kind, value),
            replies[0] == replies[1],
            lambda replies=replies: "oracle %s\ntarget %s" % tuple(replies),
        )
    for args in (
        ["LIST", "FILTERBY"],
        ["LIST", "FOO"],
        ["COUNT", "x"],
        ["GETKEYS"],
        ["INFO", "nosuch"],
        ["DOCS", "nosuch"],
        ["HELP"],
        ["INFO", "get", "nosuch", "config|get"],
    ):
        replies = [client.call("COMMAND", *args) for client in (oracle, target)]
        context.report.check(
            "command/%s" % "-".join(args),
            _sets(replies[0]) == _sets(replies[1]),
            lambda replies=replies: "oracle %s\ntarget %s" % tuple(replies),
            str(replies[0]),
            str(replies[1]),
        )


def _sets(tree):
    """A tree with its arrays of flags sorted: flags and categories have no order."""
    if isinstance(tree[1], list):
        items = [_sets(item) for item in tree[1]]
        return (tree[0], sorted(items, key=repr) if all(item[0] == b"+" for item in items) else items)
    return tree


def _get_keys(context, oracle, target, ours):
    for line in GETKEYS:
        words = line.split()
        if words[0].lower() not in ours and words[0] != "NOSUCH":
            context.report.skip("command/getkeys/" + line, "target does not have it")
            continue
        for sub in ("GETKEYS", "GETKEYSANDFLAGS"):
            left, right = (client.call("COMMAND", sub, *words) for client in (oracle, target))
            context.report.check(
                "command/%s/%s" % (sub.lower(), line),
                _sets(left) == _sets(right),
                lambda left=left, right=right: "oracle %s\ntarget %s" % (left, right),
                str(left),
                str(right),
            )
