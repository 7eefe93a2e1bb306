-- Expressions and library calls, many to a script: each runs by loadstring() under pcall(), and what it gives is shown as
-- text. (What Redis 7.0 and Usher are known to do differently is left out; docs/compatibility.md has it.)

--- cjson encode 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return cjson.encode({})]])
try([[return cjson.encode({1,2,3})]])
try([[return cjson.encode({a=1})]])
try([[return cjson.encode({a=1,b='x',c=true,d={1,2},e={x={}}})]])
try([[return cjson.encode({name='alice',position=3,total=10,status='WAITING',token='abc',createdAt=123456,expires=99})]])
try([[return cjson.encode('a"b\\c/d\n\r\t\b\f\1\31\127é')]])
try([[return cjson.encode({1.5,1e15,1e14,123456789012345,0.1,-3,2^53,1/3,1e-10,100,1e20})]])
try([[return cjson.encode(1/0)]])
try([[return cjson.encode({0/0})]])
try([[return cjson.encode(nil)]])
try([[return cjson.encode({nil,2})]])
try([[return cjson.encode({1,nil,3})]])
try([[return cjson.encode({[1]=1,[2]=2,[4]=4})]])
try([[return cjson.encode({[10]=1})]])
try([[return cjson.encode({[1]=1,x=2})]])
try([[return cjson.encode({[1.5]=1})]])
try([[return cjson.encode({[0]=1})]])
try([[return cjson.encode({[-1]=1})]])
try([[return cjson.encode({[true]=1})]])
try([[return cjson.encode(function() end)]])
try([[return cjson.encode({function() end})]])
try([[return cjson.encode(cjson.null)]])
try([[return cjson.encode({cjson.null,false,true})]])
try([[return cjson.encode()]])
try([[return cjson.encode(1,2)]])
return out

--- cjson encode 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[local t={} local c=t for i=1,1001 do c[1]={} c=c[1] end return cjson.encode(t)]])
try([[local t={} local c=t for i=1,999 do c[1]={} c=c[1] end return #cjson.encode(t)]])
try([[local t={} local c=t for i=1,1000 do c[1]={} c=c[1] end return #cjson.encode(t)]])
try([[local t={} t[1]=t return cjson.encode(t)]])
try([[local c=cjson.new() c.encode_number_precision(3) return {c.encode(1/3),cjson.encode(1/3),c._NAME}]])
try([[cjson.encode=nil]])
return out

--- cjson decode 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return cjson.decode('{"a":1,"b":[1,2,{"c":null}],"d":"x\\u0041\\n"}').b[3].c == cjson.null and 1 or 0]])
try([[local d=cjson.decode('{"a":1,"b":[1,2.5,-3e2],"d":"x\\u0041\\u00e9\\ud83d\\ude00\\n\\/"}') return {d.a,d.b,d.d,tostring(d.b[2])}]])
try([[return cjson.decode('')]])
try([[return cjson.decode('{')]])
try([[return cjson.decode('[1,]')]])
try([[return cjson.decode('{"a":1,}')]])
try([[return cjson.decode('{a:1}')]])
try([[return cjson.decode('[1 2]')]])
try([[return cjson.decode('{"a" 1}')]])
try([[return cjson.decode('{"a":1 "b":2}')]])
try([[return cjson.decode('nope')]])
try([[return cjson.decode('"abc')]])
try([[return cjson.decode('"a\\x"')]])
try([[return cjson.decode('"\\u12"')]])
try([[return cjson.decode('"\\ud800"')]])
try([[return cjson.decode('"\\udc00"')]])
try([[return cjson.decode('[1] x')]])
try([[return cjson.decode('[1],')]])
try([[return {cjson.decode('1'),cjson.decode('"x"'),cjson.decode('true'),tostring(cjson.decode('null'))}]])
try([[return tostring(cjson.decode('nan'))]])
try([[return cjson.decode(string.rep('[',1001)..string.rep(']',1001))]])
try([[return #cjson.decode(string.rep('[',1000)..string.rep(']',1000))]])
try([[return cjson.decode('a\0b')]])
try([[return cjson.decode('\0a')]])
try([[return cjson.decode('"a\0b"')]])
return out

--- cjson decode 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return cjson.decode('[1]\0')]])
try([[return cjson.decode()]])
try([[return cjson.decode({})]])
try([[return cjson.decode(12)]])
return out

--- cjson settings
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[cjson.foo=1]])
return out

--- cmsgpack 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {cmsgpack.pack(1,-1,127,128,255,256,65535,65536,4294967295,4294967296,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649,2^53,2^63,-2^63,1.5,0.1,1/0,-1/0,0/0)}]])
try([[return {cmsgpack.pack(nil),cmsgpack.pack(true,false),cmsgpack.pack('a'),cmsgpack.pack(''),cmsgpack.pack(string.rep('x',31)),cmsgpack.pack(string.rep('x',32)),cmsgpack.pack(string.rep('x',255)),cmsgpack.pack(string.rep('x',256)),#cmsgpack.pack(string.rep('x',65536))}]])
try([[return {cmsgpack.pack({}),cmsgpack.pack({1,2,3}),cmsgpack.pack({a=1}),cmsgpack.pack({[1]=1,[3]=3}),cmsgpack.pack({{1},{a={}}}),cmsgpack.pack({[1.5]=1}),cmsgpack.pack({[0]=1}),cmsgpack.pack({1,2,nil,4}),cmsgpack.pack(function() end)}]])
try([[local t={} for i=1,16 do t[i]=i end local u={} for i=1,70000 do u[i]=1 end return {cmsgpack.pack(t),#cmsgpack.pack(u)}]])
try([[local t={} local c=t for i=1,20 do c[1]={} c=c[1] end return cmsgpack.pack(t)]])
try([[return cmsgpack.pack()]])
try([[return {cmsgpack.unpack(cmsgpack.pack(1,'x',{1,2},{a='b'},true))}]])
try([[return {tostring(cmsgpack.unpack('\203\63\185\153\153\153\153\153\154')),tostring(cmsgpack.unpack('\202\63\192\0\0')),tostring(cmsgpack.unpack('\207\255\255\255\255\255\255\255\255')),tostring(cmsgpack.unpack('\211\255\255\255\255\255\255\255\255'))}]])
try([[return {cmsgpack.unpack('')}]])
try([[return {cmsgpack.unpack('\217')}]])
try([[return {cmsgpack.unpack('\193')}]])
try([[return {cmsgpack.unpack('\196\1a')}]])
try([[return {cmsgpack.unpack('\199\1\1a')}]])
try([[return {cmsgpack.unpack('\221\255\255\255\255')}]])
try([[return {cmsgpack.unpack('\223\255\255\255\255')}]])
try([[return {cmsgpack.unpack('\129\192\1')}]])
try([[return {cmsgpack.unpack('\129\203\255\248\0\0\0\0\0\0\1')}]])
try([[return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3))}]])
try([[return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),1)}]])
try([[return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),2)}]])
try([[return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),3)}]])
try([[return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),4)}]])
try([[return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),-1)}]])
try([[return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),2)}]])
try([[return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),2,1)}]])
return out

--- cmsgpack 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),0)}]])
try([[return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),-1)}]])
try([[return cmsgpack.unpack_limit('x')]])
try([[return cmsgpack.unpack(nil)]])
try([[return cmsgpack.unpack(5)]])
return out

--- struct 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {struct.pack('>I2',258),struct.pack('<I2',258),struct.pack('bBhHlLiI',-1,255,-2,65535,-3,4,-5,6),struct.pack('s','abc'),struct.pack('c3','abcdef'),struct.pack('c0','abc'),struct.pack('x'),struct.pack('f',1.5),struct.pack('d',1.5),struct.pack('>d',1.5),struct.pack('!4 b i4',1,2),struct.pack('! b d',1,2),struct.pack('i3',5),struct.pack('>i3',-5),struct.pack('i16',5),struct.pack('T',5)}]])
try([[return {struct.unpack('>I2','\1\2'),struct.unpack('<I2','\1\2')}]])
try([[return {struct.unpack('bBhHlLiI',struct.pack('bBhHlLiI',-1,255,-2,65535,-3,4,-5,6))}]])
try([[return {struct.unpack('sc2x',"abc\0dez")}]])
try([[return {struct.unpack('bc0','\3abcd')}]])
try([[return {struct.unpack('c0','abc')}]])
try([[return {struct.unpack('s','abc')}]])
try([[return {struct.unpack('i4','abc')}]])
try([[return {struct.unpack('b','abc',2)}]])
try([[return {struct.unpack('b','abc',4)}]])
try([[return {struct.unpack('b','abc',0)}]])
try([[return {struct.unpack('i3','\255\255\255'),struct.unpack('I3','\255\255\255'),struct.unpack('>i3','\128\0\1')}]])
try([[return {struct.size('bhilsd')}]])
try([[return {struct.size('bhild'),struct.size('! b d'),struct.size('c5'),struct.size('x'),struct.size('i7')}]])
try([[return struct.size('c0')]])
try([[return struct.pack('z',1)]])
try([[return struct.pack('i33',1)]])
try([[return struct.pack('i99999999999',1)]])
try([[return struct.pack('!3 i',1)]])
try([[return struct.pack('!0 i',1)]])
try([[return struct.pack('i')]])
try([[return struct.pack('i','x')]])
try([[return struct.pack('c5','abc')]])
try([[return struct.pack('s')]])
try([[return struct.pack()]])
return out

--- struct 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {struct.pack('i',3.9),struct.pack('I',2^31),struct.pack('L',2^63),struct.pack('i',-3.9)}]])
try([[return {struct.unpack('!8 b d', struct.pack('!8 b d', 7, 2.5))}]])
try([[return {struct.unpack('>!4 i2 i4', struct.pack('>!4 i2 i4', 7, 8))}]])
return out

--- bit operations
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {bit.band(255,15),bit.bor(1,2,4),bit.bxor(5,3),bit.bnot(0),bit.lshift(1,31),bit.rshift(-1,28),bit.arshift(-8,1),bit.rol(1,33),bit.ror(1,1),bit.bswap(0x12345678),bit.tobit(2^32+5),bit.tobit(-1.5),bit.tobit(1.5),bit.tobit(2.5),bit.lshift(1,32)}]])
try([[return {bit.tohex(255),bit.tohex(255,4),bit.tohex(255,-4),bit.tohex(-1),bit.tohex(0,0),bit.tohex(1,20),bit.tohex(1,-20)}]])
try([[return bit.band()]])
try([[return bit.band('x')]])
try([[return bit.band('3','6')]])
try([[return bit.bnot({})]])
return out

--- math
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {math.floor(3.7), math.floor(-3.7), math.ceil(3.2), 7%3, -7%3, 7%-3, 5.5%2, 2^0.5}]])
try([[return math.pi]])
try([[return {tostring(math.huge),tostring(math.pi),tostring(math.max(1,5,3)),tostring(math.min(4,2)),tostring(math.abs(-2)),tostring(math.sqrt(2)),tostring(math.pow(2,10)),tostring(math.log(10)),tostring(math.log10(100)),tostring(math.exp(1)),tostring(math.fmod(7,3)),tostring(math.mod(7,3)),tostring(math.ldexp(1,4)),tostring(math.frexp(8)),tostring(math.modf(3.7)),tostring(math.deg(1)),tostring(math.rad(180)),tostring(math.cosh(1)),tostring(math.atan2(1,2)),tostring(math.log(8,2))}]])
try([[return {math.modf(-3.7),math.frexp(10),math.modf(1/0)}]])
try([[return math.max()]])
try([[return math.floor('x')]])
try([[return math.floor(nil)]])
try([[return {math.floor('3.7'), math.floor(2^60)}]])
try([[return {1e308*10 == math.huge and 1 or 0, -1e308*10 == -math.huge and 1}]])
return out

--- string format
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {string.format('%d', 3.7), string.format('%d', -3.7), string.format('%d','42'), string.format('%5d|%-5d|%05d', 1,2,3)}]])
try([[return {string.format('%s %s', 1, 'x'), string.format('%s', 1.5), string.format('%q', 'a\nb"c\\d\0e\rf'), string.format('%x %X %o %u', 255,255,8,7), string.format('%c%c', 65, 66), string.format('%5.1f|%e|%g|%G', 3.14159, 12345.678, 1e20, 1e-10)}]])
try([[return string.format('%s', nil)]])
try([[return string.format('%s', true)]])
try([[return string.format('%s', {})]])
try([[return string.format('%d', 'x')]])
try([[return string.format('%d')]])
try([[return string.format('%y', 1)]])
try([[return string.format('%10s|%-10s|%.2s', 'a','b','cdef')]])
try([[return string.format('%x', -1)]])
try([[return string.format('%5q', 'x')]])
try([[return string.format('%i', 3)]])
try([[return {string.format('%%'), string.format('100%%')}]])
try([[return string.format('%')]])
try([[return string.format('%5.3d|%+d|% d|%#x|%#o', 5, 5, 5, 255, 8)]])
try([[return string.format('%123d', 5)]])
try([[return string.format('%.123d', 5)]])
try([[return string.format('%-+ #0-+d', 5)]])
try([[return string.format('%d', 2^31), string.format('%d', 2^53)]])
try([[return {string.format('%d', 2^62), string.format('%.0f', 2^63), string.format('%d', -2^63), string.format('%.14g', 0.1), string.format('%.17g', 0.1), string.format('%5s|%5.1s', 'abc','abc')}]])
try([[return {string.format('%s', 'a\0b'), string.format('%10s','a\0b')}]])
try([[return {string.format('%g', 1e15), string.format('%g',100000), string.format('%g',1000000), string.format('%a', 1)}]])
return out

--- patterns 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {string.find('hello','l'),string.find('hello','xyz'),string.find('hello','(l)(l)')}]])
try([[return {string.find('a.b','.',1,true), string.find('abc','b',-1), string.find('abc','')}]])
try([[return {string.match('key=val','(%w+)=(%w+)'), string.match('abc','^b'), string.match('  trim ','^%s*(.-)%s*$')}]])
try([[return {string.gsub('hello world','o','0')}]])
try([[return {string.gsub('hello','','-')}]])
try([[return {string.gsub('hello world','%w*','x')}]])
try([[return {string.gsub('abc','%w','%0%0')}]])
try([[return {string.gsub('abc','(%w)','%1%1')}]])
try([[return {string.gsub('abc','%w','%%')}]])
try([[return {string.gsub('a.b.c','%.','%-')}]])
try([[return {string.gsub('abc','b','%2')}]])
try([[return {string.gsub('abc','b',{b='X'})}]])
try([[return {string.gsub('abc','%w',{b='X',c=false})}]])
try([[return {string.gsub('abc','%w',function(c) if c=='b' then return 'Y' end end)}]])
try([[return {string.gsub('abc','%w',function(c) return {} end)}]])
try([[return {string.gsub('abc','%w',true)}]])
try([[return {string.gsub('abc','^a','x'), string.gsub('aaa','^a','x'), string.gsub('aaa','a','x',2), string.gsub('aaa','a','x',0)}]])
try([[return {string.gsub('abc','()','%1')}]])
try([[return {string.gsub('THE (quick) fox','%((%w+)%)','<%1>')}]])
try([[return {string.gsub('abc def','%f[%w]%w+','X')}]])
try([[local r={} for w in string.gmatch('one two  three','%a+') do r[#r+1]=w end return r]])
try([[local r={} for w in string.gmatch('abc','%w*') do r[#r+1]='['..w..']' end return r]])
try([[local r={} for k,v in string.gmatch('a=1, b=2','(%w+)=(%w+)') do r[#r+1]=k..v end return r]])
try([[local r={} for p in string.gmatch('abc','()') do r[#r+1]=p end return r]])
try([[local r={} for p in string.gmatch('^a^a','^a') do r[#r+1]=p end return r]])
return out

--- patterns 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return string.find('a','[')]])
try([[return string.find('a','%')]])
try([[return string.find('a','(')]])
return out

--- strings 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return tostring(3)]])
try([[return tostring(10/2)]])
try([[return tostring(10/3)]])
try([[return {#'abc', #{1,2,3}, tostring(#'abc'), tostring(#{1,2}), #'abc'/2 .. ''}]])
try([[return {tonumber('10'), tonumber('0x10'), tonumber('1e2'), tonumber(' 5 '), tonumber('ff',16), tonumber('zz',36), tonumber('8',8) == nil and 'nil' or 'x', tonumber('') == nil and 'nil', tonumber('abc')==nil and 'nil', tostring(tonumber('inf')), tostring(tonumber('nan')), tostring(tonumber('1 2')), tostring(tonumber('0x')), tostring(tonumber('1e')), tostring(tonumber('.5')), tostring(tonumber('5.')), tostring(tonumber('0x1p4'))}]])
try([[return tostring(tonumber('-ff',16))]])
try([[return {tostring(tonumber(nil))}]])
try([[local ok,e=pcall(function() error('x') end) return {tostring(ok),tostring(e)}]])
try([[local ok,e=pcall(function() error({code=1}) end) return {tostring(ok),type(e),e.code}]])
try([[local ok,e=pcall(function() local x=nil; return x.y end) return {tostring(ok),tostring(e)}]])
try([[return {verbatim_string={string='hello',format='txt'}}]])
try([[return {verbatim_string={string='hello',format='markdown'}}]])
try([[return {verbatim_string={string='hello',format='t'}}]])
try([[return {verbatim_string={string='hello'}}]])
try([[string.foo=1]])
try([[return {('abc'):upper(), ('x'):rep(3), #('abc')}]])
try([[return string.rep('x',-1)]])
try([[return #string.rep('x',1000)]])
try([[return string.gfind('a','b')]])
try([[return {string.byte('abc',1,3)}]])
try([[return {string.byte('abc'),string.byte('abc',-1),string.byte('abc',10)}]])
try([[return string.char(72,105)]])
try([[return string.char(256)]])
try([[return string.char(-1)]])
try([[return {string.sub('hello',2,3),string.sub('hello',-3),string.sub('hello',2),string.sub('hello',0),string.sub('hello',1.7,2.9),string.sub('hello','2')}]])
return out

--- strings 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {string.len('a\0b'),string.reverse('abc'),string.lower('ABC'),string.upper('abc')}]])
try([[return string.rep()]])
try([[return string.rep('x')]])
try([[return string.sub()]])
try([[local t={} return {tostring(table.remove(t)),tostring(table.remove(t,1)),tostring(table.remove({1,2},5)),select('#',table.remove({}))}]])
try([[local f=loadstring('return 1+1') return f()]])
try([[return {loadstring('return +')}]])
try([[local f,e=loadstring('return +') return e]])
try([[local f,e=loadstring('x =','=name') return e]])
try([[local f,e=loadstring('x =','@name') return e]])
try([[local f,e=loadstring('local a\nlocal b = = 1') return e]])
try([[local f,e=loadstring('foo') return e]])
try([[local f,e=loadstring('foo bar') return e]])
try([[local f,e=loadstring('f() = 1') return e]])
try([[local f,e=loadstring('for') return e]])
try([[local f,e=loadstring('for i') return e]])
try([[local f,e=loadstring('if x then') return e]])
try([[local f,e=loadstring('while true do\n\n') return e]])
try([[local f,e=loadstring('local function') return e]])
try([[local f,e=loadstring('return "abc') return e]])
try([[local f,e=loadstring('return [[abc') return e]])
try([[local f,e=loadstring('--[[abc') return e]])
try([[local f,e=loadstring('x = 3a') return e]])
try([[local f,e=loadstring('x = }') return e]])
try([[local f,e=loadstring('x = @') return e]])
return out

--- strings 3
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[local f,e=loadstring('return ... , 1') return e or 'ok']])
try([[local f,e=loadstring('function f() return ... end') return e or 'ok']])
try([[local f,e=loadstring('x="\\q"') return e or 'ok']])
try([[local f,e=loadstring('x="\\x41" return x') return e or 'ok']])
try([[local f,e=loadstring('local t = {1,2') return e]])
try([[local f,e=loadstring('f(') return e]])
try([[local f,e=loadstring('end') return e]])
try([[local f,e=loadstring('x = 1 1') return e]])
try([[local f,e=loadstring('a.b:c') return e]])
try([[return tostring(nil)..tostring(true)..tostring('x')]])
try([[return tostring(setmetatable({},{__tostring=function() return 'hi' end}))]])
try([[return tostring(setmetatable({},{__tostring=function() return 5 end}))]])
try([[local t=setmetatable({},{__index={a=1},__newindex=function(t,k,v) rawset(t,k,v*2) end,__call=function(self,x) return x+1 end,__add=function(a,b) return 42 end,__concat=function(a,b) return 'cc' end,__eq=function() return true end,__lt=function() return true end,__le=function() return false end,__unm=function() return 7 end,__len=function() return 99 end}) t.z=4 return {t.a,t.z,t(1),t+1,t..'x',-t,#t,tostring(t<t),tostring(t<=t)}]])
try([[local r={} for k,v in pairs({10,20,30,a=1}) do r[#r+1]=tostring(k)..'='..v end return r]])
try([[local r={} for i=1,3 do r[#r+1]=i end for i=3,1,-1 do r[#r+1]=i end for i=1,2,0.5 do r[#r+1]=tostring(i) end return r]])
try([[local co=coroutine.create(function(a,b) local c=coroutine.yield(a+b) return c*2 end) local _,x=coroutine.resume(co,1,2) local _,y=coroutine.resume(co,10) return {x,y,coroutine.status(co),tostring(coroutine.resume(co))}]])
try([[return tostring(coroutine.running())]])
try([[local co=coroutine.create(function() error('in co') end) local ok,e=coroutine.resume(co) return {tostring(ok),e}]])
try([[local co=coroutine.create(function() return redis.call('nosuch') end) local ok,e=coroutine.resume(co) return {tostring(ok),type(e),type(e)=='table' and e.err or e}]])
try([[local ok,e=xpcall(function() error('x') end, function(m) return 'H:'..m end) return {tostring(ok),e}]])
try([[local ok,e=xpcall(function() redis.call('nosuch') end, function(m) return type(m) end) return {tostring(ok),e}]])
try([[local ok,a,b=pcall(function() error({err='x'}) end) return {tostring(ok),type(a),a,tostring(b)}]])
try([[local r={pcall(error,{err=5})} return {#r,tostring(r[1]),type(r[2])}]])
try([[local r={pcall(error,{foo=5})} return {#r,tostring(r[1]),type(r[2])}]])
try([[return {tostring(pcall(error,nil))}]])
return out

--- strings 4
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {tostring(2^31), tostring(2^31*2), tostring(1e3), tostring(1234567.891), tostring(12345678901234), tostring(0.1+0.2), tostring(100/3), 1e15 .. '', (2^53) .. ''}]])
try([[return {2^53 == 2^53+1 and 1 or 0, tostring(9007199254740993 - 9007199254740992)}]])
try([[local x = redis.call('GET','nokey') return {type(x), tostring(x)}]])
try([[return tostring(KEYS[3])]])
return out

--- compiling
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return load(function() return nil end) and 1]])
try([[local n=0 local f=load(function() n=n+1 if n==1 then return 'return 4' elseif n==2 then return '2' end end) return f()]])
try([[return load('return 1')]])
try([[local f,e=load(function() return 1/0 and {} end) return e]])
try([[local f,e=load(function() error('x') end) return e]])
return out

--- coroutines
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[local f=coroutine.wrap(function() for i=1,3 do coroutine.yield(i) end end) return {f(),f(),f()}]])
try([[return coroutine.wrap(function() error('x') end)()]])
return out

--- pcall and errors
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[local function f() error('boom') end f()]])
try([[error('boom')]])
try([[error('boom',0)]])
try([[error('boom',2)]])
try([[error({err='My error'})]])
try([[error({err='MYERR text'})]])
try([[error()]])
try([[error(nil)]])
try([[error(42)]])
try([[error(true)]])
try([[assert(false)]])
try([[assert(false,'msg')]])
try([[assert(nil,'msg')]])
try([[assert(false,{1})]])
try([[assert(false, 42)]])
try([[return assert(1,2,3)]])
try([[return {pcall(error,'x')}]])
try([[return redis.pcall()]])
try([[return redis.pcall({})]])
try([[local t=redis.error_reply('My Err') return {t.err}]])
try([[return {xpcall(function() error('x') end, function(m) return 'H:'..m end)}]])
try([[return {xpcall(function() return 1,2 end, print)}]])
try([[return {pcall(error)}]])
return out

--- tables 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[setmetatable(_G,nil)]])
try([[setmetatable(redis,{})]])
try([[return type(getmetatable(''))]])
try([[getmetatable('').__index=1]])
try([[getmetatable('').foo=1]])
try([[local m=getmetatable('') m.__index=function() return 1 end return ('x').foo]])
try([[table.insert(redis,1)]])
try([[local t=setmetatable({},{__index=function(t,k) return t[k] end}) return t.x]])
try([[return {table.concat({1,2,3},','),table.concat({},','),table.concat({'a'},','),table.concat({1,2,3},',',2),table.concat({1,2,3},',',2,3),table.concat({1.5,2},' ')}]])
try([[return table.concat({1,{},3},',')]])
try([[return table.concat({1,nil,3},',',1,3)]])
try([[return table.concat({1,true})]])
try([[return table.concat(1)]])
try([[local t={1,2,3} table.insert(t,4) table.insert(t,1,0) return t]])
try([[local t={1,2,3} table.insert(t,10,'x') return {#t,t[10],table.maxn(t)}]])
try([[local t={1,2,3} table.insert(t,0,'x') return {t,t[0]}]])
try([[table.insert({},1,2,3)]])
try([[table.insert({})]])
try([[table.insert(nil,1)]])
try([[local t={1,2,3} return {table.remove(t),table.remove(t,1),#t,t}]])
try([[local t={3,1,2} table.sort(t) return t]])
try([[local t={3,1,2} table.sort(t,function(a,b) return a>b end) return t]])
try([[local t={3,'a',2} table.sort(t) return t]])
try([[local t={} for i=1,200 do t[i]=(i*7919)%13 end table.sort(t,function(a,b) return true end) return 1]])
try([[local t={} for i=1,150 do t[i]={k=(i*7919)%13,i=i} end table.sort(t,function(a,b) return a.k<b.k end) local r={} for i=1,150 do r[i]=t[i].i end return table.concat(r,' ')]])
return out

--- tables 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[local t={} for i=1,50 do t[i]={k=(i*7919)%7,i=i} end table.sort(t,function(a,b) return a.k<b.k end) local r={} for i=1,50 do r[i]=t[i].i end return table.concat(r,' ')]])
try([[return {table.getn({1,2,3}),table.maxn({1,2,[10]=3}),table.maxn({})}]])
try([[table.setn({},3)]])
try([[local r={} table.foreach({a=1},function(k,v) r[#r+1]=k..v end) table.foreachi({5,6},function(i,v) r[#r+1]=i..v end) return r]])
try([[return {unpack({1,2,3})}]])
try([[return {unpack({1,2,3},2)}]])
try([[return {unpack({1,2,3},2,3)}]])
try([[return {unpack({1,nil,3},1,3)}]])
try([[return unpack()]])
try([[return unpack({},1,1e8)]])
try([[return {select('#',1,2,3),select(2,'a','b','c'),select(-1,'a','b','c')}]])
try([[return select(-5,1)]])
try([[return select('x',1)]])
try([[return getmetatable(setmetatable({},{__metatable='locked'}))]])
try([[setmetatable(setmetatable({},{__metatable='locked'}),{})]])
try([[setmetatable({},1)]])
try([[setmetatable(1,{})]])
try([[return {next({}),next({5}),type(next)}]])
try([[return next({},'nokey')]])
try([[local r={} for i,v in ipairs({1,2,nil,4}) do r[#r+1]=v end return r]])
try([[local a,b,c = (function(...) return ... end)(1,2,3) return {a,b,c,select('#',nil,nil)}]])
return out

--- metatables
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return rawequal('a','a') and rawget({a=1},'a')]])
return out

--- numbers
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return tonumber('10',1)]])
try([[return tonumber()]])
try([[return tonumber({})]])
return out

--- read-only globals 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[redis.nosuch()]])
try([[redis.call()]])
try([[redis.call(1,{})]])
try([[redis.call({})]])
try([[redis.call(nil)]])
try([[redis.call(true)]])
try([[local t=redis.status_reply('My Err') return {t.ok}]])
try([[return redis.sha1hex('')]])
try([[return redis.sha1hex('abc')]])
try([[return redis.sha1hex(123)]])
try([[return redis.sha1hex()]])
try([[return redis.sha1hex('a','b')]])
try([[return redis.sha1hex({})]])
try([[return redis.log(redis.LOG_NOTICE,'x')]])
try([[redis.log(1)]])
try([[redis.log()]])
try([[redis.log('x','y')]])
try([[redis.log(7,'y')]])
try([[redis.log(-1,'y')]])
try([[redis.set_repl(8)]])
try([[redis.set_repl()]])
try([[redis.set_repl(redis.REPL_ALL) return 1]])
try([[return {redis.replicate_commands()}]])
try([[redis.register_function('a',function() end)
]])
try([[redis.call=nil]])
return out

--- read-only globals 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[_G.foo=1]])
try([[rawset(_G,'foo',1)]])
try([[rawset(redis,'foo',1)]])
try([[KEYS=1]])
try([=[KEYS[1]='z' return KEYS[1]]=])
try([[redis=nil]])
try([[return {KEYS,ARGV}]])
try([[return redis.call('PING')]])
try([[return redis.call('PING').ok]])
try([[return #KEYS..#ARGV]])
try([=[return KEYS[3]]=])
return out

--- expressions 1
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return 3]])
try([[return 10/2]])
try([[return 3 .. '']])
try([[return {9007199254740993,-9007199254740993,1e15,2^62,3.99,-3.99,2^63,-2^63,1e300,-1e300}]])
try([[return {0/0}]])
try([[return {'10'+5, '3'*'4', 10 .. 20, '0x10'+0, -'2'}]])
try([[return 'abc'+1]])
try([[return {}+1]])
try([[return nil+1]])
try([[local x return x+1]])
try([[local x={} return x.y+1]])
try([[return y]])
try([[y=1]])
try([[local x return x.y]])
try([=[local x return x[1]]=])
try([[local x={} return x.y.z]])
try([[local x={} return x[1].z]])
try([[local x={} x.f()]])
try([[local x={} x:f()]])
try([[local x x()]])
try([[nosuch()]])
try([[return 'a'..nil]])
try([[local x={} return 'a'..x]])
try([[local x={} return 'a'..x.y]])
try([[local x={} return x.y..'a']])
return out

--- expressions 2
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return 1 < 'x']])
try([[return {} < {}]])
try([[return nil < 1]])
try([[return 'a' < 1]])
try([[return #nil]])
try([[local x return #x]])
try([[return -{}]])
try([[return {ok='x\ny\r\nz'}]])
try([[return {err='x\ny\r\nz'}]])
try([[return {err='no code'}]])
try([[return {err='x', ok='y'}]])
try([[return {err=1}]])
try([[return {err={}}]])
try([[return {ok=1}]])
try([[return {1,2,nil,4}]])
try([[return {1,2,{3,{4}},'x',true,false}]])
try([[return true]])
try([[return false]])
try([[return nil]])
try([[return]])
try([[return {}]])
try([[return {a=1}]])
try([[return function() end]])
try([[return {function() end, 1}]])
try([[return {double=3.5}]])
return out

--- expressions 3
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {double=3}]])
try([[return {double='x'}]])
try([[return {map={a=1}}]])
try([[return {map={}}]])
try([[return {set={a=true}}]])
try([[return {set={}}]])
try([[return {big_number='123456789012345678901234567890'}]])
try([[return {big_number='12\n3'}]])
try([[local function f() return 1+f() end return f()]])
try([[return ('x'):bad()]])
try([[for i=1,'3' do end return 1]])
try([[for i='a',3 do end]])
try([[for i=1,{} do end]])
try([[local function f(...) local arg={...} return #arg end return f(1,2,3)]])
try([[local t={} t[1.0]='a' t[2^53]='b' return {t[1],t[9007199254740992]}]])
try([[local t={} t[nil]=1]])
try([[local t={} t[0/0]=1]])
try([[return {0x10, 0xff, 1e2, .5 * 4, 3. , 0xA}]])
try([[return {not nil, not 0, 1 and 2, nil or 'd', false == nil, 'a'..1 ..2}]])
try([[return {'a'<'b', 'a'<'B', 'Z'<'a', '10'<'9', 'a\0b'<'a\0c', ''<'a'}]])
try([[return {#{1,2,3,nil,5}, #{nil,nil,3}, #{n=1}}]])
try([[local t={1,2,3} t[#t+1]=4 t[#t]=nil return #t]])
try([[-- comment
local x = 1

return x.y.z]])
try([[return {err='ERR x'}, 1]])
try([[return {{err='inner'},1}]])
return out

--- expressions 4
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) ~= 'table' then return tostring(v):gsub('0x%x+', 'PTR') .. '' end
  if (depth or 0) > 5 then return '...' end
  local names, parts = {}, {}
  for k in pairs(v) do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(names) do parts[i] = tostring(k) .. '=' .. show(v[k], (depth or 0) + 1) end
  return '{' .. table.concat(parts, ' ') .. '}'
end
local out = {}
local function try(source)
  local f, e = loadstring(source, '=s')
  local results = f and {pcall(f)} or {'does not compile', e}
  local parts = {}
  for i = 1, table.maxn(results) do parts[i] = show(results[i]) end
  out[#out + 1] = table.concat(parts, ' ')
end
try([[return {{ok='inner'},1}]])
try([[return {1,{2,{3,{4,{5}}}}}]])
return out
