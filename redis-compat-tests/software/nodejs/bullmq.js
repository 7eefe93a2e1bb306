// BullMQ: queue, worker, events, retries, delays, priorities, flows, rate limit, repetition, clearing.
'use strict';
const Redis = require('ioredis');
const {FlowProducer, Queue, QueueEvents, Worker} = require('bullmq');
const {port, restartServer, same, sleep, waitUntil, run} = require('../../clients/nodejs/checks.js');

const connection = {
  host: '127.0.0.1',
  port,
  maxRetriesPerRequest: null
};
const redis = new Redis(connection);
const open = [];

const watched = (thing) => {
  thing.on('error', () => {});
  open.push(thing);
  return thing;
};
const queueOf = (name) => watched(new Queue(name, {connection}));
const workerOf = (name, work, options = {}) => watched(new Worker(name, work, {connection, ...options}));

/** Closes what a check has opened, so that nothing of it runs beside the next one. */
const alone = (check) => async () => {
  await check();
  await Promise.all(open.splice(0).map((thing) => thing.close()));
};

const checks = {
  async 'jobs-and-results'() {
    const queue = queueOf('work');
    const events = watched(new QueueEvents('work', {connection}));
    await events.waitUntilReady();
    workerOf('work', async (job) => job.data.n * 2, {concurrency: 10});
    const jobs = await queue.addBulk(Array.from({length: 300}, (_, n) => ({name: 'double', data: {n}})));
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 20000)));
    same(results, jobs.map((job) => job.data.n * 2));
    const counts = await queue.getJobCounts('completed', 'waiting', 'active', 'failed');
    same(counts, {completed: 300, waiting: 0, active: 0, failed: 0});
  },

  async 'order-and-progress'() {
    const queue = queueOf('ordered');
    const seen = [];
    const progress = [];
    for (let n = 0; n < 50; n++) await queue.add('step', {n});
    const worker = workerOf('ordered', async (job) => {
      await job.updateProgress(job.data.n);
      await job.log('line ' + job.data.n);
      seen.push(job.data.n);
    });
    worker.on('progress', (job, value) => progress.push(value));
    await waitUntil(() => seen.length === 50 && progress.length === 50, '50 jobs');
    same(seen, Array.from({length: 50}, (_, n) => n));
    const [job] = await queue.getCompleted(0, 0);
    same((await queue.getJobLogs(job.id)).logs.length, 1);
  },

  async 'failures-and-retries'() {
    const queue = queueOf('failing');
    const attempts = [];
    workerOf('failing', async (job) => {
      attempts.push(job.id);
      if (job.name === 'never' || attempts.length < 3) throw new Error('not yet');
      return 'done';
    });
    const job = await queue.add('third time', {}, {attempts: 5, backoff: {type: 'exponential', delay: 20}});
    await waitUntil(async () => (await job.getState()) === 'completed', 'the third attempt');
    same(attempts.length, 3);
    const lost = await queue.add('never', {}, {attempts: 2});
    await waitUntil(async () => (await lost.getState()) === 'failed', 'a failed job');
    same([(await queue.getJob(lost.id)).failedReason, (await queue.getFailedCount()) === 1], ['not yet', true]);
    await (await queue.getJob(lost.id)).remove();
    same(await queue.getFailedCount(), 0);
  },

  async 'delays-and-priorities'() {
    const queue = queueOf('later');
    const seen = [];
    await queue.pause();
    await queue.add('low', {}, {priority: 10});
    await queue.add('high', {}, {priority: 1});
    await queue.add('middle', {}, {priority: 5});
    await queue.add('first', {});
    const start = Date.now();
    await queue.add('delayed', {}, {delay: 300});
    workerOf('later', async (job) => seen.push(job.name));
    await sleep(100);
    same([seen, await queue.isPaused(), await queue.getDelayedCount()], [[], true, 1]);
    await queue.resume();
    await waitUntil(() => seen.length === 5, 'five jobs');
    same(
        [seen.slice(0, 4), seen.includes('delayed'), Date.now() - start >= 290],
        [['first', 'high', 'middle', 'low'], true, true]);
  },

  async deduplication() {
    const queue = queueOf('once');
    const jobs = [];
    for (let n = 0; n < 3; n++) jobs.push(await queue.add('same', {n}, {deduplication: {id: 'one', ttl: 5000}}));
    same([new Set(jobs.map((job) => job.id)).size, await queue.getWaitingCount()], [1, 1]);
    await queue.add('named', {}, {jobId: 'custom'});
    await queue.add('named', {}, {jobId: 'custom'});
    same(await queue.getWaitingCount(), 2);
  },

  async flows() {
    const flow = watched(new FlowProducer({connection}));
    let values;
    workerOf('children', async (job) => job.data.n + 100, {concurrency: 3});
    workerOf('parents', async (job) => {
      values = Object.values(await job.getChildrenValues()).sort();
      return values.reduce((sum, value) => sum + value, 0);
    });
    const children = [1, 2, 3].map((n) => ({name: 'child', queueName: 'children', data: {n}}));
    const nested = {
      name: 'nested',
      queueName: 'parents',
      children: [{name: 'leaf', queueName: 'children', data: {n: 4}}]
    };
    const {job} = await flow.add({name: 'parent', queueName: 'parents', children: [...children, nested]});
    await waitUntil(async () => (await job.getState()) === 'completed', 'the parent');
    same(values, [101, 102, 103, 104]);
    same((await queueOf('parents').getJob(job.id)).returnvalue, 410);
  },

  async 'rate-limit'() {
    const queue = queueOf('limited');
    const times = [];
    await queue.addBulk(Array.from({length: 9}, () => ({name: 'x', data: {}})));
    workerOf('limited', async () => times.push(Date.now()), {limiter: {max: 3, duration: 400}});
    await waitUntil(() => times.length === 9, 'nine jobs', 15000);
    same(times[8] - times[0] >= 700, true);
  },

  async repetition() {
    const queue = queueOf('repeated');
    const seen = [];
    workerOf('repeated', async (job) => seen.push(job.name));
    await queue.upsertJobScheduler('tick', {every: 100}, {name: 'ticked'});
    await waitUntil(() => seen.length >= 4, 'four ticks');
    same((await queue.getJobSchedulers()).map((scheduler) => scheduler.key), ['tick']);
    same(await queue.removeJobScheduler('tick'), true);
    await sleep(150);
    const count = seen.length;
    await sleep(300);
    same([seen.length, await queue.getJobSchedulersCount()], [count, 0]);
  },

  async 'stalled-jobs'() {
    const queue = queueOf('stalled');
    const first = new Worker(
        'stalled', () => new Promise(() => {}),
        {connection, lockDuration: 300, lockRenewTime: 100000, skipStalledCheck: true});
    first.on('error', () => {});
    const job = await queue.add('hangs', {});
    await waitUntil(async () => (await job.getState()) === 'active', 'an active job');
    await first.close(true);
    workerOf('stalled', async () => 'rescued', {stalledInterval: 200});
    await waitUntil(async () => (await job.getState()) === 'completed', 'a rescued job');
    same((await queue.getJob(job.id)).returnvalue, 'rescued');
  },

  async clearing() {
    const queue = queueOf('cleared');
    await queue.addBulk(Array.from({length: 500}, () => ({name: 'x', data: {}})));
    await queue.drain();
    same(await queue.count(), 0);
    await queue.add('x', {});
    await queue.obliterate();
    same(await redis.keys('bull:cleared:*'), []);
  },

  async reconnecting() {
    const queue = queueOf('after');
    const seen = [];
    workerOf('after', async (job) => seen.push(job.name));
    await queue.add('before', {});
    await waitUntil(() => seen.length === 1, 'a job');
    await restartServer();
    await queue.add('after', {});
    await waitUntil(() => seen.includes('after'), 'a job after the restart', 15000);
  },
};

run(Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, alone(check)])));
