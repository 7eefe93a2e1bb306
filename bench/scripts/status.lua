-- One poll, as a service does it on plain Redis.
-- KEYS: queue:wait:{Q}  active:token:{Q}:USER   ARGV: user
local rank = redis.call('ZRANK', KEYS[1], ARGV[1])
if rank then
  return cjson.encode({status = 'WAITING', position = rank, totalWaiting = redis.call('ZCARD', KEYS[1])})
end
local token = redis.call('HMGET', KEYS[2], 'token', 'status')
if token[1] then
  return cjson.encode({status = token[2], token = token[1]})
end
return cjson.encode({status = 'NONE'})
