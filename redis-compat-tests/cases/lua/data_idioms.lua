-- Small scripts around one data type each: compare-and-set, counters, leaderboards, carts, trees, caches.

--- cas: only if the value is the expected one
--! run SET k old
--! keys k
--! args old new
local v = redis.call('GET', KEYS[1])
if v == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]); return {'OK', v} end
return {false, v}

--- cas: a hash field by its version
--! run HSET doc version 3 body x
--! keys doc
--! args 3 y
if tonumber(redis.call('HGET', KEYS[1], 'version')) ~= tonumber(ARGV[1]) then return redis.error_reply('CONFLICT') end
redis.call('HSET', KEYS[1], 'body', ARGV[2])
return redis.call('HINCRBY', KEYS[1], 'version', 1)

--- cas: a stale version
--! run HSET doc version 4 body x
--! keys doc
--! args 3 y
if tonumber(redis.call('HGET', KEYS[1], 'version')) ~= tonumber(ARGV[1]) then
  return redis.error_reply('CONFLICT version ' .. redis.call('HGET', KEYS[1], 'version'))
end
return 1

--- counter: no lower than zero
--! run SET stock 3
--! keys stock
--! args 5
local left = tonumber(redis.call('get', KEYS[1]) or 0)
local taken = math.min(left, tonumber(ARGV[1]))
redis.call('decrby', KEYS[1], taken)
return {taken, left - taken}

--- counter: float arithmetic keeps its digits
--! run SET balance 10.10
--! keys balance
--! args 0.2
local after = tonumber(redis.call('GET', KEYS[1])) + tonumber(ARGV[1])
redis.call('SET', KEYS[1], after)
return {redis.call('GET', KEYS[1]), tostring(after), string.format('%.2f', after), redis.call('INCRBYFLOAT', KEYS[1], 1)}

--- counter: cents as integers, shown as euros
--! run HSET cart apple 150 pear 99
--! keys cart
local sum = 0
for i, v in ipairs(redis.call('HVALS', KEYS[1])) do sum = sum + v end
return {sum, sum / 100 .. ' EUR', string.format('%d.%02d', sum / 100, sum % 100)}

--- leaderboard: the best with ranks and those around one player
--! run ZADD board 10 a 50 b 30 c 40 d 20 e
--! keys board
--! args c 1
local rank = redis.call('ZREVRANK', KEYS[1], ARGV[1])
local from = math.max(0, rank - ARGV[2])
local rows = redis.call('ZREVRANGE', KEYS[1], from, rank + ARGV[2], 'WITHSCORES')
local out = {}
for i = 1, #rows, 2 do out[#out + 1] = (from + (i + 1) / 2) .. '. ' .. rows[i] .. ' ' .. rows[i + 1] end
return out

--- leaderboard: keep the better of two scores
--! run ZADD board 10 a
--! keys board
--! args a 7.5 a 12.25 b -3
local result = {}
for i = 1, #ARGV, 2 do
  local old = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if not old or tonumber(ARGV[i + 1]) > tonumber(old) then
    redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i])
    result[#result + 1] = 'new'
  else
    result[#result + 1] = old
  end
end
return result

--- session: touch and read in one go
--! run HSET sess user 7 lang de
--! keys sess
--! args 1800
if redis.call('EXISTS', KEYS[1]) == 0 then return nil end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {redis.call('HGETALL', KEYS[1]), redis.call('TTL', KEYS[1]) > 1700}

--- cache: tags that invalidate
--! run SADD tag:x page:1 page:2
--! run MSET page:1 a page:2 b page:3 c
--! keys tag:x
local members = redis.call('SMEMBERS', KEYS[1])
local n = 0
for _, key in ipairs(members) do n = n + redis.call('DEL', key) end
redis.call('DEL', KEYS[1])
return {n, redis.call('KEYS', '*')}

--- cache: get or set
--! keys c
--! args value 60
local v = redis.call('GET', KEYS[1])
if not v then
  redis.call('SETEX', KEYS[1], ARGV[2], ARGV[1])
  v = redis.call('GET', KEYS[1])
end
return v

--- hash: only fields that exist
--! run HSET h a 1 b 2
--! keys h
--! args a 10 c 30
local n = 0
for i = 1, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    n = n + 1
  end
end
return {n, redis.call('HGETALL', KEYS[1])}

--- hash: as a Lua table and back as JSON
--! run HSET h one 1
--! keys h
local flat = redis.call('HGETALL', KEYS[1])
local t = {}
for i = 1, #flat, 2 do t[flat[i]] = tonumber(flat[i + 1]) end
return cjson.encode(t)

--- list: rotate until the wanted element is in front
--! run RPUSH l a b c d
--! keys l
--! args c
local n = redis.call('LLEN', KEYS[1])
for i = 1, n do
  if redis.call('LINDEX', KEYS[1], 0) == ARGV[1] then break end
  redis.call('LMOVE', KEYS[1], KEYS[1], 'LEFT', 'RIGHT')
end
return redis.call('LRANGE', KEYS[1], 0, -1)

--- list: capped, newest first
--! run RPUSH log b a
--! keys log
--! args c 2
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
return redis.call('LRANGE', KEYS[1], 0, -1)

--- set: draw from one, remember in another
--! run SADD pool only
--! keys pool drawn
local winner = redis.call('SPOP', KEYS[1])
if winner then redis.call('SADD', KEYS[2], winner) end
return {winner, redis.call('SPOP', KEYS[1]), redis.call('SMEMBERS', KEYS[2])}

--- set: members of several, counted
--! run SADD s1 a b c
--! run SADD s2 b c d
--! run SADD s3 c
--! keys s1 s2 s3
local counts = {}
for _, key in ipairs(KEYS) do
  for _, m in ipairs(redis.call('SMEMBERS', key)) do counts[m] = (counts[m] or 0) + 1 end
end
local names = {}
for name in pairs(counts) do names[#names + 1] = name end
table.sort(names, function(x, y) if counts[x] == counts[y] then return x < y end return counts[x] > counts[y] end)
local out = {}
for i, name in ipairs(names) do out[i] = name .. counts[name] end
return table.concat(out, ',')

--- bitmap: who came on every day
--! run SETBIT d1 3 1
--! run SETBIT d1 5 1
--! run SETBIT d2 5 1
--! keys d1 d2
redis.call('BITOP', 'AND', 'both', unpack(KEYS))
return {redis.call('BITCOUNT', 'both'), redis.call('BITPOS', 'both', 1), redis.call('GETBIT', 'both', 3)}

--- geo: the nearest
--! run GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
--! keys places
return redis.call('GEOSEARCH', KEYS[1], 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC')

--- tree: walk from a leaf to the root
--! run HSET parents d c c b b a
--! keys parents
--! args d
local path, node = {}, ARGV[1]
repeat
  path[#path + 1] = node
  node = redis.call('HGET', KEYS[1], node)
until not node
return path

--- tree: recursion with a local function
--! run RPUSH children:a b c
--! run RPUSH children:b d
--! args a
local function walk(node, depth, out)
  out[#out + 1] = string.rep('  ', depth) .. node
  for _, child in ipairs(redis.call('LRANGE', 'children:' .. node, 0, -1)) do walk(child, depth + 1, out) end
  return out
end
return walk(ARGV[1], 0, {})

--- keys: built from arguments, none declared
--! args user 1 2 3
local n = 0
for i = 2, #ARGV do
  redis.call('SET', ARGV[1] .. ':' .. ARGV[i], i)
  n = n + #redis.call('GET', ARGV[1] .. ':' .. ARGV[i])
end
return {n, redis.call('MGET', ARGV[1] .. ':1', ARGV[1] .. ':3', ARGV[1] .. ':9')}

--- keys: reads first, strays later
--! run SET next other
--! run SET other 5
--! keys next
local name = redis.call('GET', KEYS[1])
return redis.call('INCR', name)

--- keys: writes, then strays
--! run SET pointer far-away
--! keys pointer
redis.call('APPEND', KEYS[1], '')
redis.call('SET', KEYS[1] .. ':seen', 1)
return redis.call('RPUSH', redis.call('GET', KEYS[1]), 'x')

--- scan: in a loop until the cursor is 0
--! run MSET a:1 x a:2 y b:1 z
local cursor, found = '0', {}
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', 'a:*', 'COUNT', 10)
  cursor = page[1]
  for _, key in ipairs(page[2]) do found[#found + 1] = key end
until cursor == '0'
table.sort(found)
return found

--- select: another database and back again
--! run SET k zero
redis.call('SELECT', 1)
redis.call('SET', 'k', 'one')
local one = redis.call('GET', 'k')
redis.call('SELECT', 0)
return {one, redis.call('GET', 'k')}

--- select: stays inside the script
redis.call('SELECT', 2)
redis.call('SET', 'in2', 1)
return redis.call('DBSIZE')

--- sort: by a pattern, inside a script
--! run RPUSH ids 2 1 3
--! run MSET w_1 30 w_2 10 w_3 20
--! keys ids
return redis.call('SORT', KEYS[1], 'BY', 'w_*')

--- type: decides what to do
--! run SET s 1
--! run RPUSH l a b
--! run HSET h f v
--! keys s l h n
local out = {}
local size = {string = 'STRLEN', list = 'LLEN', hash = 'HLEN'}
for _, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  out[#out + 1] = size[kind] and redis.call(size[kind], key) or kind
end
return out

--- copy: a hash under a new name, with its time to live
--! run HSET from a 1 b 2
--! run EXPIRE from 1000
--! keys from to
local all = redis.call('HGETALL', KEYS[1])
if #all == 0 then return 0 end
redis.call('HSET', KEYS[2], unpack(all))
local ttl = redis.call('TTL', KEYS[1])
if ttl > 0 then redis.call('EXPIRE', KEYS[2], ttl) end
return {redis.call('HLEN', KEYS[2]), redis.call('TTL', KEYS[2]) > 900}

--- publish: the number of receivers
return redis.call('PUBLISH', 'nobody', 'hello')

--- histogram: percentiles of a list of numbers
--! run RPUSH times 12 7 3 45 23 9 31
--! keys times
--! args 50 90 99
local values = redis.call('LRANGE', KEYS[1], 0, -1)
for i = 1, #values do values[i] = tonumber(values[i]) end
table.sort(values)
local out = {}
for i, p in ipairs(ARGV) do out[i] = values[math.max(1, math.ceil(p / 100 * #values))] end
return out

--- average: fractions are cut in a reply
--! run RPUSH n 1 2 4
--! keys n
local sum = 0
for _, v in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do sum = sum + tonumber(v) end
local mean = sum / redis.call('LLEN', KEYS[1])
return {mean, tostring(mean), math.floor(mean + 0.5)}
