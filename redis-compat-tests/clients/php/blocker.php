<?php
// One blocking command in a process of its own, as PHP has no threads: `blocker.php PORT COMMAND ARGUMENT ...`.
// Prints the reply as JSON.
$redis = new Redis();
$redis->connect('127.0.0.1', (int) $argv[1], 15);
echo json_encode($redis->rawCommand(...array_slice($argv, 2))), "\n";
