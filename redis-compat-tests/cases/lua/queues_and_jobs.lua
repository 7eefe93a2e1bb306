-- Job queues and schedulers: lists, delayed sets, priorities, flows, in the styles of the known libraries.

--- delayed: jobs whose time has come move to the list
--! run ZADD schedule 10 a 20 b 30 c 99 d
--! keys schedule ready
--! args 30 100
local jobs = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, job in ipairs(jobs) do
  redis.call('ZREM', KEYS[1], job)
  redis.call('LPUSH', KEYS[2], job)
end
return #jobs

--- delayed: one job at a time, as Sidekiq's poller takes them
--! run ZADD schedule 5 {"jid":"1","queue":"default"} 50 {"jid":"2","queue":"low"}
--! keys schedule
--! args 10
local key, now = KEYS[1], ARGV[1]
local jobs = redis.call("zrange", key, "-inf", now, "byscore", "limit", 0, 1)
if jobs[1] then
  redis.call("zrem", key, jobs[1])
  return jobs[1]
end

--- delayed: pushed to the queue that the job names
--! run ZADD schedule 5 {"jid":"1","queue":"mail"} 6 {"jid":"2","queue":"low"}
--! keys schedule
--! args 10
local moved = {}
for _, text in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 0, ARGV[1])) do
  local job = cjson.decode(text)
  redis.call('SADD', 'queues', job.queue)
  redis.call('LPUSH', 'queue:' .. job.queue, text)
  redis.call('ZREM', KEYS[1], text)
  table.insert(moved, job.jid)
end
return moved

--- reliable queue: to the processing list and back
--! run RPUSH todo a b c
--! keys todo doing
--! args 2
local out = {}
for i = 1, ARGV[1] do
  out[i] = redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
end
redis.call('LREM', KEYS[2], 1, out[1])
return {out, redis.call('LRANGE', KEYS[1], 0, -1), redis.call('LRANGE', KEYS[2], 0, -1)}

--- unique jobs: the second enqueue is refused
--! run SET unique:h1 1
--! keys queue
--! args h1 job1 h2 job2
local added = 0
for i = 1, #ARGV, 2 do
  if redis.call('SET', 'unique:' .. ARGV[i], 1, 'NX', 'EX', 3600) then
    redis.call('RPUSH', KEYS[1], ARGV[i + 1])
    added = added + 1
  end
end
return {added, redis.call('LLEN', KEYS[1])}

--- priorities: the highest list that has something
--! run RPUSH q:low a
--! run RPUSH q:high b c
--! keys q:high q:mid q:low
local result
for i = 1, #KEYS do
  result = redis.call('LPOP', KEYS[i])
  if result then return {KEYS[i], result} end
end
return result

--- priorities: scores with a counter, as a priority queue
--! run SET counter 7
--! keys prio counter
--! args 3 job-a 1 job-b 3 job-c
for i = 1, #ARGV, 2 do
  local n = redis.call('INCR', KEYS[2])
  redis.call('ZADD', KEYS[1], ARGV[i] * 0x100000000 + n % 0x100000000, ARGV[i + 1])
end
return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')

--- add a job: id, hash, wait list, event stream
--! keys bull:q:wait bull:q:id bull:q: bull:q:events
--! args send {"to":"bob"} {"attempts":3} 1700000000000
local id = redis.call("INCR", KEYS[2])
local key = KEYS[3] .. id
redis.call("HMSET", key, "name", ARGV[1], "data", ARGV[2], "opts", ARGV[3], "timestamp", ARGV[4], "delay", 0,
  "priority", 0)
redis.call("XADD", KEYS[4], "1-1", "event", "added", "jobId", id, "name", ARGV[1])
redis.call("LPUSH", KEYS[1], id)
redis.call("XADD", KEYS[4], "1-2", "event", "waiting", "jobId", id)
return id .. ""

--- add a job: options as MessagePack, parent and delay
--! keys q:id q:delayed
--! args 1700000000000
local packed = cmsgpack.pack({"q:", "", "name", 1700000000000, nil, "parent"})
local opts = cmsgpack.pack({delay = 5000, attempts = 3, backoff = {type = "exponential", delay = 1000}})
local args = cmsgpack.unpack(packed)
local o = cmsgpack.unpack(opts)
local delay = o['delay'] or 0
local id = redis.call('INCR', KEYS[1])
local score = (ARGV[1] + delay) * 0x1000 + bit.band(id, 0xfff)
redis.call('ZADD', KEYS[2], score, id)
redis.call('HSET', args[1] .. id, 'name', args[3], 'opts', cjson.encode(o.backoff.type), 'delay', delay)
return {id, redis.call('ZSCORE', KEYS[2], id), tostring(args[5])}

--- move to active: with a lock, from wait
--! run RPUSH q:wait 3 2 1
--! run HSET q:1 name first data {}
--! keys q:wait q:active q:
--! args token 30000 1700000000000
local id = redis.call("RPOPLPUSH", KEYS[1], KEYS[2])
if id then
  local key = KEYS[3] .. id
  redis.call("SET", key .. ':lock', ARGV[1], "PX", ARGV[2])
  redis.call("HSET", key, "processedOn", ARGV[3])
  redis.call("HINCRBY", key, "attemptsMade", 1)
  return {redis.call("HGETALL", key), id}
end
return {0, 0}

--- finish: a lock that is missing is an error code
--! run RPUSH q:active 1
--! keys q:active q:completed q:1 q:1:lock
--! args 1 token 1700000000000
local rcall = redis.call
if rcall("EXISTS", KEYS[3]) == 1 then return 1 end
if rcall("GET", KEYS[4]) ~= ARGV[2] then return -2 end
return 0

--- finish: removed from active, kept up to a number
--! run RPUSH q:active 9 1
--! run SET q:1:lock token
--! run HSET q:1 name x
--! run ZADD q:completed 1 a 2 b 3 c
--! run HSET q:a x 1
--! keys q:active q:completed q:1 q:1:lock q:
--! args 1 token 1700000000000 2
local rcall = redis.call
if rcall("GET", KEYS[4]) == ARGV[2] then
  rcall("DEL", KEYS[4])
  local n = rcall("LREM", KEYS[1], -1, ARGV[1])
  if n < 1 then return -3 end
  rcall("ZADD", KEYS[2], ARGV[3], ARGV[1])
  rcall("HMSET", KEYS[3], "returnvalue", "null", "finishedOn", ARGV[3])
  local old = rcall("ZREVRANGE", KEYS[2], ARGV[4], -1)
  for _, jobId in ipairs(old) do rcall("DEL", KEYS[5] .. jobId) end
  rcall("ZREMRANGEBYRANK", KEYS[2], 0, -(ARGV[4] + 1))
end
return rcall("ZRANGE", KEYS[2], 0, -1)

--- stalled: jobs without a lock go back to wait
--! run RPUSH active 1 2 3
--! run SET job:2:lock x
--! keys active wait stalled
--! args job: 2
local active = redis.call('LRANGE', KEYS[1], 0, -1)
local stalled = {}
for _, id in ipairs(active) do
  if redis.call('EXISTS', ARGV[1] .. id .. ':lock') == 0 then
    redis.call('LREM', KEYS[1], 1, id)
    redis.call('RPUSH', KEYS[2], id)
    table.insert(stalled, id)
  end
end
if #stalled > 0 then redis.call('SADD', KEYS[3], unpack(stalled)) end
return stalled

--- flow: the parent waits for its children
--! run SADD parent:deps c1 c2
--! keys parent:deps waiting-children wait
--! args c1 c2 parent
local rcall = redis.call
local left
for i = 1, 2 do
  rcall('SREM', KEYS[1], ARGV[i])
  left = rcall('SCARD', KEYS[1])
end
if left == 0 then rcall('LPUSH', KEYS[3], ARGV[3]) end
return {left, rcall('EXISTS', KEYS[1]), rcall('LRANGE', KEYS[3], 0, -1)}

--- bee: stalled check by sets
--! run SADD active 1 2 3
--! run SADD stalling 2 3
--! keys stalled stalling waiting active
--! args 1700000000000 500
local now = tonumber(ARGV[1])
local next = {}
if redis.call("exists", KEYS[1]) == 0 then
  redis.call("set", KEYS[1], "1", "PX", ARGV[2])
end
local stalling = redis.call("smembers", KEYS[2])
table.sort(stalling)
for i, id in ipairs(stalling) do
  if redis.call('SISMEMBER', KEYS[4], id) == 1 then
    redis.call("lpush", KEYS[3], id)
    redis.call('srem', KEYS[4], id)
    next[#next + 1] = id
  end
end
redis.call("del", KEYS[2])
return next

--- RQ: compare-and-delete of a worker's key
--! run SET rq:worker w1
--! keys rq:worker
--! args w1
local v = redis.call("GET", KEYS[1]) if v == ARGV[1] then redis.call("DEL", KEYS[1]) return 1 end return 0

--- asynq: enqueue unless the task is known
--! run HSET asynq:{q}:t:1 state pending
--! keys asynq:{q}:t:1 asynq:{q}:pending
--! args msg 1
if redis.call("EXISTS", KEYS[1]) == 1 then
	return 0
end
redis.call("HSET", KEYS[1], "msg", ARGV[1], "state", "pending")
redis.call("LPUSH", KEYS[2], ARGV[2])
return 1

--- asynq: dequeue checks that the queue is not paused
--! run LPUSH asynq:{q}:pending 1
--! run HSET asynq:{q}:t:1 msg hello state pending
--! keys asynq:{q}:pending asynq:{q}:paused asynq:{q}:active asynq:{q}:lease
--! args 170 asynq:{q}:t:
if redis.call("EXISTS", KEYS[2]) == 0 then
	local id = redis.call("RPOPLPUSH", KEYS[1], KEYS[3])
	if id then
		local key = ARGV[2] .. id
		redis.call("HSET", key, "state", "active")
		redis.call("HDEL", key, "pending_since")
		redis.call("ZADD", KEYS[4], ARGV[1], id)
		return redis.call("HGET", key, "msg")
	end
end
return nil

--- asynq: an error reply of its own
--! keys asynq:{q}:active
--! args 5
if redis.call("LREM", KEYS[1], 0, ARGV[1]) == 0 then
  return redis.error_reply("NOT FOUND")
end
return redis.status_reply("OK")

--- dramatiq: dispatch by the name of the operation
--! run HSET dramatiq:q.msgs m1 body1 m2 body2
--! run RPUSH dramatiq:q m1 m2
--! keys dramatiq:q
--! args fetch 2
local queue, op = KEYS[1], ARGV[1]
local commands = {}
function commands.fetch(n)
  local messages = {}
  for i = 1, n do
    local id = redis.call('lpop', queue)
    if not id then break end
    redis.call('sadd', queue .. '.acks', id)
    messages[i] = redis.call('hget', queue .. '.msgs', id)
  end
  return messages
end
return commands[op](tonumber(ARGV[2]))

--- kombu: restore of unacknowledged messages
--! run HSET unacked tag1 [["b"],"","q"]
--! run ZADD unacked_index 5 tag1
--! keys unacked unacked_index
--! args 10
local restored = 0
for _, tag in ipairs(redis.call('zrangebyscore', KEYS[2], 0, ARGV[1])) do
  local p = redis.call('hget', KEYS[1], tag)
  if p then
    local message = cjson.decode(p)
    redis.call('rpush', message[3], cjson.encode(message[1]))
    redis.call('hdel', KEYS[1], tag)
    restored = restored + 1
  end
  redis.call('zrem', KEYS[2], tag)
end
return restored

--- stream: claim what is pending too long
--! run XADD s 1-1 f v
--! run XADD s 2-1 f w
--! run XGROUP CREATE s g 0
--! keys s
--! args g c1
local got = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', KEYS[1], '>')
local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
redis.call('XACK', KEYS[1], ARGV[1], got[1][2][1][1])
return {got, pending, redis.call('XLEN', KEYS[1])}

--- batch: what is expired goes in slices with UNLINK(unpack())
--! run ZADD expiring 1 k:1 2 k:2 3 k:3 9 k:9
--! run MSET k:1 a k:2 b k:3 c k:9 d
--! keys expiring
--! args 5 2
local removed = 0
while true do
  local batch = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, tonumber(ARGV[2]))
  if #batch == 0 then break end
  redis.call('UNLINK', unpack(batch))
  redis.call('ZREM', KEYS[1], unpack(batch))
  removed = removed + #batch
end
return {removed, redis.call('ZRANGE', KEYS[1], 0, -1), redis.call('EXISTS', 'k:9')}

--- batch: a thousand arguments through unpack
--! keys big
local args = {}
for i = 1, 1000 do
  args[#args + 1] = i
  args[#args + 1] = 'member:' .. i
end
redis.call('ZADD', KEYS[1], unpack(args))
return {redis.call('ZCARD', KEYS[1]), redis.call('ZSCORE', KEYS[1], 'member:777')}

--- ticket: seats of a block, all or nothing
--! run SADD seats A1 A2 A3 A4
--! keys seats sold
--! args A2 A3
for i = 1, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then
    return cjson.encode({ok = false, missing = ARGV[i]})
  end
end
for i = 1, #ARGV do redis.call('SMOVE', KEYS[1], KEYS[2], ARGV[i]) end
return redis.call('SCARD', KEYS[2])

--- ticket: a seat is gone
--! run SADD seats A1
--! keys seats sold
--! args A1 A9
for i = 1, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then return redis.error_reply('SOLDOUT ' .. ARGV[i]) end
end
return 'ok'
