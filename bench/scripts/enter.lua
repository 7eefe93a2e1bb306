-- Entering the queue, as a service does it on plain Redis.
-- KEYS: queue:wait:{Q}  active:token:{Q}:USER  queue:config:{Q}   ARGV: user, now in ms
local token = redis.call('HMGET', KEYS[2], 'token', 'status')
if token[1] then
  return cjson.encode({status = token[2], token = token[1]})
end
local rank = redis.call('ZRANK', KEYS[1], ARGV[1])
if rank then
  return cjson.encode({status = 'WAITING', position = rank, totalWaiting = redis.call('ZCARD', KEYS[1])})
end
local config = redis.call('HMGET', KEYS[3], 'state', 'max-waiting')
if config[1] == 'closed' then
  return redis.error_reply('QUEUECLOSED the queue is closed')
end
if config[2] and tonumber(config[2]) > 0 and redis.call('ZCARD', KEYS[1]) >= tonumber(config[2]) then
  return redis.error_reply('QUEUEFULL the queue is full')
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
rank = redis.call('ZRANK', KEYS[1], ARGV[1])
return cjson.encode({status = 'NEW', position = rank, totalWaiting = redis.call('ZCARD', KEYS[1])})
