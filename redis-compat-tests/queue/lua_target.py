"""The waiting room by Lua: calls for the oracle's side, and a proxy behaviour that stands in for native commands.

The proxy is a stand-in for Usher: with it the suites of this folder can be tested, and shown to fail on the faults
below.
"""

import pathlib
import time

SCRIPT = (pathlib.Path(__file__).resolve().parent / "waiting_room.lua").read_text(encoding="utf-8")
CLAIM = """local user, stock = ARGV[1], tonumber(redis.call('GET', KEYS[1]) or 0)
if redis.call('SISMEMBER', KEYS[2], user) == 1 then return {'DUPLICATE', stock} end
if stock <= 0 then return {'SOLDOUT', 0} end
redis.call('SADD', KEYS[2], user)
local left = redis.call('DECR', KEYS[1])
if KEYS[3] then
  redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[2], '*', 'user', user, 'stock', KEYS[1], 'remaining', left)
end
return {'ISSUED', left}"""
NO_MAXLEN = b"1000000000"
WAIT_POLL_S = 0.01

# name: (what to replace in the script, by what). Each is a defect that an implementation might have.
FAULTS = {
    "token-without-ttl": ("redis.call('PEXPIREAT', token_key(user), expiry * 1000)", ""),
    "one-too-many": ("local admitted = math.min(count, room)", "local admitted = math.min(count, room + 1)"),
    "extend-not-counted": ("redis.call('HINCRBY', token_key(user), 'extend_count', 1)", ""),
    "admits-from-the-back": (
        "redis.call('ZRANGE', wait, 0, admitted - 1)",
        "redis.call('ZRANGE', wait, -admitted, -1)",
    ),
    "leave-keeps-token": ("  redis.call('DEL', token_key(user))\n", ""),
    "stays-in-line": (
        "    redis.call('ZREM', wait, user)\n",
        "    if #users < 3 then redis.call('ZREM', wait, user) end\n",
    ),
    "enters-twice": (
        "if present[2] ~= 'NONE' then return present end",
        "if present[2] == 'READY' or present[2] == 'ACTIVE' then return present end",
    ),
    "activate-not-renewed": (
        "renew(user, option.TTL or setting('active-ttl', 300))\n  return 1\nend\n\nfunction operations.EXTEND",
        "return 1\nend\n\nfunction operations.EXTEND",
    ),
    "paused-admits": ("if setting('state', 'open') == 'paused' then return {} end", ""),
    "oversells": ("if stock <= 0", "if stock <= -1"),
}
FAULTS_OF = {
    "queue": list(FAULTS),
    "properties": [
        "one-too-many",
        "admits-from-the-back",
        "leave-keeps-token",
        "stays-in-line",
        "enters-twice",
        "oversells",
    ],
}


def script_call(args, script=SCRIPT):
    """A native command as the EVAL that does the same, or None for any other command."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in args]
    name = words[0].upper()
    if name == b"QUEUE" and len(words) > 2 and words[1].upper() != b"CONFIG":
        operation, queue, rest = words[1].upper(), words[2], words[3:]
    elif name == b"QUEUE" and len(words) > 3 and words[2].upper() == b"SET":
        operation, queue, rest = b"CONFIG", words[3], [b"SET", *words[4:]]
    elif name in (b"ENTERQUEUE", b"MOVEACTIVE") and len(words) > 2:
        operation, queue, rest = name, words[1], words[2:]
    else:
        return None
    keys = [b"queue:%b:{%b}" % (kind, queue) for kind in (b"wait", b"active", b"config")]
    return ["EVAL", script, "3", *keys, queue, operation, *rest]


def claim_call(args, script=CLAIM):
    """CLAIMSTOCK stock issued user [STREAM key] [MAXLEN n] as the EVAL that does the same."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in args]
    options = {name.upper(): value for name, value in zip(words[4::2], words[5::2])}
    keys = words[1:3] + ([options[b"STREAM"]] if b"STREAM" in options else [])
    return ["EVAL", script, str(len(keys)), *keys, words[3], options.get(b"MAXLEN", NO_MAXLEN)]


def behaviour(fault=None):
    """A Proxy behaviour: native commands by Lua, the rest passes; with a fault, wrongly."""
    script, claim = SCRIPT, CLAIM
    if fault:
        old, new = FAULTS[fault]
        script, claim = SCRIPT.replace(old, new), CLAIM.replace(old, new)
        if (script, claim) == (SCRIPT, CLAIM):
            raise ValueError("fault %s changes nothing" % fault)

    def answer(args, forward):
        name = args[0].upper() if args else b""
        if name == b"QUEUE" and len(args) == 5 and args[1].upper() == b"WAIT":
            return _wait(args, forward, script)
        if name == b"CLAIMSTOCK" and len(args) > 3:
            return forward(*claim_call(args, claim))
        if name in (b"ENTERQUEUE", b"MOVEACTIVE", b"CLAIMSTOCK", b"QUEUE") and len(args) == 1:
            return b"-ERR wrong number of arguments for '%b' command\r\n" % name.lower()
        call = script_call(args, script)
        return forward(*(call or args))

    return answer


def _wait(args, forward, script):
    deadline = time.monotonic() + int(args[4]) / 1000
    while True:
        reply = forward(*script_call([b"QUEUE", b"STATUS", args[2], args[3]], script))
        if b"WAITING" not in reply or time.monotonic() >= deadline:
            return reply
        time.sleep(WAIT_POLL_S)
