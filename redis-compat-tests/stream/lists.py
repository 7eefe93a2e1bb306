"""Generators for the list commands, and for SORT."""

from .registry import command

ELEMENTS = ["a", "b", "c", "aa", "", "0", "1", "2", "10", "-3", "63", "127", "4096", "2.5", "abcdef0123456789", "token"]


def _element(p):
    """Few different texts, so that searches find something; sometimes anything."""
    if p.chance(0.85):
        return p.pick(*ELEMENTS)
    return p.value() if p.chance(0.5) else p.member()


def _side(p):
    return p.cased(p.pick("LEFT", "RIGHT")) if p.chance(0.97) else "MIDDLE"


@command("LPUSH", "RPUSH", weight=5)
def _push(p, name):
    return [[name, p.key("list")] + [_element(p) for _ in range(p.random.randint(1, 5))]]


@command("LPUSHX", "RPUSHX")
def _push_if_exists(p, name):
    return [[name, p.key("list")] + [_element(p) for _ in range(p.random.randint(1, 2))]]


@command("LPUSHMANY", weight=0.6, mutable=False)
def _push_many(p):
    # Past the size of a node in one go.
    filler = p.pick("x" * 100, "y" * 1000, "1234567", "element:")
    elements = ["%s%d" % (filler, i) for i in range(p.pick(10, 80, 400))]
    return [[p.pick("LPUSH", "RPUSH"), p.key("list")] + elements]


@command("LPOP", "RPOP", weight=2.5)
def _pop(p, name):
    args = [name, p.key("list")]
    if p.chance(0.4):
        args.append(p.count())
    return [args]


@command("LLEN", weight=2)
def _llen(p):
    return [["LLEN", p.key("list")]]


@command("LINDEX", weight=2)
def _lindex(p):
    return [["LINDEX", p.key("list"), p.index()]]


@command("LRANGE", weight=3)
def _lrange(p):
    return [["LRANGE", p.key("list"), p.index(), p.index()]]


@command("LSET", weight=2)
def _lset(p):
    return [["LSET", p.key("list"), p.index(), _element(p)]]


@command("LINSERT", weight=2)
def _linsert(p):
    return [["LINSERT", p.key("list"), p.cased(p.pick("BEFORE", "AFTER")), _element(p), _element(p)]]


@command("LREM", weight=1.5)
def _lrem(p):
    return [["LREM", p.key("list"), p.index(), _element(p)]]


@command("LTRIM")
def _ltrim(p):
    key = p.key("list")
    if p.chance(0.3):
        return [["LTRIM", key, p.index(), p.index()]]
    return [["LTRIM", key, p.pick("0", "1", "-5", "-100"), p.pick("-1", "-2", "5", "100")]]


@command("LPOS", weight=2)
def _lpos(p):
    args = ["LPOS", p.key("list"), _element(p)]
    if p.chance(0.5):
        # 7.0 takes the least integer, whose negation it cannot have.
        args += [p.cased("RANK"), p.pick("1", "2", "-1", "-2", "0", "abc", "9223372036854775807")]
    if p.chance(0.5):
        args += [p.cased("COUNT"), p.count()]
    if p.chance(0.3):
        args += [p.cased("MAXLEN"), p.count()]
    return [args]


@command("LMOVE", weight=2)
def _lmove(p):
    return [["LMOVE", p.key("list"), p.key("list"), _side(p), _side(p)]]


@command("RPOPLPUSH", weight=2)
def _rpoplpush(p):
    return [["RPOPLPUSH", p.key("list"), p.key("list")]]


@command("LMPOP")
def _lmpop(p):
    keys = p.keys("list")
    args = [str(len(keys)) if p.chance(0.95) else p.integer(), *keys, _side(p)]
    if p.chance(0.5):
        args += [p.cased("COUNT"), p.count()]
    return [["LMPOP", *args]]


# Blocking commands are left as they are: another timeout might be no end.
@command("BLMPOP", mutable=False)
def _blmpop(p):
    return [["BLMPOP", "0.001", *_lmpop(p)[0][1:]]]


@command("BLPOP", "BRPOP", mutable=False)
def _blpop(p, name):
    return [[name, *p.keys("list"), p.pick("0.001", "0.001", "0.001", "-1", "abc", "inf")]]


@command("BLMOVE", mutable=False)
def _blmove(p):
    return [["BLMOVE", p.key("list"), p.key("list"), _side(p), _side(p), "0.001"]]


@command("BRPOPLPUSH", mutable=False)
def _brpoplpush(p):
    return [["BRPOPLPUSH", p.key("list"), p.key("list"), "0.001"]]


@command("SORT", "SORT_RO", weight=1.5)
def _sort(p, name):
    kind = p.pick("list", "list", "set", "zset")
    args = [name, p.key(kind)]
    stores = name == "SORT" and p.chance(0.25)
    # Whatever the key is called it may hold a set, whose own order only STORE makes certain.
    by = p.pick(None, None, None, "nosort" if stores else None, "num:*", "hash:*->m1", "*")
    # Equal weights leave the order open, so BY goes without ALPHA, which has no second criterion.
    if by is not None:
        args += [p.cased("BY"), by]
    elif p.chance(0.6):
        args.append(p.cased("ALPHA"))
    if p.chance(0.4):
        args += [p.cased("LIMIT"), p.index(), p.index()]
    for _ in range(p.pick(0, 0, 1, 2)):
        args += [p.cased("GET"), p.pick("#", "num:*", "string:*", "hash:*->m1", "none", "#x")]
    if p.chance(0.5):
        args.append(p.cased(p.pick("ASC", "DESC")))
    if stores:
        args += [p.cased("STORE"), p.key("list")]
    # The oracle takes the errno that an earlier command left behind for one of its own; ZADD's score clears it.
    return [["ZADD", "zset:errno", "1", "m"], args]


@command("SORTWEIGHTS", weight=0.5, mutable=False)
def _weights(p):
    # What BY and GET find: num:0 ... are numbers mostly, hash:1->m1 anything.
    return [["RPUSH", p.key("list"), *(str(p.random.randrange(6)) for _ in range(4))]]
