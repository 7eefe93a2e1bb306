-- What a script returns, or what error it ends with, straight to the client: the conversions of both protocols and the
-- texts of errors.

--- result 01
return {}+1

--- result 02
return nil+1

--- result 03
return {} < {}

--- result 04
return nil < 1

--- result 05
error({err='My error'})

--- result 06
error({err='MYERR text'})

--- result 07
return redis.error_reply('My Err')

--- result 08
return redis.error_reply('-My Err')

--- result 09
return redis.error_reply('single')

--- result 10
return redis.error_reply('-single')

--- result 11
return redis.error_reply('')

--- result 12
return redis.error_reply()

--- result 13
return redis.error_reply(1)

--- result 14
return redis.error_reply({})

--- result 15
return redis.error_reply('a','b')

--- result 16
return redis.status_reply('fine')

--- result 17
return redis.status_reply()

--- result 18
return redis.status_reply(1)

--- result 19
local t=redis.error_reply('My Err') return {t.err}

--- result 20
local t=redis.status_reply('My Err') return {t.ok}

--- result 21
return {ok='x\ny\r\nz'}

--- result 22
return {err='x\ny\r\nz'}

--- result 23
return {err='no code'}

--- result 24
return {err='x', ok='y'}

--- result 25
return {err=1}

--- result 26
return {err={}}

--- result 27
return {ok=1}

--- result 28
return {1,2,nil,4}

--- result 29
return {1,2,{3,{4}},'x',true,false}

--- result 30
return true

--- result 31
return false

--- result 32
return nil

--- result 33
return

--- result 34
return {}

--- result 35
return {a=1}

--- result 36
return function() end

--- result 37
return {function() end, 1}

--- result 38
return {double=3.5}

--- result 39
return {double=3}

--- result 40
return {double='x'}

--- result 41
return {map={a=1}}

--- result 42
return {map={}}

--- result 43
return {set={a=true}}

--- result 44
return {set={}}

--- result 45
return {big_number='123456789012345678901234567890'}

--- result 46
return {big_number='12\n3'}

--- result 47
return {verbatim_string={string='hello',format='txt'}}

--- result 48
return {verbatim_string={string='hello',format='markdown'}}

--- result 49
return {verbatim_string={string='hello',format='t'}}

--- result 50
return {verbatim_string={string='hello'}}

--- error 01
return 3 .. ''

--- error 02
return {#'abc', #{1,2,3}, tostring(#'abc'), tostring(#{1,2}), #'abc'/2 .. ''}

--- error 03
return {'10'+5, '3'*'4', 10 .. 20, '0x10'+0, -'2'}

--- error 04
return 'abc'+1

--- error 05
local x return x+1

--- error 06
local x={} return x.y+1

--- error 07
return y

--- error 08
y=1

--- error 09
local x={} x.f()

--- error 10
local x={} x:f()

--- error 11
local x x()

--- error 12
nosuch()

--- error 13
redis.nosuch()

--- error 14
return 'a'..nil

--- error 15
local x={} return 'a'..x

--- error 16
local x={} return 'a'..x.y

--- error 17
local x={} return x.y..'a'

--- error 18
return 1 < 'x'

--- error 19
return 'a' < 1

--- error 20
return #nil

--- error 21
local function f() error('boom') end f()

--- error 22
error('boom')

--- error 23
error('boom',0)

--- error 24
error('boom',2)

--- error 25
error()

--- error 26
error(nil)

--- error 27
error(42)

--- error 28
error(true)

--- error 29
assert(false)

--- error 30
assert(false,'msg')

--- error 31
assert(nil,'msg')

--- error 32
assert(false,{1})

--- error 33
assert(false, 42)

--- error 34
return assert(1,2,3)

--- error 35
redis.call()

--- error 36
redis.call(1,{})

--- error 37
redis.call({})

--- error 38
redis.call(nil)

--- error 39
redis.call(true)

--- error 40
return redis.pcall()

--- error 41
return redis.pcall({})

--- error 42
return redis.sha1hex('')

--- error 43
return redis.sha1hex('abc')

--- error 44
return redis.sha1hex(123)

--- error 45
return redis.sha1hex()

--- error 46
return redis.sha1hex('a','b')

--- error 47
return redis.sha1hex({})

--- error 48
return redis.log(redis.LOG_NOTICE,'x')

--- error 49
redis.log(1)

--- error 50
redis.log()

--- error 51
redis.log('x','y')

--- error 52
redis.log(7,'y')

--- error 53
redis.log(-1,'y')

--- error 54
redis.set_repl(8)

--- error 55
redis.set_repl()

--- error 56
redis.set_repl(redis.REPL_ALL) return 1

--- error 57
redis.register_function('a',function() end)


--- source 01
x = 

--- source 02
return 1 +

--- source 03
foo bar

--- source 04
local x = }

--- source 05
for i=1 do end

--- source 06
return "abc

--- source 07
if x then

--- source 08


local t = nil
return t.x

--- source 09
local function f()
  local x = {}
  return x.y.z
end
local ok = 1
return f()

--- source 10
-- comment
local x = 1

return x()

--- source 11
#!lua
error('line two')

--- source 12
#!lua flags=no-writes
return 1

--- source 13
#!lua flags=allow-stale,allow-oom
return redis.call('SET','a','b')

--- source 14
#!lua flags=no-writes
return redis.call('SET','a','b')

--- source 15
#!lua flags=bad
return 1

--- source 16
#!lua name=x
return 1

--- source 17
#!js
return 1

--- protocol 01
redis.setresp(3) return true

--- protocol 02
redis.setresp(3) return {true,false}

--- protocol 03
redis.setresp(3) return {map={a=true}}

--- protocol 04
redis.setresp(4)

--- protocol 05
redis.setresp()

--- protocol 06
redis.setresp('x')

--- protocol 07
redis.setresp(3) local x = redis.call('GET','nokey') return {type(x)}

--- protocol 08
redis.setresp(3) redis.call('HSET','h','a',1) local r=redis.call('HGETALL','h') return {type(r.map), r.map.a}

--- protocol 09
redis.setresp(3) redis.call('HSET','h','a',1) return redis.call('HGETALL','h')

--- protocol 10
redis.setresp(3) redis.call('SADD','s','a') local r=redis.call('SMEMBERS','s') return {type(r.set), tostring(r.set.a)}

--- protocol 11
redis.setresp(3) redis.call('SADD','s','a') return redis.call('SMEMBERS','s')

--- protocol 12
redis.setresp(3) redis.call('ZADD','z',1.5,'a') local r=redis.call('ZSCORE','z','a') return {type(r), tostring(r.double)}

--- protocol 13
redis.setresp(3) redis.call('ZADD','z',1.5,'a') return redis.call('ZSCORE','z','a')

--- protocol 14
redis.call('ZADD','z',1.5,'a') return redis.call('ZSCORE','z','a')

--- protocol 15
redis.setresp(3) redis.call('ZADD','z',1.5,'a',2,'b') return redis.call('ZRANGE','z',0,-1,'WITHSCORES')

--- protocol 16
redis.call('HSET','h','a',1) return redis.call('HGETALL','h')

--- protocol 17
redis.setresp(3) redis.setresp(2) redis.call('HSET','h','a',1) return redis.call('HGETALL','h')

--- protocol 18
redis.setresp(3) return redis.call('LRANGE','none',0,-1)

--- protocol 19
redis.setresp(3) return redis.call('HRANDFIELD','none')

--- protocol 20
return redis.call('ZRANDMEMBER','none')

--- protocol 21
redis.setresp(3) return redis.pcall('nosuch')

--- protocol 22
redis.setresp(3) return redis.call('CONFIG','GET','nosuch')

--- protocol 23
redis.setresp(3) return redis.call('EXISTS','x')

--- protocol 24
redis.setresp(3) redis.call('XADD','s','1-1','f','v') return redis.call('XRANGE','s','-','+')

--- protocol 25
redis.setresp(3) redis.call('XADD','s','1-1','f','v') return redis.call('XREAD','STREAMS','s','0')

--- protocol 26
redis.setresp(3) local r = redis.call('XREAD','STREAMS','s','0') return type(r)

--- protocol 27
redis.setresp(3) return redis.call('GEOPOS','g','x')

--- protocol 28
return redis.call('GEOPOS','g','x')

--- call 01
return redis.call('nosuchcmd')

--- call 02
return redis.pcall('nosuchcmd')

--- call 03
return redis.call('GET')

--- call 04
return redis.call('GET','a','b')

--- call 05
redis.call('SET','s','x') return redis.call('LPUSH','s','y')

--- call 06
redis.call('SET','s','x') return redis.pcall('LPUSH','s','y')

--- call 07
redis.call('SET','s','x') local ok, e = pcall(redis.call,'LPUSH','s','y') return {tostring(ok), type(e), e}

--- call 08
redis.call('SET','s','x') local e = redis.pcall('INCR','s') return e.err

--- call 09
redis.call('SET','s','x') local e = redis.pcall('INCR','s') local n = {} for k, v in pairs(e) do n[#n+1] = k .. '=' .. tostring(v) end table.sort(n) return n

--- call 10
return redis.call('SUBSCRIBE','c')

--- call 11
return redis.call('MULTI')

--- call 12
return redis.call('WATCH','k')

--- call 13
return redis.call('EVAL','return 1',0)

--- call 14
return redis.call('SCRIPT','FLUSH')

--- call 15
return redis.call('AUTH','x')

--- call 16
return redis.call('CLIENT','ID')

--- call 17
return redis.call('MONITOR')

--- call 18
return redis.call('DEBUG','SLEEP',0)

--- call 19
return redis.call('CONFIG','SET','x','y')

--- call 20
return redis.call('HELLO','3')

--- call 21
return redis.call('QUIT')

--- call 22
return redis.call('RESET')

--- call 23
return redis.call('SHUTDOWN')

--- call 25
return redis.call('XREAD','BLOCK',0,'STREAMS','none','$')

--- call 27
return redis.call('PING')

--- call 28
return redis.call('ECHO', 3)

--- call 29
return {redis.call('ECHO', 3.5),redis.call('ECHO', 1e15),redis.call('ECHO', 1e16),redis.call('ECHO', 2^53),redis.call('ECHO', 2^60),redis.call('ECHO', 1e17),redis.call('ECHO', 0.1),redis.call('ECHO', 1/0),redis.call('ECHO', 0/0),redis.call('ECHO', -1/3)}

--- call 30
redis.call('SET','n',10) return redis.call('INCRBY','n',5.0)

--- call 31
redis.call('SET','n',10) return redis.call('INCRBY','n',5.5)

--- call 32
return redis.call('SET','n',1e3)

--- call 33
redis.call('SET','n',1e3) return redis.call('GET','n')

--- call 34
return redis.call('OBJECT','HELP')[1]

--- call 36
return {redis.acl_check_cmd('get','x') and 1 or 0, redis.acl_check_cmd('set','x','y') and 1 or 0}

--- call 37
return redis.acl_check_cmd('nosuch')

--- call 38
return redis.acl_check_cmd()

--- call 39
return redis.acl_check_cmd({})

--- call 40
local t = {} for i = 1, 300 do t[i] = 'm' .. i end return redis.call('SADD','s',unpack(t))

--- call 41
return redis.call('set','k','v','bad')

--- call 42
return redis.call('\0')

--- call 43
return redis.call('')

--- call 44
return redis.call('get ','k')

--- call 45
return redis.call('GeT','k')

--- call 46
return {redis.call('SET','a','1'), redis.call('GET','a'), redis.call('DEL','a'), redis.call('GET','a'), redis.call('LRANGE','a',0,-1)}

--- call 47
return {redis.pcall('GET'), 1}

--- read-only 01
--! run SET k value
--! keys k
--! with EVAL_RO
return redis.call('GET','k')

--- read-only 02
--! run SET k value
--! keys k
--! with EVAL_RO
return redis.call('SET','k','v')

--- read-only 03
--! run SET k value
--! keys k
--! with EVAL_RO
return redis.pcall('SET','k','v')

--- read-only 04
--! run SET k value
--! keys k
--! with EVAL_RO
return redis.call('PUBLISH','c','m')

--- read-only 05
--! run SET k value
--! keys k
--! with EVAL_RO
return redis.call('SPOP','k')

--- read-only 06
--! run SET k value
--! keys k
--! with EVAL_RO
return {pcall(redis.call,'DEL','k')}

--- read-only 07
--! run SET k value
--! keys k
--! with EVAL_RO
#!lua flags=no-writes
return redis.call('GET','k')

--- read-only 08
--! run SET k value
--! keys k
--! with EVAL_RO
#!lua
return redis.call('GET','k')
