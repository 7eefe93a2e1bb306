// rate-limiter-flexible: its Redis limiter with scripts and as transactions, blocks, penalties, queues, bursts.
'use strict';
const Redis = require('ioredis');
const {BurstyRateLimiter, RateLimiterQueue, RateLimiterRedis} = require('rate-limiter-flexible');
const {port, same, sleep, run} = require('../../clients/nodejs/checks.js');

const storeClient = new Redis({host: '127.0.0.1', port, enableOfflineQueue: true});
const limiterOf = (keyPrefix, options) =>
    new RateLimiterRedis({storeClient, keyPrefix, points: 5, duration: 60, ...options});

/** How many of so many calls at once are let through. */
const admitted = async (limiter, calls) => {
  const all = await Promise.allSettled(Array.from({length: calls}, () => limiter.consume('user')));
  return all.filter((one) => one.status === 'fulfilled').length;
};

const checks = {
  async points() {
    const limiter = limiterOf('points');
    const first = await limiter.consume('user', 2);
    same(
        [first.remainingPoints, first.consumedPoints, first.isFirstInDuration, first.msBeforeNext > 50000],
        [3, 2, true, true]);
    same(await admitted(limiter, 20), 3);
    const refused = await limiter.consume('user').catch((reply) => reply);
    same([refused.remainingPoints, refused.msBeforeNext > 0], [0, true]);
  },

  async duration() {
    const limiter = limiterOf('duration', {points: 2, duration: 1});
    same(await admitted(limiter, 5), 2);
    await sleep(1100);
    same(await admitted(limiter, 5), 2);
  },

  async 'block-and-penalty'() {
    const limiter = limiterOf('block', {blockDuration: 60});
    same((await limiter.penalty('user', 3)).consumedPoints, 3);
    same((await limiter.reward('user', 1)).consumedPoints, 2);
    same(await admitted(limiter, 10), 3);
    same(
        [(await limiter.get('user')).consumedPoints > 5, await limiter.delete('user'), await limiter.get('user')],
        [true, true, null]);
    await limiter.block('user', 30);
    same([await admitted(limiter, 3), (await limiter.set('user', 1, 30)).consumedPoints], [0, 1]);
  },

  async 'custom-script'() {
    const limiter = limiterOf('custom', {
      customIncrTtlLuaScript: 'local n = redis.call(\'incrby\', KEYS[1], ARGV[1]) ' +
          'if redis.call(\'pttl\', KEYS[1]) < 0 then redis.call(\'pexpire\', KEYS[1], ARGV[2] * 1000) end ' +
          'return {n, redis.call(\'pttl\', KEYS[1])}',
    });
    same(await admitted(limiter, 9), 5);
  },

  async 'queue-and-burst'() {
    const queue = new RateLimiterQueue(limiterOf('queue', {points: 3, duration: 1}), {maxQueueSize: 10});
    const start = Date.now();
    await Promise.all(Array.from({length: 7}, () => queue.removeTokens(1)));
    same(Date.now() - start >= 1000, true);
    const bursty = new BurstyRateLimiter(
        limiterOf('slow', {points: 1, duration: 60}), limiterOf('burst', {points: 2, duration: 60}));
    same(await admitted(bursty, 6), 3);
  },
};

run(checks);
