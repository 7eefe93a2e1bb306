<?php
// Subscribes in a process of its own: `subscriber.php PORT subscribe|psubscribe NAME`.
// Prints each message as JSON until "bye" comes; this release's loop has no other end than the process's.
$redis = new Redis();
$redis->connect('127.0.0.1', (int) $argv[1], 15);
$redis->setOption(Redis::OPT_READ_TIMEOUT, 15);
$redis->{$argv[2]}([$argv[3]], function (Redis $redis, string ...$message): void {
    fwrite(STDOUT, json_encode($message) . "\n");
    if (end($message) === 'bye') {
        posix_kill(posix_getpid(), 9);
    }
});
