"""Generators for scripts: commands of other generators, called from a script, with their key declared or not."""

from .registry import GENERATORS, command

# Commands whose replies have one form and one order on both servers.
CALLED = [
    "SET", "GET", "APPEND", "STRLEN", "INCR", "DECR", "EXISTS", "DEL", "TYPE", "PERSIST", "MGET",
    "HSET", "HGET", "HDEL", "HLEN", "HEXISTS", "HMGET", "LPUSH", "RPUSH", "LPOP", "LRANGE", "LLEN", "LINDEX",
    "SADD", "SREM", "SCARD", "SISMEMBER", "ZREM", "ZCARD", "ZCOUNT",
]  # fmt: skip
SCRIPTS = [
    "return redis.call(unpack(ARGV))",
    "local reply = redis.pcall(unpack(ARGV)) if type(reply) == 'table' and reply.err then return reply.err end return reply",
    "redis.call('EXISTS', KEYS[1] or 'none') return {redis.call(unpack(ARGV))}",
    "local a = redis.call(unpack(ARGV)) return cjson.encode({tostring(a), #ARGV})",
]


@command("EVAL", "EVAL_RO", weight=3, mutable=False)
def _eval(p, name):
    known = [called for called in CALLED if called in GENERATORS]
    steps = GENERATORS[p.pick(*known)].make(p)
    if len(steps) != 1:
        return steps
    words = steps[0]
    keys = [words[1]] if len(words) > 1 and p.chance(0.6) else []
    script = p.pick(*SCRIPTS[:3]) if name == "EVAL_RO" else p.pick(*SCRIPTS)
    if script is SCRIPTS[3] and words[0] not in ("GET", "INCR", "EXISTS"):
        script = SCRIPTS[0]
    return [[name, script, str(len(keys)), *keys, *words]]
