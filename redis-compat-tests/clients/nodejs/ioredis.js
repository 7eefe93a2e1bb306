// ioredis: every area of the protocol through the library's replies (RESP2), its key prefixes, auto-pipelining, scan
// streams.
'use strict';
const Redis = require('ioredis');
const {port, server, Skip, restartServer, waitUntil, same, fails, run} = require('./checks.js');

const connect = (options = {}) => {
  const client = new Redis({host: '127.0.0.1', port, retryStrategy: () => 50, ...options});
  client.on('error', () => {});
  return client;
};
const r = connect();
const fields = (reply) => Object.fromEntries(reply.flatMap((item, i) => (i % 2 ? [] : [[item, reply[i + 1]]])));
const blockedClients = async (count) => waitUntil(
    async () => (await r.info('clients')).includes(`blocked_clients:${count}\r\n`), `${count} blocked clients`);

const checks = {
  async connection() {
    const named = connect({connectionName: 'checks', db: 3, enableReadyCheck: true});
    same([await named.ping(), await named.client('GETNAME'), await named.set('a', 1)], ['PONG', 'checks', 'OK']);
    same(
        [await named.dbsize(), await r.dbsize(), await named.config('GET', 'maxmemory-policy')],
        [1, 0, ['maxmemory-policy', 'noeviction']]);
    same((await named.client('INFO')).includes('db=3'), true);
    same([await named.echo('x'), (await named.call('COMMAND', 'INFO', 'get'))[0][1]], ['x', 2]);
    await named.quit();
  },

  async strings() {
    same(
        [await r.set('s', 'v'), await r.set('s', 'w', 'NX'), await r.set('s', 'w', 'PX', 60000, 'XX', 'GET')],
        ['OK', null, 'v']);
    same([await r.get('s'), await r.get('none'), (await r.pttl('s')) > 50000], ['w', null, true]);
    same([await r.incr('n'), await r.incrby('n', 41), await r.incrbyfloat('f', 2.5)], [1, 42, '2.5']);
    same(
        [await r.mset({a: 1, b: 2}), await r.mget('a', 'none', 'b'), await r.getdel('a'), await r.exists('a', 'b')],
        ['OK', ['1', null, '2'], '1', 1]);
    same(
        [
          await r.append('s', 'xyz'), await r.getrange('s', 1, 2), await r.setbit('bits', 7, 1),
          await r.bitcount('bits')
        ],
        [4, 'xy', 0, 1]);
    same([await r.pfadd('hll', 'a', 'b'), await r.pfcount('hll'), await r.type('s')], [1, 2, 'string']);
  },

  async hashes() {
    same(
        [await r.hset('h', {f: 1, g: 2}), await r.hset('h', 'i', 3), await r.hgetall('h')],
        [2, 1, {f: '1', g: '2', i: '3'}]);
    same(
        [
          await r.hmget('h', 'f', 'x'), await r.hincrby('h', 'f', 4), await r.hdel('h', 'i', 'x'),
          await r.hgetall('none')
        ],
        [['1', null], 5, 1, {}]);
  },

  async 'lists-and-sets'() {
    same(
        [await r.rpush('l', 'a', 'b', 'c'), await r.lrange('l', 0, -1), await r.lpop('l'), await r.rpop('l', 5)],
        [3, ['a', 'b', 'c'], 'a', ['c', 'b']]);
    same(
        [
          await r.sadd('x', 1, 2, 3), await r.sadd('y', [3, 4]), await r.sinter('x', 'y'), await r.smismember('x', 1, 9)
        ],
        [3, 2, ['3'], [1, 0]]);
  },

  async 'sorted-sets'() {
    same(
        [await r.zadd('zs', 1, 'a', 2.5, 'b', 'inf', 'c'), await r.zrange('zs', 0, -1, 'WITHSCORES')],
        [3, ['a', '1', 'b', '2.5', 'c', 'inf']]);
    same(
        [
          await r.zrangebyscore('zs', '(1', '+inf', 'LIMIT', 0, 1), await r.zscore('zs', 'b'),
          await r.zincrby('zs', 0.25, 'a')
        ],
        [['b'], '2.5', '1.25']);
    same(
        [await r.zrank('zs', 'c'), await r.zpopmin('zs'), await r.zunionstore('zu', 2, 'zs', 'none', 'WEIGHTS', 2, 1)],
        [2, ['a', '1.25'], 2]);
  },

  async streams() {
    same(
        [
          await r.xadd('st', '5-1', 'f', 1), await r.xadd('st', '5-2', 'f', 2),
          await r.xrange('st', '-', '+', 'COUNT', 1)
        ],
        ['5-1', '5-2', [['5-1', ['f', '1']]]]);
    same(await r.xgroup('CREATE', 'st', 'grp', '0'), 'OK');
    await fails(r.xgroup('CREATE', 'st', 'grp', '0'), 'BUSYGROUP');
    same(
        await r.xreadgroup('GROUP', 'grp', 'alice', 'COUNT', 1, 'STREAMS', 'st', '>'), [['st', [['5-1', ['f', '1']]]]]);
    same(
        [
          (await r.xpending('st', 'grp'))[0], await r.xautoclaim('st', 'grp', 'bob', 0, 0, 'JUSTID'),
          await r.xack('st', 'grp', '5-1')
        ],
        [1, ['0-0', ['5-1'], []], 1]);
    const waiting = connect().xread('BLOCK', 10000, 'STREAMS', 'st', '$');
    await blockedClients(1);
    await r.xadd('st', '6-0', 'late', 'x');
    same(await waiting, [['st', [['6-0', ['late', 'x']]]]]);
  },

  async pipelines() {
    const pipe = r.pipeline();
    for (let n = 0; n < 5000; n++) pipe.set('p' + n, n).get('p' + n);
    const replies = await pipe.exec();
    same([replies.length, replies[1], replies[9999]], [10000, [null, '0'], [null, '4999']]);
    const mixed = await r.pipeline().set('p0', 'text').incr('p0').get('p0').exec();
    same([mixed[0], mixed[1][0] instanceof Error, mixed[2]], [[null, 'OK'], true, [null, 'text']]);
    const auto = connect({enableAutoPipelining: true});
    same(
        await Promise.all(Array.from({length: 1000}, (_, n) => auto.incr('auto'))),
        Array.from({length: 1000}, (_, n) => n + 1));
  },

  async transactions() {
    same(await r.multi().set('tx', 1).incr('tx').hgetall('none').exec(), [[null, 'OK'], [null, 2], [null, {}]]);
    await r.watch('tx');
    await connect().set('tx', 50);
    same([await r.multi().incr('tx').exec(), await r.get('tx')], [null, '50']);
    await r.multi({pipeline: false});
    same([await r.set('tx', 1), await r.exec()], ['QUEUED', [[null, 'OK']]]);
    await fails(r.multi().call('NOSUCH').exec(), 'EXECABORT');
  },

  async channels() {
    const listener = connect();
    const sharded = connect();
    const got = [];
    listener.on('message', (channel, message) => got.push([channel, message]));
    listener.on('pmessage', (pattern, channel, message) => got.push([pattern, channel, message]));
    sharded.on('smessage', (channel, message) => got.push(['sharded', channel, message]));
    same(
        [
          await listener.subscribe('news', 'more'), await listener.psubscribe('n*'), await sharded.ssubscribe('orders')
        ],
        [2, 3, 1]);
    same([await r.publish('news', 'hello'), await r.spublish('orders', 'paid')], [2, 1]);
    await waitUntil(() => got.length === 3, 'three messages');
    same(got.sort(), [['n*', 'news', 'hello'], ['news', 'hello'], ['sharded', 'orders', 'paid']]);
    same(
        [await r.pubsub('NUMSUB', 'news'), await listener.unsubscribe('news', 'more'), await listener.punsubscribe('n*')],
        [['news', 1], 1, 0]);
  },

  async blocking() {
    same(
        [await r.blpop('none', 0.1), await r.rpush('have', 'x'), await r.blpop('none', 'have', 1)],
        [null, 1, ['have', 'x']]);
    const waiting = [];
    for (let n = 0; n < 2; n++) {
      waiting.push(connect().blpop('jobs', 10));
      await blockedClients(n + 1);
    }
    same([await r.rpush('jobs', 'one', 'two'), await Promise.all(waiting)], [2, [['jobs', 'one'], ['jobs', 'two']]]);
    const moved = connect().blmove('from', 'to', 'RIGHT', 'LEFT', 10);
    await blockedClients(1);
    same([await r.rpush('from', 'item'), await moved], [1, 'item']);
  },

  async scans() {
    await r.flushdb();
    const pipe = r.pipeline();
    for (let n = 0; n < 3000; n++)
      pipe.set('scan:' + n, 1).hset('scan-h', 'f' + n, 1).sadd('scan-s', 'm' + n).zadd('scan-z', n, 'm' + n);
    await pipe.exec();
    const streams = {
      keys: [r.scanStream({match: 'scan:*', count: 100}), 1],
      hash: [r.hscanStream('scan-h'), 2],
      set: [r.sscanStream('scan-s'), 1],
      zset: [r.zscanStream('scan-z'), 2],
    };
    for (const [name, [stream, step]] of Object.entries(streams)) {
      const found = new Set();
      for await (const page of stream) page.forEach((item, i) => i % step === 0 && found.add(item));
      same([name, found.size], [name, 3000]);
    }
  },

  async 'big-values'() {
    const big = Buffer.alloc(1 << 20, Buffer.from(Array.from({length: 256}, (_, n) => n)));
    same(
        [await r.set('big', big), Buffer.compare(await r.getBuffer('big'), big), await r.strlen('big')],
        ['OK', 0, 1 << 20]);
  },

  async binary() {
    const key = Buffer.from('k\0\r\n\xff', 'latin1');
    const value = Buffer.from('\0\r\n$5\r\n\xfe', 'latin1');
    same([await r.set(key, value), Buffer.compare(await r.getBuffer(key), value)], ['OK', 0]);
    const prefixed = connect({keyPrefix: 'pre:'});
    same(
        [await prefixed.set('k', 'Grüße 🎟'), await prefixed.mget('k', 'l'), await r.get('pre:k')],
        ['OK', ['Grüße 🎟', null], 'Grüße 🎟']);
  },

  async errors() {
    await r.rpush('alist', 1);
    const error = await fails(r.get('alist'), 'WRONGTYPE');
    same([error.name, error.command.name], ['ReplyError', 'get']);
    await fails(r.call('NOSUCH'), 'unknown command');
    await fails(r.call('GET'), 'wrong number of arguments');
    await fails(r.call('SET', 'a', 'b', 'BAD'), 'syntax error');
    await fails(connect({lazyConnect: true}).call('AUTH', 'wrong'), 'AUTH');
    same(await r.ping(), 'PONG');
  },

  async monitor() {
    const monitor = await connect().monitor();
    const seen = [];
    monitor.on('monitor', (time, args) => seen.push(args.join(' ')));
    await r.set('seen', 1);
    await waitUntil(() => seen.includes('set seen 1'), 'the command in MONITOR');
    monitor.disconnect();
  },

  async reconnecting() {
    const listener = connect();
    const got = [];
    listener.on('message', (channel, message) => got.push(message));
    await listener.subscribe('after');
    await r.set('before', 1);
    await restartServer();
    same([await r.get('before'), await r.set('before', 2)], [null, 'OK']);
    await waitUntil(async () => (await r.publish('after', 'x')) === 1, 'a subscriber');
    await waitUntil(() => got.includes('x'), 'a message');
  },

  async 'waiting-room'() {
    if (server !== 'usher') throw new Skip('redis-server has no waiting room');
    const entered = [];
    for (const user of ['alice', 'bob', 'alice']) entered.push(fields(await r.call('ENTERQUEUE', 'show', user)));
    same(entered.map(({status, position}) => [status, position]), [['NEW', 0], ['NEW', 1], ['WAITING', 0]]);
    const [user, token] = await r.call('MOVEACTIVE', 'show', 1, 'WITHTOKENS');
    const status = fields(await r.call('QUEUE', 'STATUS', 'show', 'alice'));
    same([user, status.status, status.token], ['alice', 'READY', token]);
    same([await r.call('QUEUE', 'ACTIVATE', 'show', 'alice'), await r.zcard('queue:wait:{show}')], [1, 1]);
    const waiting = connect().call('QUEUE', 'WAIT', 'show', 'bob', 10000);
    await blockedClients(1);
    same(
        [
          await r.call('MOVEACTIVE', 'show', 9), fields(await waiting).status,
          await r.call('MOVEACTIVE', 'show', 9, 'JSON')
        ],
        [['bob'], 'READY', '[]']);
  },
};

r.flushall().then(() => run(checks));
