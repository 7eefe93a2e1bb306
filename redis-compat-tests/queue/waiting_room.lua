-- The waiting room as a service builds it today: one script on plain keys, doing what the native commands of Usher do.
-- KEYS: queue:wait:{Q} queue:active:{Q} queue:config:{Q}   ARGV: Q, operation, its arguments.
-- It is the reference of the differential test, so it favours plainness over speed.
local wait, active, settings = KEYS[1], KEYS[2], KEYS[3]
local queue, operation = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now_s, now_ms = tonumber(time[1]), tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function token_key(user) return 'active:token:{' .. queue .. '}:' .. user end

local function exact(number) return string.format('%.17g', number) end

local function setting(name, default)
  local value = redis.call('HGET', settings, name)
  return value and (tonumber(value) or value) or default
end

-- Options after the fixed arguments: name -> value; JSON and WITHTOKENS are flags.
local function options(first)
  local found, at = {}, first
  while at <= #ARGV do
    local name = string.upper(ARGV[at])
    if name == 'JSON' or name == 'WITHTOKENS' then found[name] = true at = at + 1
    else found[name] = tonumber(ARGV[at + 1]) or ARGV[at + 1] at = at + 2 end
  end
  return found
end

local function forget(user)
  redis.call('ZREM', active, user)
  redis.call('DEL', token_key(user))
end

-- The user's expiry while the place is good; an expired place, or one whose token is gone, is removed first.
local function expiry_of(user)
  local expiry = redis.call('ZSCORE', active, user)
  if not expiry then return nil end
  if now_ms >= expiry * 1000 or redis.call('EXISTS', token_key(user)) == 0 then forget(user) return nil end
  return tonumber(expiry)
end

local function renew(user, ttl)
  local expiry = now_s + ttl
  redis.call('ZADD', active, expiry, user)
  redis.call('HSET', token_key(user), 'expired_at', expiry)
  redis.call('PEXPIREAT', token_key(user), expiry * 1000)
end

local function describe(status, user, expiry)
  local reply = {'status', status, 'position', redis.call('ZRANK', wait, user) or -1, 'total', redis.call('ZCARD', wait),
                 'eta_ms', -1}
  if expiry then
    local more = {'token', redis.call('HGET', token_key(user), 'token'), 'expires_at', expiry}
    for _, word in ipairs(more) do reply[#reply + 1] = word end
  end
  return reply
end

local function status_of(user)
  local expiry = expiry_of(user)
  if expiry then return describe(redis.call('HGET', token_key(user), 'status'), user, expiry) end
  return describe(redis.call('ZRANK', wait, user) and 'WAITING' or 'NONE', user)
end

local function drop_expired(limit)
  local users = redis.call('ZRANGE', active, '-inf', now_ms / 1000, 'BYSCORE', 'LIMIT', 0, limit)
  for _, user in ipairs(users) do forget(user) end
  return users
end

local operations = {}

function operations.ENTERQUEUE()
  local user, option = ARGV[3], options(4)
  local present = status_of(user)
  if present[2] ~= 'NONE' then return present end
  if setting('state', 'open') == 'closed' then return redis.error_reply('QUEUECLOSED the queue is closed') end
  local most = option.MAXWAIT or setting('max-waiting', 0)
  if most > 0 and redis.call('ZCARD', wait) >= most then return redis.error_reply('QUEUEFULL the queue is full') end
  local arrival = option.SCORE
  if not arrival then
    local last = redis.call('ZRANGE', wait, -1, -1, 'WITHSCORES')[2]
    arrival = math.max(now_ms, last and last + 1 / 1024 or 0)
  end
  redis.call('ZADD', wait, exact(arrival), user)
  return describe('NEW', user)
end

function operations.MOVEACTIVE()
  local count, option = tonumber(ARGV[3]), options(4)
  drop_expired(-1)
  if setting('state', 'open') == 'paused' then return {} end
  local room = (option.MAXACTIVE or setting('max-active', 1000)) - redis.call('ZCARD', active)
  local admitted = math.min(count, room)
  if admitted <= 0 then return {} end
  local users, reply = redis.call('ZRANGE', wait, 0, admitted - 1), {}
  for _, user in ipairs(users) do
    redis.call('ZREM', wait, user)
    local token = redis.sha1hex(queue .. user .. time[1] .. time[2] .. math.random())
    redis.call('HSET', token_key(user), 'token', string.sub(token, 1, 32), 'status', 'READY', 'extend_count', 0)
    renew(user, option.TTL or setting('token-ttl', 300))
    reply[#reply + 1] = user
    if option.WITHTOKENS then reply[#reply + 1] = string.sub(token, 1, 32) end
  end
  return reply
end

function operations.STATUS() return status_of(ARGV[3]) end

function operations.ACTIVATE()
  local user, option = ARGV[3], options(4)
  if not expiry_of(user) then return 0 end
  if redis.call('HGET', token_key(user), 'status') == 'ACTIVE' then return -1 end
  redis.call('HSET', token_key(user), 'status', 'ACTIVE')
  renew(user, option.TTL or setting('active-ttl', 300))
  return 1
end

function operations.EXTEND()
  local user, option = ARGV[3], options(4)
  if not expiry_of(user) or redis.call('HGET', token_key(user), 'status') ~= 'ACTIVE' then return 0 end
  local extended = tonumber(redis.call('HGET', token_key(user), 'extend_count'))
  if extended >= (option.MAXEXTENDS or setting('max-extends', 3)) then return -1 end
  redis.call('HINCRBY', token_key(user), 'extend_count', 1)
  renew(user, option.TTL or setting('active-ttl', 300))
  return 1
end

function operations.LEAVE()
  local places = redis.call('ZREM', wait, ARGV[3])
  if expiry_of(ARGV[3]) then
    forget(ARGV[3])
    places = places + 1
  end
  return places
end

function operations.EXPIRE() return drop_expired(options(3).LIMIT or -1) end

function operations.CONFIG()
  for at = 4, #ARGV, 2 do redis.call('HSET', settings, ARGV[at], ARGV[at + 1]) end
  return redis.status_reply('OK')
end

return operations[operation]()
