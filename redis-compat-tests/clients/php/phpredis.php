<?php
// phpredis: every area of the protocol through the extension's typed replies.
declare(strict_types=1);

const HOST = '127.0.0.1';
$port = (int) $argv[1];
$server = $argv[3];

class Skip extends Exception {}

function same(mixed $found, mixed $wanted): void {
    if ($found !== $wanted) {
        [$left, $right] = [var_export($found, true), var_export($wanted, true)];
        throw new Exception(substr($left, 0, 300) . ' instead of ' . substr($right, 0, 300));
    }
}

/** Not by echo: a session cannot start after output. */
function say(string $line): void {
    fwrite(STDOUT, $line . "\n");
}

function connect(): Redis {
    global $port;
    $redis = new Redis();
    $redis->connect(HOST, $port, 15);
    $redis->setOption(Redis::OPT_READ_TIMEOUT, 15);
    return $redis;
}

function wait_until(callable $condition): bool {
    for ($tries = 0; $tries < 1000; $tries++) {
        if ($condition()) {
            return true;
        }
        usleep(10000);
    }
    return false;
}

/** The pipe from another of our scripts. */
function started(string $script, string ...$arguments): mixed {
    global $port;
    $parts = array_map('escapeshellarg', [PHP_BINARY, __DIR__ . '/' . $script, (string) $port, ...$arguments]);
    return popen(implode(' ', $parts), 'r');
}

/** A process that blocks; reading its pipe gives the reply. */
function blocked(int $others, string ...$command): mixed {
    global $r;
    $pipe = started('blocker.php', ...$command);
    same(wait_until(fn () => (int) $r->info('clients')['blocked_clients'] === $others + 1), true);
    return $pipe;
}

function reply_of(mixed $pipe): mixed {
    $lines = explode("\n", (string) stream_get_contents($pipe));
    pclose($pipe);
    return json_decode($lines[0], true);
}

function fields(array $reply): array {
    $out = [];
    for ($i = 0; $i + 1 < count($reply); $i += 2) {
        $out[$reply[$i]] = $reply[$i + 1];
    }
    return $out;
}

$r = connect();
$checks = [];

$checks['connection'] = function (Redis $r): void {
    same($r->ping(), true);
    same($r->ping('hello'), 'hello');
    same($r->echo('x'), 'x');
    same($r->client('setname', 'checks'), true);
    same($r->client('getname'), 'checks');
    same(in_array('checks', array_column($r->client('list'), 'name'), true), true);
    same($r->select(3) && $r->set('a', '1') && $r->dbSize() === 1 && $r->select(0), true);
    same($r->dbSize(), 0);
    same($r->config('GET', 'maxmemory-policy'), ['maxmemory-policy' => 'noeviction']);
};

$checks['strings'] = function (Redis $r): void {
    same($r->set('s', 'v'), true);
    same($r->set('s', 'w', ['nx']), false);
    same($r->set('s', 'w', ['xx', 'px' => 60000]), true);
    same([$r->get('s'), $r->get('none'), $r->ttl('s') > 50], ['w', false, true]);
    same([$r->incr('n'), $r->incrBy('n', 41), $r->decr('n'), $r->incrByFloat('f', 2.5)], [1, 42, 41, 2.5]);
    same(
        [$r->append('s', 'xyz'), $r->getRange('s', 1, 2), $r->setRange('s', 0, 'W'), $r->strlen('s')],
        [4, 'xy', 4, 4]
    );
    same([$r->mset(['a' => '1', 'b' => '2']), $r->mget(['a', 'none', 'b'])], [true, ['1', false, '2']]);
    same([$r->msetnx(['a' => '3', 'c' => '4']), $r->getSet('a', '9'), $r->setnx('a', '5')], [false, '1', false]);
    same(
        [$r->setBit('bits', 7, true), $r->bitCount('bits'), $r->pfAdd('hll', ['a', 'b']), $r->pfCount('hll')],
        [0, 1, 1, 2]
    );
    same([$r->type('s'), $r->object('encoding', 'n')], [Redis::REDIS_STRING, 'int']);
};

$checks['hashes'] = function (Redis $r): void {
    same([$r->hSet('h', 'f', '1'), $r->hMSet('h', ['g' => '2', 'i' => '3'])], [1, true]);
    same($r->hGetAll('h'), ['f' => '1', 'g' => '2', 'i' => '3']);
    same($r->hMGet('h', ['f', 'x']), ['f' => '1', 'x' => false]);
    same(
        [$r->hIncrBy('h', 'f', 4), $r->hIncrByFloat('h', 'g', 0.5), $r->hExists('h', 'x'), $r->hDel('h', 'i', 'x')],
        [5, 2.5, false, 1]
    );
    same([$r->hKeys('h'), $r->hVals('h'), $r->hLen('h')], [['f', 'g'], ['5', '2.5'], 2]);
};

$checks['lists'] = function (Redis $r): void {
    same([$r->rPush('l', 'a', 'b', 'c'), $r->lPush('l', 'z')], [3, 4]);
    same([$r->lRange('l', 0, -1), $r->lIndex('l', 1), $r->lIndex('l', 9)], [['z', 'a', 'b', 'c'], 'a', false]);
    same(
        [$r->lInsert('l', Redis::BEFORE, 'b', 'x'), $r->lRem('l', 'x', 1), $r->lTrim('l', 0, 2), $r->lLen('l')],
        [5, 1, true, 3]
    );
    same([$r->rPopLPush('l', 'm'), $r->lPop('m'), $r->lPop('m'), $r->lSet('l', 0, 'y')], ['b', 'b', false, true]);
};

$checks['sets'] = function (Redis $r): void {
    same([$r->sAdd('x', 'a', 'b', 'c'), $r->sAdd('y', 'b', 'c', 'd')], [3, 3]);
    $members = $r->sInter('x', 'y');
    sort($members);
    same([$members, $r->sDiff('x', 'y'), count($r->sUnion('x', 'y'))], [['b', 'c'], ['a'], 4]);
    same([$r->sIsMember('x', 'a'), $r->sMisMember('x', 'a', 'q'), $r->sInterStore('z', 'x', 'y')], [true, [1, 0], 2]);
    same(
        [$r->sMove('x', 'y', 'a'), $r->sCard('y'), $r->sRem('y', 'a', 'q'), count($r->sRandMember('y', 10))],
        [true, 4, 1, 3]
    );
};

$checks['sorted-sets'] = function (Redis $r): void {
    same($r->zAdd('zs', 1, 'a', 2.5, 'b', 7, 'c'), 3);
    same($r->zRange('zs', 0, -1, true), ['a' => 1.0, 'b' => 2.5, 'c' => 7.0]);
    same(
        [$r->zScore('zs', 'b'), $r->zScore('zs', 'q'), $r->zRank('zs', 'b'), $r->zRevRank('zs', 'c')],
        [2.5, false, 1, 0]
    );
    same($r->zAdd('zs', ['XX', 'GT', 'CH'], 5, 'a'), 1);
    same([$r->zIncrBy('zs', 0.25, 'a'), $r->zCount('zs', '(2.5', '+inf'), $r->zCard('zs')], [5.25, 2, 3]);
    same($r->zRangeByScore('zs', '2', '+inf', ['withscores' => true, 'limit' => [1, 1]]), ['a' => 5.25]);
    same($r->zRevRangeByScore('zs', '+inf', '-inf'), ['c', 'a', 'b']);
    same(
        [$r->zUnionStore('zu', ['zs'], [2.0]), $r->zPopMin('zu'), $r->zPopMax('zu')],
        [3, ['b' => 5.0], ['c' => 14.0]]
    );
    $r->geoAdd('geo', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania');
    same(
        [round($r->geoDist('geo', 'Palermo', 'Catania', 'km')), $r->geoRadius('geo', 15, 37, 100, 'km')],
        [166.0, ['Catania']]
    );
};

$checks['streams'] = function (Redis $r): void {
    same([$r->xAdd('st', '5-1', ['f' => '1']), $r->xAdd('st', '5-2', ['f' => '2']), $r->xLen('st')], ['5-1', '5-2', 2]);
    same(
        [$r->xRange('st', '-', '+', 1), array_keys($r->xRevRange('st', '+', '-'))],
        [['5-1' => ['f' => '1']], ['5-2', '5-1']]
    );
    same([$r->xGroup('CREATE', 'st', 'grp', '0'), $r->xGroup('CREATE', 'st', 'grp', '0')], [true, false]);
    same(str_contains((string) $r->getLastError(), 'BUSYGROUP'), true);
    $r->clearLastError();
    same($r->xReadGroup('grp', 'alice', ['st' => '>'], 1), ['st' => ['5-1' => ['f' => '1']]]);
    same([$r->xPending('st', 'grp')[0], $r->xClaim('st', 'grp', 'bob', 0, ['5-1'], ['JUSTID'])], [1, ['5-1']]);
    same(
        [$r->xAck('st', 'grp', ['5-1']), $r->xInfo('STREAM', 'st')['length'], $r->xInfo('GROUPS', 'st')[0]['name']],
        [1, 2, 'grp']
    );
    $waiting = blocked(0, 'XREAD', 'BLOCK', '10000', 'STREAMS', 'st', '$');
    $r->xAdd('st', '6-0', ['late' => 'x']);
    same(reply_of($waiting), [['st', [['6-0', ['late', 'x']]]]]);
    same([$r->xTrim('st', 1), $r->xDel('st', ['6-0'])], [2, 1]);
};

$checks['pipelines'] = function (Redis $r): void {
    $pipe = $r->multi(Redis::PIPELINE);
    for ($n = 0; $n < 5000; $n++) {
        $pipe->set("p$n", (string) $n)->get("p$n");
    }
    $replies = $pipe->exec();
    same([count($replies), $replies[1], $replies[9999]], [10000, '0', '4999']);
    same($r->pipeline()->set('p0', 'text')->incr('p0')->get('p0')->exec(), [true, false, 'text']);
    $r->clearLastError();
};

$checks['transactions'] = function (Redis $r): void {
    same(
        $r->multi()->set('tx', '1')->incr('tx')->hSet('txh', 'f', '1')->hGetAll('txh')->exec(),
        [true, 2, 1, ['f' => '1']]
    );
    $r->watch('tx');
    connect()->set('tx', '50');
    same([$r->multi()->incr('tx')->exec(), $r->get('tx')], [false, '50']);
    $r->watch('tx');
    same($r->unwatch() && $r->multi()->incr('tx')->exec() === [51], true);
    same([$r->multi()->set('tx', '0')->discard(), $r->get('tx')], [true, '51']);
};

$checks['channels'] = function (Redis $r): void {
    $plain = started('subscriber.php', 'subscribe', 'news');
    $pattern = started('subscriber.php', 'psubscribe', 'n*');
    same(wait_until(fn () => $r->pubsub('numpat') === 1 && $r->pubsub('numsub', ['news']) === ['news' => 1]), true);
    same([$r->publish('news', 'hello'), $r->publish('news', 'bye'), $r->publish('else', 'x')], [2, 2, 0]);
    same([reply_of($plain), reply_of($pattern)], [['news', 'hello'], ['n*', 'news', 'hello']]);
};

$checks['blocking'] = function (Redis $r): void {
    same(
        [$r->blPop(['none'], 1), $r->rPush('have', 'x'), $r->blPop(['none', 'have'], 1)],
        [[], 1, ['have', 'x']]
    );
    $first = blocked(0, 'BLPOP', 'jobs', '10');
    $second = blocked(1, 'BLPOP', 'jobs', '10');
    same($r->rPush('jobs', 'one', 'two'), 2);
    same([reply_of($first), reply_of($second)], [['jobs', 'one'], ['jobs', 'two']]);
    $popped = blocked(0, 'BZPOPMIN', 'bz', '10');
    same([$r->zAdd('bz', 1.5, 'm'), reply_of($popped)], [1, ['bz', 'm', '1.5']]);
};

$checks['scans'] = function (Redis $r): void {
    $r->flushDB();
    $pipe = $r->pipeline();
    for ($n = 0; $n < 3000; $n++) {
        $pipe->set("scan:$n", '1')->hSet('scan-h', "f$n", '1')->sAdd('scan-s', "m$n")->zAdd('scan-z', $n, "m$n");
    }
    $pipe->exec();
    $r->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
    foreach (['scan', 'hScan', 'sScan', 'zScan'] as $method) {
        $found = [];
        $cursor = null;
        $arguments = [$method === 'scan' ? 'scan:*' : '*', 100];
        while (true) {
            $page = match ($method) {
                'scan' => $r->scan($cursor, ...$arguments),
                'hScan' => $r->hScan('scan-h', $cursor, ...$arguments),
                'sScan' => $r->sScan('scan-s', $cursor, ...$arguments),
                'zScan' => $r->zScan('scan-z', $cursor, ...$arguments),
            };
            if ($page === false) {
                break;
            }
            $names = in_array($method, ['scan', 'sScan'], true) ? $page : array_keys($page);
            $found += array_fill_keys($names, true);
        }
        same([$method, count($found)], [$method, 3000]);
    }
};

$checks['big-values'] = function (Redis $r): void {
    $big = str_repeat(implode('', array_map('chr', range(0, 255))), 4096);
    same([$r->set('big', $big), $r->get('big') === $big, $r->strlen('big')], [true, true, 1 << 20]);
};

$checks['binary'] = function (Redis $r): void {
    $key = "k\0\r\n\xff";
    $value = "\0\r\n$5\r\n\xfe";
    same(
        [$r->set($key, $value), $r->get($key), $r->hSet('bin', $key, $value), $r->hGetAll('bin')],
        [true, $value, 1, [$key => $value]]
    );
    $r->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_PHP);
    same([$r->set('object', ['a' => [1, 2.5, null]]), $r->get('object')], [true, ['a' => [1, 2.5, null]]]);
    $r->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_NONE);
};

$checks['errors'] = function (Redis $r): void {
    $r->rPush('alist', '1');
    same([$r->get('alist'), str_starts_with((string) $r->getLastError(), 'WRONGTYPE')], [false, true]);
    same([$r->rawCommand('NOSUCH'), str_contains((string) $r->getLastError(), 'unknown command')], [false, true]);
    same(
        [$r->rawCommand('GET'), str_contains((string) $r->getLastError(), 'wrong number of arguments')],
        [false, true]
    );
    $r->clearLastError();
    $thrown = '';
    try {
        $r->auth('wrong');
    } catch (RedisException $error) {
        $thrown = $error->getMessage();
    }
    same([str_contains($thrown . $r->getLastError(), 'AUTH'), $r->ping()], [true, true]);
};

$checks['sessions'] = function (Redis $r) use ($port): void {
    ini_set('session.save_handler', 'redis');
    ini_set('session.save_path', "tcp://127.0.0.1:$port");
    ini_set('session.use_cookies', '0');
    ini_set('session.cache_limiter', '');
    session_id('abc');
    same(session_start(), true);
    $_SESSION['seat'] = 12;
    session_write_close();
    same([$r->get('PHPREDIS_SESSION:abc'), $r->ttl('PHPREDIS_SESSION:abc') > 0], ['seat|i:12;', true]);
};

$checks['reconnecting'] = function (Redis $r): void {
    $patient = connect();
    same($patient->set('before', '1'), true);
    say("restart");
    same(trim((string) fgets(STDIN)), 'restarted');
    $answer = null;
    wait_until(function () use ($patient, &$answer): bool {
        try {
            $answer = $patient->get('before');
            return true;
        } catch (RedisException) {
            return false;
        }
    });
    same([$answer, $patient->set('before', '2')], [false, true]);
    $r->connect(HOST, $patient->getPort(), 15);
};

$checks['waiting-room'] = function (Redis $r) use ($server): void {
    if ($server !== 'usher') {
        throw new Skip('redis-server has no waiting room');
    }
    $entered = array_map(fn ($user) => fields($r->rawCommand('ENTERQUEUE', 'show', $user)), ['alice', 'bob', 'alice']);
    same(
        array_map(fn ($reply) => [$reply['status'], $reply['position']], $entered),
        [['NEW', 0], ['NEW', 1], ['WAITING', 0]]
    );
    [$user, $token] = $r->rawCommand('MOVEACTIVE', 'show', '1', 'WITHTOKENS');
    $status = fields($r->rawCommand('QUEUE', 'STATUS', 'show', 'alice'));
    same([$user, $status['status'], $status['token'] === $token], ['alice', 'READY', true]);
    same([$r->rawCommand('QUEUE', 'ACTIVATE', 'show', 'alice'), $r->zCard('queue:wait:{show}')], [1, 1]);
    same(
        [$r->rawCommand('MOVEACTIVE', 'show', '9'), $r->rawCommand('MOVEACTIVE', 'show', '9', 'JSON')],
        [['bob'], '[]']
    );
};

// ---- one after the other ----

$r->flushAll();
foreach ($checks as $name => $check) {
    try {
        $check($r);
        say("ok $name");
    } catch (Skip $why) {
        say("skipped $name: {$why->getMessage()}");
    } catch (Throwable $error) {
        $text = str_replace("\n", ' ', $error->getMessage());
        $own = array_filter($error->getTrace(), fn ($frame) => ($frame['file'] ?? '') === __FILE__);
        $lines = array_column($own, 'line');
        say("failed $name: at lines " . implode(' < ', array_slice($lines, 0, 2)) . ": $text");
    }
}
say("end");
