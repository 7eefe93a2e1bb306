-- The scripts of a service that lets people wait for tickets, as such services keep them beside their code: a sorted
-- set of who waits, a hash per active token (its key is built in the script, and has no hash tag), a counter per user.

--- enter: the first one
--! keys wait:concert active:alice
--! args alice 1000
local token = redis.call('HGETALL', KEYS[2])
if #token > 0 then
  local fields = {}
  for i = 1, #token, 2 do fields[token[i]] = token[i + 1] end
  return cjson.encode({status = 'ACTIVE', token = fields.token})
end
local rank = redis.call('ZRANK', KEYS[1], ARGV[1])
if rank then
  return cjson.encode({position = rank})
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
rank = redis.call('ZRANK', KEYS[1], ARGV[1])
return '{"position":' .. rank .. ',"total":' .. redis.call('ZCARD', KEYS[1]) .. '}'

--- enter: somebody who waits already
--! run ZADD wait:concert 1 bob 2 alice 3 carol
--! keys wait:concert active:alice
--! args alice 1000
local token = redis.call('HGETALL', KEYS[2])
if next(token) ~= nil then return 'active' end
local rank = redis.call('ZRANK', KEYS[1], ARGV[1])
if rank then
  return cjson.encode({rank, redis.call('ZCARD', KEYS[1])})
end
return redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])

--- enter: somebody with a token
--! run HSET active:alice token t1 status READY
--! keys wait:concert active:alice
--! args alice 1000
local token = redis.call('HGETALL', KEYS[2])
local fields = {}
for i = 1, #token, 2 do fields[token[i]] = token[i + 1] end
if fields.token then
  return cjson.encode({fields.status, fields.token})
end
return redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])

--- admit: a batch, with a counter and a token under keys that are not declared
--! run ZADD wait:concert 1 alice 2 bob 3 carol 4 dave
--! keys wait:concert active:concert
--! args 3 1000 300
local popped = redis.call('ZPOPMIN', KEYS[1], ARGV[1])
if #popped == 0 then return '[]' end
local admitted = {}
for i = 1, #popped, 2 do
  local user, score = popped[i], popped[i + 1]
  local ok, err = pcall(function()
    local number = redis.call('INCR', 'counter:' .. user)
    local key = 'token:' .. user
    redis.call('ZADD', KEYS[2], tonumber(ARGV[2]) + tonumber(ARGV[3]), user)
    redis.call('HSET', key, 'token', user .. '-' .. number, 'status', 'READY')
    redis.call('EXPIRE', key, ARGV[3])
    admitted[#admitted + 1] = user
  end)
  if not ok then
    redis.call('ZADD', KEYS[1], score, user)
  end
end
return cjson.encode(admitted)

--- admit: one user's counter is broken, and he goes back
--! run ZADD wait:concert 1 alice 2 bob 3 carol
--! run SET counter:bob "no number"
--! keys wait:concert active:concert
--! args 3 1000 300
local popped = redis.call('ZPOPMIN', KEYS[1], ARGV[1])
local admitted, failed = {}, {}
for i = 1, #popped, 2 do
  local user, score = popped[i], popped[i + 1]
  local number = redis.pcall('INCR', 'counter:' .. user)
  if type(number) == 'table' and number.err then
    redis.call('ZADD', KEYS[1], score, user)
    failed[#failed + 1] = user .. ': ' .. number.err
  else
    redis.call('ZADD', KEYS[2], ARGV[2] + ARGV[3], user)
    redis.call('HSET', 'token:' .. user, 'token', number)
    admitted[#admitted + 1] = user
  end
end
return {admitted, failed}

--- admit: nobody waits
--! keys wait:concert active:concert
--! args 3
local popped = redis.call('ZPOPMIN', KEYS[1], ARGV[1])
if #popped == 0 then return '[]' end
return cjson.encode(popped)

--- activate
--! run HSET token:alice token t1 status READY extend_count 0
--! keys token:alice
--! args t1 600
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return redis.error_reply('WRONGTOKEN that is not the token')
end
redis.call('HSET', KEYS[1], 'status', 'ACTIVE')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.status_reply('ACTIVE')

--- activate: the wrong token
--! run HSET token:alice token t1 status READY
--! keys token:alice
--! args t2 600
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return redis.error_reply('WRONGTOKEN that is not the token')
end
return redis.status_reply('ACTIVE')

--- extend: at most twice
--! run HSET token:alice token t1 status ACTIVE extend_count 1
--! keys token:alice active:concert
--! args alice 300 2
local count = tonumber(redis.call('HGET', KEYS[1], 'extend_count') or '0')
if count >= tonumber(ARGV[3]) then return {err = 'LIMIT no more extensions'} end
redis.call('HINCRBY', KEYS[1], 'extend_count', 1)
local score = redis.call('ZINCRBY', KEYS[2], ARGV[2], ARGV[1])
return {count + 1, score}

--- remove
--! run ZADD wait:concert 1 alice 2 bob
--! run HSET token:alice token t1
--! keys wait:concert active:concert
--! args alice
local removed = redis.call('ZREM', KEYS[1], ARGV[1]) + redis.call('ZREM', KEYS[2], ARGV[1])
removed = removed + redis.call('DEL', 'token:' .. ARGV[1], 'counter:' .. ARGV[1])
return removed

--- expire: in batches, with UNLINK of what was built here
--! run ZADD active:concert 1 a 2 b 3 c 900 d
--! run MSET token:a 1 token:b 2 token:c 3 token:d 4
--! keys active:concert
--! args 100 1000
local total = 0
repeat
  local users = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, tonumber(ARGV[2]))
  if #users == 0 then break end
  local keys = {}
  for i, user in ipairs(users) do keys[i] = 'token:' .. user end
  redis.call('UNLINK', unpack(keys))
  redis.call('ZREM', KEYS[1], unpack(users))
  total = total + #users
until #users < tonumber(ARGV[2])
return total
