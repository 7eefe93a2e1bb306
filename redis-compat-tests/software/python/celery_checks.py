"""Celery with kombu's Redis transport and result backend: tasks, canvases, retries, countdowns, control."""

import threading
import time

from celery import Celery, chain, chord, group
from celery.contrib.testing.worker import start_worker
from celery.exceptions import TimeoutError as NotInTime
from checks import PORT, raises, run, same, wait_until

URL = "redis://127.0.0.1:%d/" % PORT
app = Celery("checks", broker=URL + "0", backend=URL + "1")
app.conf.update(
    broker_connection_retry_on_startup=True,
    result_expires=60,
    task_acks_late=True,
    worker_prefetch_multiplier=2,
    broker_transport_options={"priority_steps": [0, 3, 6, 9], "visibility_timeout": 30},
)
attempts = []
seen = []


@app.task
def add(a, b):
    return a + b


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=5)
def third_time(self):
    attempts.append(1)
    if len(attempts) < 3:
        raise self.retry(countdown=0.05)
    return "done"


@app.task
def failing():
    raise ValueError("never")


@app.task
def note(what):
    seen.append((what, time.monotonic()))


def results():
    found = [add.delay(n, n) for n in range(100)]
    same([one.get(timeout=20) for one in found], [2 * n for n in range(100)])
    same((found[0].state, found[0].successful()), ("SUCCESS", True))
    raises(ValueError, "never", failing.delay().get, timeout=10)


def canvases():
    same(group(add.s(n, 1) for n in range(20)).apply_async().get(timeout=20), list(range(1, 21)))
    same(chain(add.s(1, 2), add.s(10), add.s(100)).apply_async().get(timeout=20), 113)
    same(chord((add.s(n, n) for n in range(10)), total.s()).apply_async().get(timeout=20), 90)


def retries():
    same(third_time.delay().get(timeout=20), "done")
    same(len(attempts), 3)


def countdowns():
    start = time.monotonic()
    note.apply_async(("late",), countdown=0.6)
    note.apply_async(("soon",))
    same(wait_until(lambda: len(seen) == 2), True)
    same(([what for what, _ in seen], seen[1][1] - start >= 0.55), (["soon", "late"], True))


def control():
    same(list(app.control.inspect(timeout=2).ping().values()), [{"ok": "pong"}])
    later = note.apply_async(("revoked",), countdown=1)
    later.revoke()
    raises(NotInTime, "", note.apply_async(("never",), queue="nobody").get, timeout=0.3)
    time.sleep(1.2)
    same("revoked" in [what for what, _ in seen], False)
    same(app.control.purge() >= 0, True)


def kombu_queues():
    """The transport by itself: a simple queue with acknowledgements, and a topic exchange."""
    from kombu import Connection, Exchange, Queue

    with Connection(URL + "2") as connection:
        simple = connection.SimpleQueue("simple")
        for n in range(50):
            simple.put({"n": n})
        same(simple.qsize(), 50)
        got = []
        for _ in range(50):
            message = simple.get(timeout=5)
            got.append(message.payload["n"])
            message.ack()
        same(got, list(range(50)))
        raises(simple.Empty, "", simple.get_nowait)
        simple.close()
        exchange = Exchange("topics", type="topic")
        queue = Queue("orders", exchange, routing_key="order.*")
        received = []
        with connection.Producer() as producer, connection.Consumer(
            queue, callbacks=[lambda body, message: (received.append(body), message.ack())]
        ):
            producer.publish({"paid": 1}, exchange=exchange, routing_key="order.paid", declare=[queue])
            producer.publish({"other": 1}, exchange=exchange, routing_key="else")
            connection.drain_events(timeout=5)
        same(received, [{"paid": 1}])


with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False, shutdown_timeout=20):
    run([results, canvases, retries, countdowns, control, kombu_queues])
threading.excepthook = lambda *unused: None
