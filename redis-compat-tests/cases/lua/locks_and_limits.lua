-- Locks, semaphores and rate limiters, as libraries and home-grown services write them.

--- lock: take it
--! keys lock:a
--! args token-1 30000
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 else return 0 end

--- lock: somebody has it
--! run SET lock:a other
--! keys lock:a
--! args token-1 30000
return redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])

--- lock: release by its owner
--! run SET lock:a token-1
--! keys lock:a
--! args token-1
if redis.call("get",KEYS[1]) == ARGV[1] then
    return redis.call("del",KEYS[1])
else
    return 0
end

--- lock: release by somebody else
--! run SET lock:a token-2
--! keys lock:a
--! args token-1
if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end

--- lock: extend by its owner
--! run SET lock:a token-1 PX 100000
--! keys lock:a
--! args token-1 500000
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('pexpire', KEYS[1], ARGV[2])
  return redis.call('pttl', KEYS[1]) > 400000 and 1 or -1
end
return 0

--- lock: several resources at once or none
--! run SET lock:b other
--! keys lock:a lock:b lock:c
--! args me 1000
for i, key in ipairs(KEYS) do
  if redis.call('exists', key) == 1 then return {0, key} end
end
for i, key in ipairs(KEYS) do redis.call('set', key, ARGV[1], 'px', ARGV[2]) end
return {#KEYS}

--- reentrant lock: taken twice by the same thread
--! keys lock
--! args uuid:1 30000
for i = 1, 2 do
  if (redis.call('exists', KEYS[1]) == 0) or (redis.call('hexists', KEYS[1], ARGV[1]) == 1) then
    redis.call('hincrby', KEYS[1], ARGV[1], 1);
    redis.call('pexpire', KEYS[1], ARGV[2]);
  end;
end;
return redis.call('hgetall', KEYS[1]);

--- reentrant lock: another thread gets the time left
--! run HSET lock uuid:1 1
--! keys lock
--! args 30000 uuid:2
if (redis.call('exists', KEYS[1]) == 0) then
  redis.call('hincrby', KEYS[1], ARGV[2], 1); return nil;
end;
return redis.call('pttl', KEYS[1]);

--- reentrant lock: unlock announces the end
--! run HSET lock uuid:1 1
--! keys lock channel
--! args 0 30000 uuid:1
if (redis.call('hexists', KEYS[1], ARGV[3]) == 0) then return nil; end;
local counter = redis.call('hincrby', KEYS[1], ARGV[3], -1);
if (counter > 0) then
  redis.call('pexpire', KEYS[1], ARGV[2]); return 0;
else
  redis.call('del', KEYS[1]); redis.call('publish', KEYS[2], ARGV[1]); return 1;
end;
return nil;

--- reentrant lock: unlock of a lock never held
--! keys lock channel
--! args 0 30000 uuid:1
if (redis.call('hexists', KEYS[1], ARGV[3]) == 0) then return nil end
return 1

--- semaphore: a permit
--! run SET permits 2
--! keys permits
--! args 1
local value = redis.call('get', KEYS[1]);
if (value ~= false and tonumber(value) >= tonumber(ARGV[1])) then
  redis.call('decrby', KEYS[1], ARGV[1]); return 1;
end;
return 0;

--- semaphore: too many permits wanted
--! run SET permits 2
--! keys permits
--! args 3
local value = redis.call('get', KEYS[1])
if value and tonumber(value) >= tonumber(ARGV[1]) then return redis.call('decrby', KEYS[1], ARGV[1]) end
return {err = 'NOPERMIT only ' .. tostring(value) .. ' left'}

--- semaphore: fair, by a sorted set of owners with time-outs
--! run ZADD owners 10 a 20 b 990 c
--! keys owners
--! args d 1000 100 3
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[3])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[4]) then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
  return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
end
return false

--- rate: fixed window
--! keys rate:1.2.3.4
--! args 5 60
local current = redis.call('incr', KEYS[1])
if tonumber(current) == 1 then redis.call('expire', KEYS[1], ARGV[2]) end
return current > tonumber(ARGV[1]) and 0 or tonumber(ARGV[1]) - current

--- rate: fixed window, exceeded
--! run SET rate:1.2.3.4 5
--! keys rate:1.2.3.4
--! args 5
local current = tonumber(redis.call('get', KEYS[1]) or '0')
if current + 1 > tonumber(ARGV[1]) then return {false, current} end
return {true, redis.call('incr', KEYS[1])}

--- rate: sliding window of time stamps
--! run ZADD hits 100 a 150 b 180 c
--! keys hits
--! args 200 60 5 d
local now, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - window)
local used = redis.call('ZCARD', KEYS[1])
if used < limit then
  redis.call('ZADD', KEYS[1], now, ARGV[4])
  redis.call('EXPIRE', KEYS[1], window)
end
return {limit - used, used < limit}

--- rate: token bucket with fractions
--! run HSET bucket tokens 3.5 ts 1000
--! keys bucket
--! args 0.5 10 1003 1
local rate, capacity, now, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local data = redis.call('HMGET', KEYS[1], 'tokens', 'ts')
local tokens, last = tonumber(data[1]), tonumber(data[2])
if tokens == nil then tokens = capacity; last = now end
local filled = math.min(capacity, tokens + math.max(0, now - last) * rate)
local allowed = filled >= want
if allowed then filled = filled - want end
redis.call('HMSET', KEYS[1], 'tokens', filled, 'ts', now)
return {allowed and 1 or 0, tostring(filled), math.floor(filled)}

--- rate: token bucket, first use
--! keys {bucket}.tokens {bucket}.timestamp
--! args 1.5 20 1700000000 3
local fill_time = tonumber(ARGV[2]) / tonumber(ARGV[1])
local ttl = math.floor(fill_time * 2)
local last_tokens = tonumber(redis.call("get", KEYS[1]))
if last_tokens == nil then last_tokens = tonumber(ARGV[2]) end
local last_refreshed = tonumber(redis.call("get", KEYS[2]))
if last_refreshed == nil then last_refreshed = 0 end
local delta = math.max(0, ARGV[3] - last_refreshed)
local filled_tokens = math.min(ARGV[2], last_tokens + (delta * ARGV[1]))
local allowed = filled_tokens >= tonumber(ARGV[4])
local new_tokens = filled_tokens
local allowed_num = 0
if allowed then
  new_tokens = filled_tokens - ARGV[4]
  allowed_num = 1
end
if ttl > 0 then
  redis.call("setex", KEYS[1], ttl, new_tokens)
  redis.call("setex", KEYS[2], ttl, ARGV[3])
end
return { allowed_num, new_tokens }

--- rate: leaky bucket (GCRA) with fractions as text
--! keys gcra
--! args 5 10 60 1 1700000000.25
local burst = ARGV[1]
local rate = ARGV[2]
local period = ARGV[3]
local cost = tonumber(ARGV[4])
local now = tonumber(ARGV[5])
local emission_interval = period / rate
local increment = emission_interval * cost
local burst_offset = emission_interval * burst
local tat = redis.call("GET", KEYS[1])
if not tat then tat = now else tat = tonumber(tat) end
tat = math.max(tat, now)
local new_tat = tat + increment
local allow_at = new_tat - burst_offset
local diff = now - allow_at
local remaining = diff / emission_interval
if remaining < 0 then
  return {0, 0, tostring(allow_at - now), tostring(tat - now)}
end
local reset_after = new_tat - now
if reset_after > 0 then
  redis.call("SET", KEYS[1], new_tat, "EX", math.ceil(reset_after))
end
return {cost, remaining, tostring(-1), tostring(reset_after)}

--- rate: flexible, with the points consumed and the time left
--! keys rlflx:user
--! args 2 60
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local consumed = redis.call('incrby', KEYS[1], ARGV[1])
local ttl = redis.call('pttl', KEYS[1])
if ttl == -1 then redis.call('expire', KEYS[1], ARGV[2]); ttl = 1000 * ARGV[2] end
return {consumed, ttl > 0}

--- rate: quota of a day, in several units
--! run HSET quota calls 10 bytes 1000
--! keys quota
--! args calls 5 20 bytes 500 1400
local answer = {}
for i = 1, #ARGV, 3 do
  local used = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0)
  local after = used + ARGV[i + 1]
  if after > tonumber(ARGV[i + 2]) then
    answer[#answer + 1] = ARGV[i] .. '=over by ' .. (after - ARGV[i + 2])
  else
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
    answer[#answer + 1] = ARGV[i] .. '=' .. after
  end
end
return answer

--- circuit breaker: counts failures, opens, answers its state
--! run HSET breaker failures 4
--! keys breaker
--! args 5 100
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures >= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'state', 'open', 'until', ARGV[2] + 30)
end
return redis.call('HGETALL', KEYS[1])
