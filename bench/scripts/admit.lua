-- Admitting the front of the queue, as a service does it on plain Redis.
-- KEYS: queue:wait:{Q}  queue:active:{Q}   ARGV: prefix of the token keys, most people, most active, ttl in s, now in s,
-- then one token for each person at most (scripts have no randomness worth the name)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[5])
local room = tonumber(ARGV[3]) - redis.call('ZCARD', KEYS[2])
local count = math.min(tonumber(ARGV[2]), room)
if count <= 0 then return '[]' end
local popped = redis.call('ZPOPMIN', KEYS[1], count)
if #popped == 0 then return '[]' end  -- cjson would encode an empty table as {}
local expires = tonumber(ARGV[5]) + tonumber(ARGV[4])
local users = {}
for i = 1, #popped, 2 do
  local user = popped[i]
  local key = ARGV[1] .. user
  users[#users + 1] = user
  redis.call('ZADD', KEYS[2], expires, user)
  redis.call('HSET', key, 'token', ARGV[5 + #users], 'status', 'READY', 'extend_count', '0', 'expired_at', expires)
  redis.call('PEXPIREAT', key, expires * 1000)
end
return cjson.encode(users)
