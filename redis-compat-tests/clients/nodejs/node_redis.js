// node-redis: every area of the protocol through the library's typed replies, in RESP2 and RESP3.
'use strict';
const {createClient, createClientPool, RESP_TYPES, WatchError} = require('redis');
const {port, resp, server, Skip, restartServer, waitUntil, same, fails, run} = require('./checks.js');

const open = [];

/** A client of its own. */
async function connect(options = {}) {
  const client = createClient({socket: {host: '127.0.0.1', port, ...options.socket}, RESP: resp, ...options.more});
  client.on('error', () => {});
  await client.connect();
  open.push(client);
  return client;
}

let r;
const fields = (reply) => {
  if (!Array.isArray(reply)) return Object.fromEntries(reply instanceof Map ? reply : Object.entries(reply));
  return Object.fromEntries(reply.flatMap((item, i) => (i % 2 ? [] : [[item, reply[i + 1]]])));
};
const blockedClients = async (count) => waitUntil(
    async () => (await r.info('clients')).includes(`blocked_clients:${count}\r\n`), `${count} blocked clients`);

const checks = {
  async connection() {
    const named = await connect({more: {name: 'checks', database: 3}});
    same(await named.ping(), 'PONG');
    same(await named.clientGetName(), 'checks');
    const info = await named.clientInfo();
    same([info.name, info.db], ['checks', 3]);
    if (server === 'usher') same([info.libName, info.resp], ['node-redis', resp]);
    same([await named.set('a', '1'), await named.dbSize(), await r.dbSize()], ['OK', 1, 0]);
    same((await named.clientList()).some((client) => client.name === 'checks'), true);
    same(await named.configGet('maxmemory-policy'), {'maxmemory-policy': 'noeviction'});
    same((await named.command()).length > 200, true);
    same((await named.commandInfo(['get']))[0].arity, 2);
  },

  async strings() {
    same(
        [await r.set('s', 'v'), await r.set('s', 'w', {NX: true}), await r.set('s', 'w', {XX: true, GET: true})],
        ['OK', null, 'v']);
    same([await r.get('s'), await r.get('none')], ['w', null]);
    same([await r.set('t', '1', {PX: 60000}), (await r.pTTL('t')) > 50000], ['OK', true]);
    same(
        [await r.incr('n'), await r.incrBy('n', 41), await r.decr('n'), Number(await r.incrByFloat('f', 2.5))],
        [1, 42, 41, 2.5]);
    same(
        [await r.append('s', 'xyz'), await r.getRange('s', 1, 2), await r.setRange('s', 0, 'W'), await r.strLen('s')],
        [4, 'xy', 4, 4]);
    same([await r.mSet({a: '1', b: '2'}), await r.mGet(['a', 'none', 'b'])], ['OK', ['1', null, '2']]);
    same([await r.getDel('a'), await r.getEx('b', {type: 'EX', value: 10}), await r.exists(['a', 'b'])], ['1', '2', 1]);
    same(
        [
          await r.setBit('bits', 7, 1), await r.bitCount('bits'), await r.pfAdd('hll', ['a', 'b']),
          await r.pfCount('hll')
        ],
        [0, 1, 1, 2]);
    same([await r.type('s'), await r.objectEncoding('n')], ['string', 'int']);
    await r.mSet({lcs1: 'ohmytext', lcs2: 'mynewtext'});
    same(await r.lcs('lcs1', 'lcs2'), 'mytext');
  },

  async hashes() {
    same([await r.hSet('h', 'f', '1'), await r.hSet('h', {g: '2', i: '3'})], [1, 2]);
    same([await r.hGetAll('h'), await r.hmGet('h', ['f', 'x'])], [{f: '1', g: '2', i: '3'}, ['1', null]]);
    same(
        [await r.hIncrBy('h', 'f', 4), await r.hExists('h', 'x'), await r.hDel('h', ['i', 'x']), await r.hLen('h')],
        [5, 0, 1, 2]);
    same(
        [await r.hKeys('h'), await r.hVals('h'), await r.hRandFieldCountWithValues('h', 1).then((all) => all.length)],
        [['f', 'g'], ['5', '2'], 1]);
  },

  async lists() {
    same(
        [await r.rPush('l', ['a', 'b', 'c']), await r.lPush('l', 'z'), await r.lRange('l', 0, -1)],
        [3, 4, ['z', 'a', 'b', 'c']]);
    same(
        [
          await r.lIndex('l', 1), await r.lPos('l', 'b'), await r.lInsert('l', 'BEFORE', 'b', 'x'),
          await r.lRem('l', 1, 'x')
        ],
        ['a', 2, 5, 1]);
    same(
        [await r.lMove('l', 'm', 'LEFT', 'RIGHT'), await r.rPopCount('l', 2), await r.lPop('none')],
        ['z', ['c', 'b'], null]);
    same(await r.lmPop(['none', 'l'], 'LEFT'), ['l', ['a']]);
  },

  async sets() {
    same([await r.sAdd('x', ['a', 'b', 'c']), await r.sAdd('y', ['b', 'c', 'd'])], [3, 3]);
    same(new Set(await r.sMembers('x')), new Set(['a', 'b', 'c']));
    same(
        [(await r.sInter(['x', 'y'])).sort(), await r.sDiff(['x', 'y']), await r.sInterCard(['x', 'y'])],
        [['b', 'c'], ['a'], 2]);
    same(
        [await r.sIsMember('x', 'a'), await r.smIsMember('x', ['a', 'q']), await r.sMove('x', 'y', 'a')],
        [1, [1, 0], 1]);
  },

  async 'sorted-sets'() {
    const members = [{score: 1, value: 'a'}, {score: 2.5, value: 'b'}, {score: Infinity, value: 'c'}];
    same(
        [await r.zAdd('zs', members), await r.zRangeWithScores('zs', 0, -1)],
        [3, [...members].map(({score, value}) => ({value, score}))]);
    same(
        [
          await r.zScore('zs', 'b'), await r.zmScore('zs', ['a', 'q']), await r.zRank('zs', 'b'),
          await r.zRevRank('zs', 'q')
        ],
        [2.5, [1, null], 1, null]);
    same(await r.zAdd('zs', {score: 5, value: 'a'}, {comparison: 'GT', CH: true}), 1);
    same([await r.zIncrBy('zs', 0.25, 'a'), await r.zCount('zs', '(2.5', '+inf'), await r.zCard('zs')], [5.25, 2, 3]);
    same(await r.zRange('zs', '+inf', '2', {BY: 'SCORE', REV: true}), ['c', 'a', 'b']);
    same([await r.zPopMin('zs'), await r.zPopMax('none')], [{value: 'b', score: 2.5}, null]);
    same(await r.zUnionStore('zu', [{key: 'zs', weight: 2}]), 2);
    await r.geoAdd('geo', [
      {longitude: 13.361389, latitude: 38.115556, member: 'P'}, {longitude: 15.087269, latitude: 37.502669, member: 'C'}
    ]);
    same(
        [
          Math.round(await r.geoDist('geo', 'P', 'C', 'km')),
          await r.geoSearch('geo', {longitude: 15, latitude: 37}, {radius: 100, unit: 'km'})
        ],
        [166, ['C']]);
  },

  async streams() {
    same(
        [await r.xAdd('st', '5-1', {f: '1'}), await r.xAdd('st', '5-*', {f: '2'}), await r.xLen('st')],
        ['5-1', '5-2', 2]);
    same((await r.xRange('st', '-', '+', {COUNT: 1})).map(({id, message}) => [id, message]), [['5-1', {f: '1'}]]);
    same(await r.xGroupCreate('st', 'grp', '0'), 'OK');
    await fails(r.xGroupCreate('st', 'grp', '0'), 'BUSYGROUP');
    const got = await r.xReadGroup('grp', 'alice', {key: 'st', id: '>'}, {COUNT: 1});
    same(JSON.stringify(got).includes('"5-1"'), true);
    same([(await r.xPending('st', 'grp')).pending, await r.xClaimJustId('st', 'grp', 'bob', 0, '5-1')], [1, ['5-1']]);
    same(
        [(await r.xAutoClaimJustId('st', 'grp', 'carol', 0, '0-0')).messages, await r.xAck('st', 'grp', '5-1')],
        [['5-1'], 1]);
    const info = await r.xInfoStream('st');
    same([info.length, info['last-generated-id'], (await r.xInfoGroups('st'))[0].name], [2, '5-2', 'grp']);
    const waiting = (await connect()).xRead({key: 'st', id: '$'}, {BLOCK: 10000});
    await blockedClients(1);
    await r.xAdd('st', '6-0', {late: 'x'});
    same(
        [JSON.stringify(await waiting).includes('"late"'), await r.xTrim('st', 'MAXLEN', 1), await r.xDel('st', '6-0')],
        [true, 2, 1]);
  },

  async pipelines() {
    const wanted = [];
    const replies = [];
    for (let n = 0; n < 5000; n++) {
      replies.push(r.set('p' + n, String(n)), r.get('p' + n));
      wanted.push('OK', String(n));
    }
    same(await Promise.all(replies), wanted);
    const mixed = await Promise.allSettled([r.set('p0', 'text'), r.incr('p0'), r.get('p0')]);
    same(mixed.map((one) => one.status), ['fulfilled', 'rejected', 'fulfilled']);
    same(await r.multi().set('p1', 'x').get('p1').execAsPipeline(), ['OK', 'x']);
  },

  async transactions() {
    same(await r.multi().set('tx', '1').incr('tx').hSet('txh', 'f', '1').hGetAll('txh').exec(), ['OK', 2, 1, {f: '1'}]);
    const watcher = await connect();
    await watcher.watch('tx');
    await r.set('tx', '50');
    const error = await watcher.multi().incr('tx').exec().catch((caught) => caught);
    same([error instanceof WatchError, await r.get('tx')], [true, '50']);
    await fails(r.multi().set('a', '1').addCommand(['NOSUCH']).exec(), '');
    const errors = await r.multi().set('tx', 'text').incr('tx').exec().catch((caught) => caught);
    same(errors.errorIndexes, [1]);
  },

  async channels() {
    const listener = await connect();
    const got = [];
    await listener.subscribe('news', (message, channel) => got.push([channel, message]));
    await listener.pSubscribe('n*', (message, channel) => got.push(['pattern', channel, message]));
    same(await r.publish('news', 'hello'), 2);
    await waitUntil(() => got.length === 2, 'two messages');
    same(got.sort(), [['news', 'hello'], ['pattern', 'news', 'hello']]);
    same(
        [await r.pubSubChannels('ne*'), await r.pubSubNumSub(['news']), await r.pubSubNumPat()],
        [['news'], {news: 1}, 1]);
    if (resp === 3) same(await listener.ping(), 'PONG');
    await listener.unsubscribe('news');
    await listener.pUnsubscribe('n*');
    same(await r.publish('news', 'nobody'), 0);
  },

  async 'sharded-channels'() {
    const listener = await connect();
    const got = [];
    await listener.sSubscribe('orders', (message, channel) => got.push([channel, message]));
    same(await r.sPublish('orders', 'paid'), 1);
    await waitUntil(() => got.length === 1, 'a message');
    same([got, await r.pubSubShardNumSub(['orders'])], [[['orders', 'paid']], {orders: 1}]);
  },

  async blocking() {
    same(
        [await r.blPop('none', 0.1), await r.rPush('have', 'x'), await r.blPop(['none', 'have'], 1)],
        [null, 1, {key: 'have', element: 'x'}]);
    const waiting = [];
    for (let n = 0; n < 2; n++) {
      waiting.push((await connect()).blPop('jobs', 10));
      await blockedClients(n + 1);
    }
    same(
        [await r.rPush('jobs', ['one', 'two']), await Promise.all(waiting)],
        [2, [{key: 'jobs', element: 'one'}, {key: 'jobs', element: 'two'}]]);
    const moved = (await connect()).blMove('from', 'to', 'RIGHT', 'LEFT', 10);
    const popped = (await connect()).bzPopMin('bz', 10);
    await blockedClients(2);
    await r.rPush('from', 'item');
    await r.zAdd('bz', {score: 1.5, value: 'm'});
    same([await moved, await popped], ['item', {key: 'bz', value: 'm', score: 1.5}]);
  },

  async scans() {
    await r.flushDb();
    const writes = [];
    for (let n = 0; n < 3000; n++) {
      writes.push(
          r.set('scan:' + n, '1'), r.hSet('scan-h', 'f' + n, '1'), r.sAdd('scan-s', 'm' + n),
          r.zAdd('scan-z', {score: n, value: 'm' + n}));
    }
    await Promise.all(writes);
    const iterators = {
      keys: r.scanIterator({MATCH: 'scan:*', COUNT: 100}),
      hash: r.hScanIterator('scan-h'),
      set: r.sScanIterator('scan-s'),
      zset: r.zScanIterator('scan-z'),
    };
    for (const [name, iterator] of Object.entries(iterators)) {
      const found = new Set();
      for await (const page of iterator)
        for (const item of page) found.add(item.field || item.value || item);
      same([name, found.size], [name, 3000]);
    }
  },

  async 'big-values'() {
    const big = Buffer.alloc(1 << 20, Buffer.from(Array.from({length: 256}, (_, n) => n)));
    const binary = r.withTypeMapping({[RESP_TYPES.BLOB_STRING]: Buffer});
    same(
        [await r.set('big', big), Buffer.compare(await binary.get('big'), big), await r.strLen('big')],
        ['OK', 0, 1 << 20]);
  },

  async binary() {
    const key = Buffer.from('k\0\r\n\xff', 'latin1');
    const value = Buffer.from('\0\r\n$5\r\n\xfe', 'latin1');
    const binary = r.withTypeMapping({[RESP_TYPES.BLOB_STRING]: Buffer});
    same([await r.set(key, value), Buffer.compare(await binary.get(key), value)], ['OK', 0]);
    same([await r.set('päßwörter 🎫', 'Grüße 🎟'), await r.get('päßwörter 🎫')], ['OK', 'Grüße 🎟']);
  },

  async errors() {
    await r.rPush('alist', '1');
    await fails(r.get('alist'), 'WRONGTYPE');
    await fails(r.sendCommand(['NOSUCH']), 'unknown command');
    await fails(r.sendCommand(['GET']), 'wrong number of arguments');
    await fails(r.sendCommand(['SET', 'a', 'b', 'BAD']), 'syntax error');
    await fails(
        connect({more: {username: 'nobody', password: 'wrong'}, socket: {reconnectStrategy: false}}), 'WRONGPASS');
    same(await r.ping(), 'PONG');
  },

  async pool() {
    const pool =
        await createClientPool({socket: {host: '127.0.0.1', port}, RESP: resp}, {minimum: 1, maximum: 8}).connect();
    const replies = await Promise.all(Array.from({length: 200}, () => pool.incr('pooled')));
    same([new Set(replies).size, Math.max(...replies)], [200, 200]);
    await pool.destroy();
  },

  async 'client-side-caching'() {
    if (resp !== 3) throw new Skip('the library\'s cache needs RESP3');
    const cached = await connect({more: {clientSideCache: {ttl: 0, maxEntries: 100}}});
    await r.set('cc', '1');
    same([await cached.get('cc'), await cached.get('cc')], ['1', '1']);
    await r.set('cc', '2');
    await waitUntil(async () => (await cached.get('cc')) === '2', 'the new value');
  },

  async reconnecting() {
    const patient = await connect({socket: {reconnectStrategy: 50}, more: {name: 'patient'}});
    const listener = await connect({socket: {reconnectStrategy: 50}});
    const got = [];
    await listener.subscribe('after', (message) => got.push(message));
    await patient.set('before', '1');
    await restartServer();
    await waitUntil(async () => (await patient.get('before').catch(() => 'not yet')) === null, 'an empty server');
    same(await patient.clientGetName(), 'patient');
    await waitUntil(async () => (await patient.publish('after', 'x')) === 1, 'a subscriber');
    await waitUntil(() => got.includes('x'), 'a message');
    await waitUntil(() => r.isReady, 'the first client is back');
  },

  async 'waiting-room'() {
    if (server !== 'usher') throw new Skip('redis-server has no waiting room');
    const entered = [];
    for (const user of ['alice', 'bob', 'alice'])
      entered.push(fields(await r.sendCommand(['ENTERQUEUE', 'show', user])));
    same(entered.map(({status, position}) => [status, position]), [['NEW', 0], ['NEW', 1], ['WAITING', 0]]);
    const [user, token] = await r.sendCommand(['MOVEACTIVE', 'show', '1', 'WITHTOKENS']);
    const status = fields(await r.sendCommand(['QUEUE', 'STATUS', 'show', 'alice']));
    same([user, status.status, status.token], ['alice', 'READY', token]);
    same([await r.sendCommand(['QUEUE', 'ACTIVATE', 'show', 'alice']), await r.zCard('queue:wait:{show}')], [1, 1]);
    const waiting = (await connect()).sendCommand(['QUEUE', 'WAIT', 'show', 'bob', '10000']);
    await blockedClients(1);
    same([await r.sendCommand(['MOVEACTIVE', 'show', '9']), fields(await waiting).status], [['bob'], 'READY']);
    same(await r.sendCommand(['MOVEACTIVE', 'show', '9', 'JSON']), '[]');
  },
};

connect({socket: {reconnectStrategy: 50}}).then(async (client) => {
  r = client;
  await r.flushAll();
  await run(checks);
});
