// bee-queue: jobs and results, retries, delays, stalled jobs, removal.
'use strict';
const Queue = require('bee-queue');
const {port, same, sleep, waitUntil, run} = require('../../clients/nodejs/checks.js');

const queueOf = (name, options = {}) => {
  const queue = new Queue(name, {redis: {host: '127.0.0.1', port}, activateDelayedJobs: true, ...options});
  queue.on('error', () => {});
  return queue;
};

const checks = {
  async 'jobs-and-results'() {
    const queue = queueOf('sums');
    const results = new Map();
    queue.process(10, async (job) => job.data.a + job.data.b);
    const jobs = [];
    for (let n = 0; n < 200; n++) {
      const job = queue.createJob({a: n, b: n});
      job.on('succeeded', (result) => results.set(n, result));
      jobs.push(job.save());
    }
    await Promise.all(jobs);
    await waitUntil(() => results.size === 200, '200 results');
    same([...results].every(([n, result]) => result === 2 * n), true);
    const health = await queue.checkHealth();
    same([health.waiting, health.active, health.succeeded, health.newestJob], [0, 0, 200, 200]);
  },

  async retries() {
    const queue = queueOf('retried');
    let attempts = 0;
    let state = '';
    queue.process(async () => {
      attempts++;
      if (attempts < 3) throw new Error('not yet');
    });
    const job = await queue.createJob({}).retries(4).backoff('fixed', 30).save();
    job.on('succeeded', () => (state = 'succeeded'));
    await waitUntil(() => state === 'succeeded', 'the third attempt');
    same(attempts, 3);
    let failed;
    const lost = queueOf('lost');
    lost.process(async () => {
      throw new Error('never');
    });
    (await lost.createJob({}).save()).on('failed', (error) => (failed = error.message));
    await waitUntil(() => failed === 'never', 'a failed job');
    same((await lost.checkHealth()).failed, 1);
  },

  async delays() {
    const queue = queueOf('delayed');
    const seen = [];
    queue.process(async (job) => seen.push([job.data.name, Date.now()]));
    const start = Date.now();
    await queue.createJob({name: 'second'}).delayUntil(start + 400).save();
    await queue.createJob({name: 'first'}).delayUntil(start + 100).save();
    await waitUntil(() => seen.length === 2, 'two jobs');
    same([seen.map(([name]) => name), seen[1][1] - start >= 390], [['first', 'second'], true]);
  },

  async 'stalled-jobs'() {
    const first = queueOf('stalled', {stallInterval: 200, sendEvents: false});
    first.process(() => new Promise(() => {}));
    await first.createJob({x: 1}).save();
    await waitUntil(async () => (await first.checkHealth()).active === 1, 'an active job');
    await first.close(1).catch(() => {});
    const second = queueOf('stalled', {stallInterval: 200});
    const seen = [];
    await second.checkStalledJobs();
    second.process(async (job) => seen.push(job.data.x));
    await waitUntil(async () => {
      await second.checkStalledJobs();
      await sleep(100);
      return seen.length === 1;
    }, 'a rescued job');
  },

  async removal() {
    const queue = queueOf('removed');
    const job = await queue.createJob({x: 1}).setId('mine').save();
    same((await queue.getJob('mine')).data, {x: 1});
    same((await queue.getJobs('waiting', {start: 0, end: 9})).length, 1);
    await job.remove();
    same([await queue.getJob('mine'), (await queue.checkHealth()).waiting], [null, 0]);
    await queue.destroy();
  },
};

run(checks);
