// redlock: exclusion between many contenders, extension, release, the using() routine, several keys in one lock.
'use strict';
const Redis = require('ioredis');
const {default: Redlock, ExecutionError} = require('redlock');
const {port, same, sleep, fails, waitUntil, run} = require('../../clients/nodejs/checks.js');

const clients = [0, 1, 2].map((db) => new Redis({host: '127.0.0.1', port, db}));
const patient = new Redlock([clients[0]], {retryCount: 500, retryDelay: 5, retryJitter: 5});
const hasty = new Redlock([clients[0]], {retryCount: 0});
for (const lock of [patient, hasty]) lock.on('error', () => {});

const checks = {
  async exclusion() {
    let inside = 0;
    let most = 0;
    let number = 0;
    const contender = async () => {
      for (let n = 0; n < 5; n++) {
        const lock = await patient.acquire(['lock:seat'], 5000);
        most = Math.max(most, ++inside);
        const value = number;
        await sleep(1);
        number = value + 1;
        inside--;
        await lock.release();
      }
    };
    await Promise.all(Array.from({length: 8}, contender));
    same([most, number, await clients[0].exists('lock:seat')], [1, 40, 0]);
  },

  async refusal() {
    const lock = await hasty.acquire(['lock:a', 'lock:b'], 2000);
    const error = await fails(hasty.acquire(['lock:b'], 100), '');
    same(error instanceof ExecutionError, true);
    await lock.release();
    await (await hasty.acquire(['lock:b'], 100)).release();
  },

  async expiry() {
    await hasty.acquire(['lock:short'], 50);
    await waitUntil(async () => (await clients[0].exists('lock:short')) === 0, 'the lease ends');
    const next = await hasty.acquire(['lock:short'], 1000);
    same((await clients[0].pttl('lock:short')) > 500, true);
    await next.release();
  },

  async extension() {
    let lock = await hasty.acquire(['lock:long'], 200);
    for (let n = 0; n < 3; n++) {
      await sleep(100);
      lock = await lock.extend(200);
    }
    await fails(hasty.acquire(['lock:long'], 100), '');
    await lock.release();
    await fails(lock.release(), '');
  },

  async using() {
    let signalled;
    const value = await patient.using(['lock:used'], 300, {automaticExtensionThreshold: 150}, async (signal) => {
      await sleep(700);
      signalled = signal.aborted;
      return 'done';
    });
    same([value, signalled, await clients[0].exists('lock:used')], ['done', false, 0]);
  },

  async 'a-majority'() {
    const three = new Redlock(clients, {retryCount: 0});
    three.on('error', () => {});
    await clients[1].set('lock:m', 'somebody else');
    const lock = await three.acquire(['lock:m'], 1000);
    await lock.release().catch(() => {});
    await clients[2].set('lock:m', 'somebody else');
    await fails(three.acquire(['lock:m'], 1000), '');
  },
};

run(checks);
