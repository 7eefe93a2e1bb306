"""redis-py: every area of the protocol through the library's typed replies."""

import time

import redis
from checks import PORT, RESP, SERVER, Skip, in_thread, raises, restart_server, run, same, wait_until
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

CURRENT = int(redis.__version__.split(".")[0]) >= 5  # RESP3, sharded channels, CLIENT SETINFO


def connect(**options):
    """A client of its own."""
    if CURRENT:
        options["protocol"] = RESP
    return redis.Redis(host="127.0.0.1", port=PORT, socket_timeout=15, **options)


r = connect()


def pairs(reply):
    """Members with scores: tuples in RESP2, lists in RESP3, where one popped pair comes alone."""
    if reply and not isinstance(reply[0], (list, tuple)):
        reply = [reply]
    return [tuple(pair) for pair in reply]


def connection():
    named = connect(client_name="checks", db=3, decode_responses=True)
    same(named.ping(), True)
    same(named.client_getname(), "checks")
    info = named.client_info()
    same((info["name"], int(info["db"])), ("checks", 3))
    if CURRENT:
        same(int(info["resp"]), RESP)
    if CURRENT and SERVER == "usher":
        same((info["lib-name"], info["lib-ver"]), ("redis-py", redis.__version__))
    same(named.client_id() in [int(client["id"]) for client in named.client_list()], True)
    same(named.echo("x"), "x")
    same(named.config_get("maxmemory-policy"), {"maxmemory-policy": "noeviction"})
    same(named.info("server")["redis_mode"], "standalone")
    same(named.set("a", 1) and named.dbsize(), 1)
    same(r.dbsize(), 0)
    same(named.command_count() > 200, True)
    named.close()


def strings():
    same(r.set("s", "v"), True)
    same(r.set("s", "w", nx=True), None)
    same(r.set("s", "w", xx=True, get=True), b"v")
    same(r.get("s"), b"w")
    same(r.get("missing"), None)
    same(r.set("t", "1", px=60000) and 0 < r.pttl("t") <= 60000, True)
    same(r.set("t", "2", keepttl=True) and r.ttl("t") > 0, True)
    same((r.incr("n"), r.incrby("n", 41), r.decr("n"), r.incrbyfloat("f", 2.5)), (1, 42, 41, 2.5))
    same((r.append("s", "xyz"), r.getrange("s", 1, 2), r.setrange("s", 0, "W"), r.strlen("s")), (4, b"xy", 4, 4))
    same(r.mset({"a": 1, "b": 2}), True)
    same(r.mget("a", "none", "b"), [b"1", None, b"2"])
    same(r.msetnx({"a": 3, "c": 4}), False)
    same((r.getdel("a"), r.getex("b", ex=10), r.exists("a", "b")), (b"1", b"2", 1))
    same((r.setbit("bits", 7, 1), r.bitcount("bits"), r.bitpos("bits", 1)), (0, 1, 7))
    same(r.bitfield("bf").set("u8", 0, 200).incrby("u8", 0, 100).execute(), [0, 44])
    same((r.pfadd("hll", "a", "b", "c"), r.pfcount("hll")), (1, 3))
    same((r.type("s"), r.object("encoding", "n")), (b"string", b"int"))


def hashes():
    same(r.hset("h", "f", "1"), 1)
    same(r.hset("h", mapping={"g": 2, "i": 3}), 2)
    same(r.hgetall("h"), {b"f": b"1", b"g": b"2", b"i": b"3"})
    same(r.hmget("h", "f", "x", "i"), [b"1", None, b"3"])
    same((r.hincrby("h", "f", 4), r.hincrbyfloat("h", "g", 0.5)), (5, 2.5))
    same((r.hexists("h", "f"), r.hexists("h", "x"), r.hlen("h"), r.hdel("h", "i", "x")), (True, False, 3, 1))
    same(sorted(r.hkeys("h")), [b"f", b"g"])
    same(r.hrandfield("h") in (b"f", b"g"), True)
    same(r.hsetnx("h", "f", 1), 0)


def lists():
    same((r.rpush("l", "a", "b", "c"), r.lpush("l", "z")), (3, 4))
    same(r.lrange("l", 0, -1), [b"z", b"a", b"b", b"c"])
    same((r.lindex("l", 1), r.llen("l"), r.lset("l", 0, "y"), r.lpos("l", "b")), (b"a", 4, True, 2))
    same((r.linsert("l", "before", "b", "x"), r.lrem("l", 1, "x"), r.ltrim("l", 0, 2)), (5, 1, True))
    same((r.lmove("l", "m", "LEFT", "RIGHT"), r.rpoplpush("l", "m")), (b"y", b"b"))
    same((r.lpop("m"), r.rpop("m", 5), r.lpop("m")), (b"b", [b"y"], None))
    key, popped = r.lmpop(2, "none", "l", direction="LEFT")
    same((key, list(popped)), (b"l", [b"a"]))


def sets():
    same((r.sadd("x", "a", "b", "c"), r.sadd("y", "b", "c", "d")), (3, 3))
    same(r.smembers("x"), {b"a", b"b", b"c"})
    same((r.sismember("x", "a"), r.sismember("x", "q"), r.smismember("x", "a", "q")), (1, 0, [1, 0]))
    same((set(r.sinter("x", "y")), set(r.sdiff("x", "y"))), ({b"b", b"c"}, {b"a"}))
    same(set(r.sunion("x", "y")), {b"a", b"b", b"c", b"d"})
    same((r.sintercard(2, ["x", "y"]), r.sinterstore("z", "x", "y"), r.smove("x", "y", "a")), (2, 2, True))
    same((r.scard("y"), r.srem("y", "a", "q"), r.srandmember("y", 10) and r.spop("z", 5) is not None), (4, 1, True))


def sorted_sets():
    same(r.zadd("zs", {"a": 1, "b": 2.5, "c": float("inf")}), 3)
    same((r.zscore("zs", "b"), r.zmscore("zs", ["a", "q", "c"])), (2.5, [1.0, None, float("inf")]))
    same(pairs(r.zrange("zs", 0, -1, withscores=True)), [(b"a", 1.0), (b"b", 2.5), (b"c", float("inf"))])
    same(r.zadd("zs", {"a": 5}, gt=True, ch=True), 1)
    same((r.zincrby("zs", 0.25, "a"), r.zrank("zs", "a"), r.zrevrank("zs", "c"), r.zcard("zs")), (5.25, 1, 0, 3))
    same(r.zrangebyscore("zs", "(2.5", "+inf", start=0, num=1), [b"a"])
    same(r.zrange("zs", "+inf", 2, byscore=True, desc=True), [b"c", b"a", b"b"])
    same((r.zcount("zs", 0, 10), r.zlexcount("zs", "-", "+"), r.zremrangebyrank("zs", 2, 2)), (2, 3, 1))
    r.zadd("zt", {"a": 1, "d": 2})
    same(r.zunionstore("zu", {"zs": 2, "zt": 1}, aggregate="MAX"), 3)
    same(pairs(r.zunion(["zs", "zt"], withscores=True)), [(b"d", 2.0), (b"b", 2.5), (b"a", 6.25)])
    same((pairs(r.zpopmin("zu")), pairs(r.zpopmax("zu"))), ([(b"d", 2.0)], [(b"a", 10.5)]))
    r.geoadd("geo", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"))
    same(round(r.geodist("geo", "Palermo", "Catania", unit="km")), 166)
    same(r.geosearch("geo", longitude=15, latitude=37, radius=100, unit="km"), [b"Catania"])


def streams():
    first = r.xadd("st", {"f": "1"}, id="5-1")
    same((first, r.xadd("st", {"f": "2", "g": "3"}, id="5-*"), r.xlen("st")), (b"5-1", b"5-2", 2))
    same(r.xrange("st", "-", "+", count=1), [(b"5-1", {b"f": b"1"})])
    same(r.xrevrange("st")[0], (b"5-2", {b"f": b"2", b"g": b"3"}))
    same(r.xgroup_create("st", "grp", id="0"), True)
    raises(redis.ResponseError, "BUSYGROUP", r.xgroup_create, "st", "grp")
    got = r.xreadgroup("grp", "alice", {"st": ">"}, count=1)
    same(str(got).count("5-1"), 1)
    same(r.xpending("st", "grp")["pending"], 1)
    same(r.xpending_range("st", "grp", "-", "+", 10)[0]["consumer"], b"alice")
    same(r.xclaim("st", "grp", "bob", 0, ["5-1"], justid=True), [b"5-1"])
    same(r.xautoclaim("st", "grp", "carol", 0, justid=True), [b"5-1"])
    same((r.xack("st", "grp", "5-1"), r.xreadgroup("grp", "alice", {"st": ">"}) and r.xack("st", "grp", "5-2")), (1, 1))
    info = r.xinfo_stream("st")
    same((info["length"], info["groups"], info["last-generated-id"]), (2, 1, b"5-2"))
    same([group["name"] for group in r.xinfo_groups("st")], [b"grp"])
    same({consumer["name"] for consumer in r.xinfo_consumers("st", "grp")}, {b"alice", b"bob", b"carol"})
    blocked = in_thread(lambda: connect().xread({"st": "$"}, block=5000))
    wait_until(lambda: int(r.info("clients")["blocked_clients"]) == 1)
    r.xadd("st", {"late": "x"}, id="6-0")
    same("late" in str(blocked()), True)
    same((r.xtrim("st", maxlen=1, approximate=False), r.xdel("st", "6-0"), r.xgroup_destroy("st", "grp")), (2, 1, 1))


def keys_and_expiry():
    r.mset({"k1": 1, "k2": 2})
    same((r.expire("k1", 100), r.ttl("k1") in (99, 100), r.persist("k1")), (True, True, True))
    same((r.ttl("k1"), r.ttl("none")), (-1, -2))
    same((r.rename("k1", "k3"), r.renamenx("k2", "k3"), r.copy("k3", "k4")), (True, False, True))
    same((r.delete("k4", "q"), r.unlink("k2")), (1, 1))
    raises(redis.ResponseError, "no such key", r.rename, "none", "x")
    r.set("gone", 1, px=20)
    same(wait_until(lambda: r.get("gone") is None), True)
    r.rpush("sortme", 3, 1, 2)
    same((r.sort("sortme", desc=True), r.touch("k3")), ([b"3", b"2", b"1"], 1))


def pipelines():
    pipe = r.pipeline(transaction=False)
    for n in range(5000):
        pipe.set("p%d" % n, n)
        pipe.get("p%d" % n)
    replies = pipe.execute()
    same((len(replies), replies[1], replies[9999]), (10000, b"0", b"4999"))
    pipe.set("p0", "text").incr("p0").get("p0")
    replies = pipe.execute(raise_on_error=False)
    same((replies[0], isinstance(replies[1], redis.ResponseError), replies[2]), (True, True, b"text"))


def transactions():
    with r.pipeline() as pipe:
        same(pipe.set("tx", 1).incr("tx").hset("txh", "f", 1).hgetall("txh").execute(), [True, 2, 1, {b"f": b"1"}])
    with r.pipeline() as pipe:
        pipe.watch("tx")
        value = int(pipe.get("tx"))
        r.set("tx", 50)
        pipe.multi()
        pipe.set("tx", value + 1)
        raises(redis.WatchError, "", pipe.execute)
    same(r.get("tx"), b"50")
    same(r.transaction(lambda pipe: pipe.multi() or pipe.incr("tx"), "tx"), [51])
    with r.pipeline() as pipe:
        pipe.set("a", 1).execute_command("NOSUCH").set("b", 1)
        raises(redis.ResponseError, "unknown command", pipe.execute)


def next_message(channel):
    """The next message of a subscriber, without the library's own fields."""
    message = channel.get_message(timeout=10)
    return message and (message["type"], message["pattern"], message["channel"], message["data"])


def channels():
    listener = r.pubsub()
    listener.subscribe("news")
    same(next_message(listener), ("subscribe", None, b"news", 1))
    listener.psubscribe("n*")
    same(next_message(listener), ("psubscribe", None, b"n*", 2))
    same(r.publish("news", "hello"), 2)
    got = {next_message(listener), next_message(listener)}
    same(got, {("message", None, b"news", b"hello"), ("pmessage", b"n*", b"news", b"hello")})
    same((r.pubsub_channels("ne*"), r.pubsub_numsub("news"), r.pubsub_numpat()), ([b"news"], [(b"news", 1)], 1))
    listener.ping()
    same(next_message(listener)[0], "pong")
    listener.unsubscribe()
    listener.punsubscribe()
    same([next_message(listener)[3] for _ in range(2)], [1, 0])
    listener.close()
    expired = r.pubsub()
    expired.psubscribe("__keyevent@0__:expired")
    next_message(expired)
    r.set("short", 1, px=30)
    same(next_message(expired)[3], b"short")
    expired.close()


def sharded_channels():
    listener = r.pubsub()
    if not hasattr(listener, "ssubscribe"):
        raise Skip("redis-py %s has none" % redis.__version__)
    listener.ssubscribe("orders")
    same(next_message(listener), ("ssubscribe", None, b"orders", 1))
    same(r.spublish("orders", "paid"), 1)
    message = wait_and_get(listener)
    same((message["channel"], message["data"]), (b"orders", b"paid"))
    same(r.pubsub_shardnumsub("orders"), [(b"orders", 1)])
    listener.close()


def wait_and_get(listener):
    """A sharded message is asked for by its own function."""
    found = []
    wait_until(lambda: found.append(listener.get_sharded_message(timeout=0.1)) or found[-1])
    return found[-1]


def blocking():
    started = time.monotonic()
    same((r.blpop("none", timeout=0.2), time.monotonic() - started >= 0.2), (None, True))
    r.rpush("have", "x")
    same(tuple(r.blpop(["none", "have"], timeout=1)), (b"have", b"x"))
    first = in_thread(lambda: connect().blpop("jobs", timeout=10))
    same(wait_until(lambda: int(r.info("clients")["blocked_clients"]) == 1), True)
    second = in_thread(lambda: connect().blpop("jobs", timeout=10))
    same(wait_until(lambda: int(r.info("clients")["blocked_clients"]) == 2), True)
    r.rpush("jobs", "one", "two")
    same((tuple(first()), tuple(second())), ((b"jobs", b"one"), (b"jobs", b"two")))
    moved = in_thread(lambda: connect().blmove("from", "to", 10, "RIGHT", "LEFT"))
    popped = in_thread(lambda: connect().bzpopmin("bz", timeout=10))
    same(wait_until(lambda: int(r.info("clients")["blocked_clients"]) == 2), True)
    r.rpush("from", "item")
    r.zadd("bz", {"m": 1.5})
    same((moved(), tuple(popped())), (b"item", (b"bz", b"m", 1.5)))


def scans():
    r.flushdb()
    with r.pipeline(transaction=False) as pipe:
        for n in range(3000):
            pipe.set("scan:%d" % n, n)
            pipe.hset("scan-h", "f%d" % n, n)
            pipe.sadd("scan-s", n)
            pipe.zadd("scan-z", {"m%d" % n: n})
        pipe.execute()
    same(len(set(r.scan_iter(match="scan:*", count=100))), 3000)
    same(set(r.scan_iter(_type="zset")), {b"scan-z"})
    same((len(dict(r.hscan_iter("scan-h"))), len(set(r.sscan_iter("scan-s")))), (3000, 3000))
    same(sum(score for _, score in r.zscan_iter("scan-z")), 4498500.0)
    same(len(r.keys("scan:*")), 3000)


def big_values():
    big = bytes(range(256)) * 4096
    same((r.set("big", big), r.get("big") == big, r.strlen("big")), (True, True, 1 << 20))
    r.rpush("big-list", *[big] * 4)
    same([len(item) for item in r.lrange("big-list", 0, -1)], [1 << 20] * 4)


def binary():
    key, value = b"k\x00\r\n\xff", b"\x00\r\n$5\r\n\xfe\xff"
    same((r.set(key, value), r.get(key)), (True, value))
    same((r.hset("bin", key, value), r.hgetall("bin")), (1, {key: value}))
    text = connect(decode_responses=True)
    same((text.set("päßwörter 🎫", "Grüße 🎟"), text.get("päßwörter 🎫")), (True, "Grüße 🎟"))


def errors():
    r.rpush("alist", 1)
    raises(redis.ResponseError, "WRONGTYPE", r.get, "alist")
    raises(redis.ResponseError, "not an integer", r.incrby, "str", "x")
    raises(redis.ResponseError, "unknown command", r.execute_command, "NOSUCH")
    raises(redis.ResponseError, "wrong number of arguments", r.execute_command, "GET")
    raises(redis.ResponseError, "syntax error", r.execute_command, "SET", "a", "b", "BAD")
    stranger = connect(username="nobody", password="wrong", retry=Retry(NoBackoff(), 0))
    raises(redis.RedisError, "invalid username-password pair", stranger.ping)
    same(r.ping(), True)


def tracking():
    """Messages redirected to a second connection, as RESP2 clients do it."""
    options = {"protocol": 2} if CURRENT else {}
    listener = redis.Redis(host="127.0.0.1", port=PORT, **options).pubsub()
    listener.subscribe("__redis__:invalidate")
    listener.get_message(timeout=5)
    one = redis.Redis(host="127.0.0.1", port=PORT, single_connection_client=True, **options)
    watcher_id = [client["id"] for client in r.client_list() if int(client["sub"]) == 1][0]
    one.execute_command("CLIENT", "TRACKING", "ON", "REDIRECT", watcher_id)
    one.get("cached")
    r.set("cached", 1)
    found = []
    wait_until(lambda: found.append(listener.get_message(timeout=0.1)) or (found[-1] or {}).get("type") == "message")
    same(found[-1]["data"], [b"cached"])
    listener.close()


def client_side_caching():
    if RESP == 2:
        raise Skip("the library's cache needs RESP3")
    from redis.cache import CacheConfig

    cached = connect(cache_config=CacheConfig(max_size=100), decode_responses=True)
    try:
        cached.set("cc", "1")
    except redis.ConnectionError as error:
        raise Skip(str(error)) from error
    same((cached.get("cc"), cached.get("cc"), cached.get_cache().size), ("1", "1", 1))
    r.set("cc", "2")
    same(wait_until(lambda: cached.get("cc") == "2"), True)
    cached.close()


def reconnecting():
    retry = Retry(ConstantBackoff(0.1), 50)
    patient = connect(retry=retry, retry_on_error=[redis.ConnectionError], client_name="patient")
    listener = patient.pubsub()
    listener.subscribe("after")
    next_message(listener)
    patient.set("before", 1)
    restart_server()
    same((patient.get("before"), patient.set("again", 1), patient.client_info()["name"]), (None, True, "patient"))
    same(wait_until(lambda: subscribed_again(listener)), True)
    same((r.publish("after", "the restart"), listener.get_message(timeout=5)["data"]), (1, b"the restart"))
    listener.close()


def subscribed_again(listener):
    """Older releases say once that the connection was lost."""
    try:
        return (listener.get_message(timeout=0.1) or {}).get("type") == "subscribe"
    except redis.ConnectionError:
        return False


def fields(reply):
    """A map of the waiting room: a flat array in RESP2."""
    if isinstance(reply, dict):
        return reply
    return dict(zip(reply[::2], reply[1::2]))


def waiting_room():
    if SERVER != "usher":
        raise Skip("redis-server has no waiting room")
    entered = [fields(r.execute_command("ENTERQUEUE", "show", user)) for user in ("alice", "bob", "alice")]
    same([(reply[b"status"], reply[b"position"]) for reply in entered], [(b"NEW", 0), (b"NEW", 1), (b"WAITING", 0)])
    user, token = r.execute_command("MOVEACTIVE", "show", 1, "WITHTOKENS")
    status = fields(r.execute_command("QUEUE", "STATUS", "show", "alice"))
    same((user, status[b"status"], status[b"token"] == token), (b"alice", b"READY", True))
    same((r.execute_command("QUEUE", "ACTIVATE", "show", "alice"), r.zcard("queue:wait:{show}")), (1, 1))
    waiting = in_thread(lambda: fields(connect().execute_command("QUEUE", "WAIT", "show", "bob", 10000)))
    wait_until(lambda: int(r.info("clients")["blocked_clients"]) == 1)
    same((r.execute_command("MOVEACTIVE", "show", 5), waiting()[b"status"]), ([b"bob"], b"READY"))
    same(r.execute_command("MOVEACTIVE", "show", 5, "JSON"), b"[]")
    same(fields(r.execute_command("QUEUE", "INFO", "show"))[b"active"], 2)
    raises(redis.ResponseError, "", r.execute_command, "ENTERQUEUE", "bad{name", "x")


r.flushall()
run(
    [
        connection,
        strings,
        hashes,
        lists,
        sets,
        sorted_sets,
        streams,
        keys_and_expiry,
        pipelines,
        transactions,
        channels,
        sharded_channels,
        blocking,
        scans,
        big_values,
        binary,
        errors,
        tracking,
        client_side_caching,
        reconnecting,
        waiting_room,
    ]
)
