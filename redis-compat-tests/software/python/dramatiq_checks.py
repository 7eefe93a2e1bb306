"""dramatiq with its Redis broker: actors, results, groups, pipelines, retries, delays, rate limiters, dead letters."""

import time

import dramatiq
import redis
from checks import PORT, raises, run, same, wait_until
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import default_middleware
from dramatiq.rate_limits import BucketRateLimiter, ConcurrentRateLimiter, RateLimitExceeded, WindowRateLimiter
from dramatiq.rate_limits.backends import RedisBackend as LimiterBackend
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

client = redis.Redis(host="127.0.0.1", port=PORT)
client.flushall()
middleware = [kind() for kind in default_middleware if kind.__name__ != "Prometheus"]
broker = RedisBroker(host="127.0.0.1", port=PORT, middleware=middleware, maintenance_chance=200000)
broker.add_middleware(Results(backend=RedisBackend(client=client)))
dramatiq.set_broker(broker)
attempts = []
seen = []


@dramatiq.actor(store_results=True)
def add(a, b):
    return a + b


@dramatiq.actor(min_backoff=20, max_retries=5, store_results=True)
def third_time():
    attempts.append(1)
    if len(attempts) < 3:
        raise ValueError("not yet")
    return len(attempts)


@dramatiq.actor(max_retries=0)
def failing():
    raise ValueError("never")


@dramatiq.actor
def note(what):
    seen.append((what, time.monotonic()))


def results():
    messages = [add.send(n, n) for n in range(200)]
    same([message.get_result(block=True, timeout=20000) for message in messages], [2 * n for n in range(200)])


def compositions():
    same((add.message(1, 2) | add.message(10) | add.message(100)).run().get_result(block=True, timeout=10000), 113)
    group = dramatiq.group([add.message(n, 1) for n in range(20)]).run()
    same(sorted(group.get_results(block=True, timeout=10000)), list(range(1, 21)))


def retries():
    same(third_time.send().get_result(block=True, timeout=20000), 3)


def delays():
    start = time.monotonic()
    note.send_with_options(args=("late",), delay=500)
    note.send("soon")
    same(wait_until(lambda: len(seen) == 2), True)
    same(([what for what, _ in seen], seen[1][1] - start >= 0.45), (["soon", "late"], True))


def dead_letters():
    failing.send()
    same(wait_until(lambda: client.zcard("dramatiq:default.XQ") == 1), True)


def limiters():
    backend = LimiterBackend(client=client)
    with ConcurrentRateLimiter(backend, "concurrent", limit=1).acquire():
        raises(RateLimitExceeded, "", ConcurrentRateLimiter(backend, "concurrent", limit=1).acquire().__enter__)
    bucket = BucketRateLimiter(backend, "bucket", limit=3, bucket=60000)
    window = WindowRateLimiter(backend, "window", limit=3, window=60)
    for limiter in (bucket, window):
        admitted = 0
        for _ in range(6):
            with limiter.acquire(raise_on_failure=False) as acquired:
                admitted += bool(acquired)
        same(admitted, 3)


def joined():
    broker.join("default", timeout=20000)
    same((client.llen("dramatiq:default"), client.hlen("dramatiq:default.msgs")), (0, 0))


worker = dramatiq.Worker(broker, worker_threads=4, worker_timeout=50)
worker.start()
run([results, compositions, retries, delays, dead_letters, limiters, joined])
worker.stop()
