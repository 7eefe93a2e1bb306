# redis-rb: every area of the protocol through the library's typed replies.
require 'redis'

PORT = Integer(ARGV[0])
SERVER = ARGV[2]
$stdout.sync = true

class Skip < StandardError; end

def same(found, wanted)
  raise "#{found.inspect[0, 300]} instead of #{wanted.inspect[0, 300]}" unless found == wanted
end

def connect(**options)
  Redis.new(host: '127.0.0.1', port: PORT, timeout: 15, **options)
end

def raises(part)
  yield
rescue Redis::BaseError => e
  raise "#{e.message} does not say #{part}" unless e.message.include?(part)
else
  raise "no error that says #{part}"
end

def wait_until
  1000.times do
    return true if yield
    sleep 0.01
  end
  false
end

def wait_for_blocked(count)
  same(wait_until { R.info(:clients)['blocked_clients'].to_i == count }, true)
end

def fields(reply)
  Hash[*reply]
end

R = connect
CHECKS = {}

def check(name, &block)
  CHECKS[name] = block
end

check 'connection' do
  named = connect(id: 'checks', db: 3)
  same(named.ping, 'PONG')
  same(named.client(:setname, 'checks'), 'OK')
  same(named.client(:getname), 'checks')
  same(named.client(:list).map { |client| client['name'] }.include?('checks'), true)
  same([named.set('a', 1), named.dbsize, R.dbsize], ['OK', 1, 0])
  same([named.echo('x'), named.config(:get, 'maxmemory-policy')], ['x', { 'maxmemory-policy' => 'noeviction' }])
  same(named.info['redis_mode'], 'standalone')
  named.close
end

check 'strings' do
  same([R.set('s', 'v'), R.set('s', 'w', nx: true), R.set('s', 'w', xx: true, get: true)], ['OK', false, 'v'])
  same([R.get('s'), R.get('none'), R.set('t', 1, px: 60_000), R.pttl('t') > 50_000], ['w', nil, 'OK', true])
  same([R.incr('n'), R.incrby('n', 41), R.decr('n'), R.incrbyfloat('f', 2.5)], [1, 42, 41, 2.5])
  same([R.append('s', 'xyz'), R.getrange('s', 1, 2), R.setrange('s', 0, 'W'), R.strlen('s')], [4, 'xy', 4, 4])
  same([R.mset('a', 1, 'b', 2), R.mget('a', 'none', 'b'), R.mapped_mget('a', 'b')],
       ['OK', ['1', nil, '2'], { 'a' => '1', 'b' => '2' }])
  same([R.msetnx('a', 3, 'c', 4), R.getdel('a'), R.getex('b', ex: 10), R.exists('a', 'b')], [false, '1', '2', 1])
  same([R.setbit('bits', 7, 1), R.bitcount('bits'), R.pfadd('hll', %w[a b]), R.pfcount('hll')], [0, 1, true, 2])
  same([R.type('s'), R.object('encoding', 'n')], %w[string int])
end

check 'hashes' do
  same([R.hset('h', 'f', 1), R.hset('h', { 'g' => 2, 'i' => 3 })], [1, 2])
  same([R.hgetall('h'), R.hmget('h', 'f', 'x')], [{ 'f' => '1', 'g' => '2', 'i' => '3' }, ['1', nil]])
  same([R.hincrby('h', 'f', 4), R.hincrbyfloat('h', 'g', 0.5), R.hexists('h', 'x'), R.hdel('h', 'i', 'x')],
       [5, 2.5, false, 1])
  same([R.hkeys('h'), R.hvals('h'), R.hlen('h'), R.hsetnx('h', 'f', 1)], [%w[f g], ['5', '2.5'], 2, false])
end

check 'lists' do
  same([R.rpush('l', %w[a b c]), R.lpush('l', 'z'), R.lrange('l', 0, -1)], [3, 4, %w[z a b c]])
  same([R.lindex('l', 1), R.linsert('l', :before, 'b', 'x'), R.lrem('l', 1, 'x'), R.ltrim('l', 0, 2)],
       ['a', 5, 1, 'OK'])
  same([R.lmove('l', 'm', 'LEFT', 'RIGHT'), R.rpoplpush('l', 'm'), R.lpop('m', 5), R.lpop('m')],
       ['z', 'b', %w[b z], nil])
end

check 'sets' do
  same([R.sadd('x', %w[a b c]), R.sadd('y', %w[b c d])], [3, 3])
  same([R.sinter('x', 'y').sort, R.sdiff('x', 'y'), R.sunion('x', 'y').size], [%w[b c], %w[a], 4])
  same([R.sismember('x', 'a'), R.smismember('x', 'a', 'q'), R.sinterstore('z', 'x', 'y')], [true, [true, false], 2])
  same([R.smove('x', 'y', 'a'), R.scard('y'), R.srem('y', %w[a q]), R.srandmember('y', 9).size], [true, 4, 1, 3])
end

check 'sorted-sets' do
  same(R.zadd('zs', [[1, 'a'], [2.5, 'b'], [Float::INFINITY, 'c']]), 3)
  same(R.zrange('zs', 0, -1, with_scores: true), [['a', 1.0], ['b', 2.5], ['c', Float::INFINITY]])
  same([R.zscore('zs', 'b'), R.zmscore('zs', 'a', 'q'), R.zrank('zs', 'b'), R.zrevrank('zs', 'c')],
       [2.5, [1.0, nil], 1, 0])
  same([R.zadd('zs', 5, 'a', gt: true, ch: true), R.zincrby('zs', 0.25, 'a'), R.zcount('zs', '(2.5', '+inf')],
       [true, 5.25, 2])
  same(R.zrangebyscore('zs', '2', '+inf', limit: [1, 1], with_scores: true), [['a', 5.25]])
  same([R.zunionstore('zu', %w[zs], weights: [2.0]), R.zpopmin('zu'), R.zrem('zu', %w[a q])], [3, ['b', 5.0], 1])
  R.geoadd('geo', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania')
  same(R.geodist('geo', 'Palermo', 'Catania', 'km').to_f.round, 166)
end

check 'streams' do
  same([R.xadd('st', { 'f' => 1 }, id: '5-1'), R.xadd('st', { 'f' => 2 }, id: '5-2'), R.xlen('st')], ['5-1', '5-2', 2])
  same([R.xrange('st', count: 1), R.xrevrange('st').map(&:first)], [[['5-1', { 'f' => '1' }]], %w[5-2 5-1]])
  same(R.xgroup(:create, 'st', 'grp', '0'), 'OK')
  raises('BUSYGROUP') { R.xgroup(:create, 'st', 'grp', '0') }
  same(R.xreadgroup('grp', 'alice', 'st', '>', count: 1), { 'st' => [['5-1', { 'f' => '1' }]] })
  same([R.xpending('st', 'grp')['size'], R.xclaim('st', 'grp', 'bob', 0, '5-1')], [1, [['5-1', { 'f' => '1' }]]])
  same([R.xautoclaim('st', 'grp', 'carol', 0, '0-0')['entries'].size, R.xack('st', 'grp', '5-1')], [1, 1])
  same([R.xinfo(:stream, 'st')['length'], R.xinfo(:groups, 'st')[0]['name']], [2, 'grp'])
  waiting = Thread.new { connect.xread('st', '$', block: 10_000) }
  wait_for_blocked(1)
  R.xadd('st', { 'late' => 'x' }, id: '6-0')
  same([waiting.value, R.xtrim('st', 1), R.xdel('st', '6-0')], [{ 'st' => [['6-0', { 'late' => 'x' }]] }, 2, 1])
end

check 'pipelines' do
  replies = R.pipelined { |pipe| 5000.times { |n| pipe.set("p#{n}", n); pipe.get("p#{n}") } }
  same([replies.size, replies[1], replies[9999]], [10_000, '0', '4999'])
  raises('not an integer') { R.pipelined { |pipe| pipe.set('p0', 'text'); pipe.incr('p0') } }
  same(R.get('p0'), 'text')
end

check 'transactions' do
  same(R.multi { |tx| tx.set('tx', 1); tx.incr('tx'); tx.hset('txh', 'f', 1); tx.hgetall('txh') },
       ['OK', 2, 1, { 'f' => '1' }])
  result = R.watch('tx') do
    connect.set('tx', 50)
    R.multi { |tx| tx.incr('tx') }
  end
  same([result, R.get('tx')], [nil, '50'])
  same(R.watch('tx') { R.multi { |tx| tx.incr('tx') } }, [51])
end

check 'channels' do
  got = Queue.new
  listener = Thread.new do
    connect.subscribe('news', 'more') do |on|
      on.subscribe { |channel, count| got << ['subscribe', channel, count] }
      on.message { |channel, message| got << [channel, message] }
      on.unsubscribe { |channel, count| got << ['unsubscribe', channel, count] }
    end
  end
  patterns = Thread.new do
    connect.psubscribe('n*') do |on|
      on.psubscribe { |pattern, count| got << ['psubscribe', pattern, count] }
      on.pmessage { |pattern, channel, message| got << [pattern, channel, message] }
    end
  end
  same(Array.new(3) { got.pop }.sort_by(&:to_s),
       [['psubscribe', 'n*', 1], ['subscribe', 'more', 2], ['subscribe', 'news', 1]])
  same(R.publish('news', 'hello'), 2)
  same(Array.new(2) { got.pop }.sort, [['n*', 'news', 'hello'], %w[news hello]])
  same([R.pubsub(:channels, 'ne*'), R.pubsub(:numsub, 'news'), R.pubsub(:numpat)], [['news'], ['news', 1], 1])
  [listener, patterns].each(&:kill)
end

check 'blocking' do
  same([R.blpop('none', timeout: 1), R.rpush('have', 'x'), R.blpop('none', 'have', timeout: 1)], [nil, 1, %w[have x]])
  clients = 2.times.map do |n|
    thread = Thread.new { connect.blpop('jobs', timeout: 10) }
    wait_for_blocked(n + 1)
    thread
  end
  same([R.rpush('jobs', %w[one two]), clients.map(&:value)], [2, [%w[jobs one], %w[jobs two]]])
  moved = Thread.new { connect.blmove('from', 'to', 'RIGHT', 'LEFT', timeout: 10) }
  popped = Thread.new { connect.bzpopmin('bz', timeout: 10) }
  wait_for_blocked(2)
  R.rpush('from', 'item')
  R.zadd('bz', 1.5, 'm')
  same([moved.value, popped.value], ['item', ['bz', 'm', 1.5]])
end

check 'scans' do
  R.flushdb
  R.pipelined do |pipe|
    3000.times do |n|
      pipe.set("scan:#{n}", 1)
      pipe.hset('scan-h', "f#{n}", 1)
      pipe.sadd('scan-s', ["m#{n}"])
      pipe.zadd('scan-z', n, "m#{n}")
    end
  end
  same(R.scan_each(match: 'scan:*', count: 100).to_a.uniq.size, 3000)
  same([R.hscan_each('scan-h').to_h.size, R.sscan_each('scan-s').to_a.uniq.size], [3000, 3000])
  same([R.zscan_each('scan-z').to_h.values.sum, R.scan_each(type: 'zset').to_a], [4_498_500.0, ['scan-z']])
end

check 'big-values' do
  big = (0..255).to_a.pack('C*') * 4096
  same([R.set('big', big), R.get('big').b == big, R.strlen('big')], ['OK', true, 1 << 20])
end

check 'binary' do
  key = "k\0\r\n\xff".b
  value = "\0\r\n$5\r\n\xfe".b
  same([R.set(key, value), R.get(key).b, R.hset('bin', key, value), R.hget('bin', key).b], ['OK', value, 1, value])
  same([R.set('päßwörter 🎫', 'Grüße 🎟'), R.get('päßwörter 🎫')], ['OK', 'Grüße 🎟'])
end

check 'errors' do
  R.rpush('alist', '1')
  raises('WRONGTYPE') { R.get('alist') }
  raises('unknown command') { R.call('NOSUCH') }
  raises('wrong number of arguments') { R.call('GET') }
  raises('syntax error') { R.call('SET', 'a', 'b', 'BAD') }
  raises('WRONGPASS') { connect(username: 'nobody', password: 'wrong').ping }
  same(R.ping, 'PONG')
end

check 'reconnecting' do
  patient = connect(reconnect_attempts: 50, reconnect_delay: 0.1, reconnect_delay_max: 0.2)
  patient.set('before', 1)
  puts 'restart'
  same($stdin.gets.strip, 'restarted')
  same([patient.get('before'), patient.set('before', 2)], [nil, 'OK'])
end

check 'waiting-room' do
  raise Skip, 'redis-server has no waiting room' unless SERVER == 'usher'

  entered = %w[alice bob alice].map { |user| fields(R.call('ENTERQUEUE', 'show', user)) }
  same(entered.map { |reply| reply.values_at('status', 'position') }, [['NEW', 0], ['NEW', 1], ['WAITING', 0]])
  user, token = R.call('MOVEACTIVE', 'show', 1, 'WITHTOKENS')
  status = fields(R.call('QUEUE', 'STATUS', 'show', 'alice'))
  same([user, status['status'], status['token']], ['alice', 'READY', token])
  same([R.call('QUEUE', 'ACTIVATE', 'show', 'alice'), R.zcard('queue:wait:{show}')], [1, 1])
  waiting = Thread.new { fields(connect.call('QUEUE', 'WAIT', 'show', 'bob', 10_000))['status'] }
  wait_for_blocked(1)
  same([R.call('MOVEACTIVE', 'show', 9), waiting.value, R.call('MOVEACTIVE', 'show', 9, 'JSON')],
       [['bob'], 'READY', '[]'])
end

R.flushall
CHECKS.each do |name, block|
  block.call
  puts "ok #{name}"
rescue Skip => e
  puts "skipped #{name}: #{e.message}"
rescue StandardError => e
  line = e.backtrace.reverse.reject { |frame| frame.include?('each') }.find { |frame| frame.start_with?(__FILE__) }
  puts "failed #{name}: #{e.class} at #{line.to_s[/:(\d+):/, 1]}: #{e.message.tr("\n", ' ')}"
end
puts 'end'
