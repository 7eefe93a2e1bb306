// What the Node.js programs share: saying how each check went (see program.py of this suite), and small helpers.
'use strict';
const assert = require('node:assert');
const readline = require('node:readline');

const port = Number(process.argv[2]);
const resp = Number(process.argv[3]);
const server = process.argv[4];

class Skip extends Error {}

const said = readline.createInterface({input: process.stdin})[Symbol.asyncIterator]();

/** The server is stopped and started again on the same port, empty. */
async function restartServer() {
  console.log('restart');
  assert.strictEqual((await said.next()).value, 'restarted');
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the condition, which may be asynchronous, holds. */
async function waitUntil(condition, what, ms = 10000) {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('not so in time: ' + what);
    await sleep(10);
  }
}

/** Both must be deeply equal; objects without a prototype equal plain ones. */
function same(found, wanted) { assert.deepEqual(plain(found), plain(wanted)); }

function plain(value) {
  if (Buffer.isBuffer(value) || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Set) return new Set([...value].map(plain));
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** The promise must fail with this in its message. */
async function fails(promise, part) {
  let found;
  try {
    found = await promise;
  } catch (error) {
    assert.ok(String(error.message).includes(part), `${error.message} does not say ${part}`);
    return error;
  }
  throw new Error(`${JSON.stringify(found)} instead of an error that says ${part}`);
}

/** Every check in order. */
async function run(checks) {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await Promise.race([
        check(),
        sleep(20000).then(() => {
          throw new Error('20 s are over');
        }),
      ]);
      console.log(`ok ${name}`);
    } catch (error) {
      const own =
          String(error.stack).split('\n').find((line) => line.includes(__dirname) && !line.includes('checks.js'));
      const text = String(error.message).replace(/\s+/g, ' ').slice(0, 600);
      if (error instanceof Skip)
        console.log(`skipped ${name}: ${text}`);
      else
        console.log(`failed ${name}: ${(own || '').trim().split('/').pop()} ${text}`);
    }
  }
  console.log('end');
  process.exit(0);
}

module.exports = {
  port,
  resp,
  server,
  Skip,
  restartServer,
  sleep,
  waitUntil,
  same,
  fails,
  run
};
