"""RQ: jobs and results, failures, retries, dependencies, the scheduler, registries, callbacks."""

import datetime
import time

import redis
from checks import PORT, run, same, wait_until
from rq import Callback, Queue, Retry, SimpleWorker
from rq.job import Job
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from rq_tasks import add, fail, flaky

connection = redis.Redis(host="127.0.0.1", port=PORT)


def work(*queues, scheduler=False):
    """A worker that runs whatever is there, in this process."""
    SimpleWorker(list(queues), connection=connection).work(burst=True, with_scheduler=scheduler, logging_level="ERROR")


def results():
    queue = Queue("sums", connection=connection)
    jobs = [queue.enqueue(add, n, n) for n in range(60)]
    same(len(queue), 60)
    work(queue)
    same([job.return_value(refresh=True) for job in jobs], [2 * n for n in range(60)])
    same((jobs[0].get_status(), len(FinishedJobRegistry(queue=queue)), len(queue)), ("finished", 60, 0))
    same(Job.fetch(jobs[5].id, connection=connection).args, (5, 5))


def bulk_and_order():
    first, second = Queue("first", connection=connection), Queue("second", connection=connection)
    jobs = second.enqueue_many([Queue.prepare_data(add, (n, 1)) for n in range(20)])
    early = first.enqueue(add, 1, 1)
    work(first, second)
    early.refresh()
    same((early.ended_at <= min(job.refresh() or job.ended_at for job in jobs), jobs[19].return_value()), (True, 20))


def failures_and_retries():
    queue = Queue("failing", connection=connection)
    lost = queue.enqueue(fail)
    again = queue.enqueue(flaky, "rq-flaky", PORT, retry=Retry(max=3))
    work(queue)
    same((lost.get_status(), "never" in lost.latest_result().exc_string), ("failed", True))
    same((again.get_status(), again.return_value()), ("finished", 3))
    registry = FailedJobRegistry(queue=queue)
    same(registry.get_job_ids(), [lost.id])
    registry.requeue(lost.id)
    same(len(queue), 1)


def dependencies():
    queue = Queue("chained", connection=connection)
    first, second = queue.enqueue(add, 1, 2), queue.enqueue(add, 3, 4)
    last = queue.enqueue(add, 5, 6, depends_on=[first, second], on_success=Callback("rq_tasks.succeeded"))
    same((last.get_status(), last.id in queue.deferred_job_registry.get_job_ids()), ("deferred", True))
    work(queue)
    same((last.get_status(), last.return_value(), connection.get("rq-succeeded")), ("finished", 11, b"11"))


def scheduled():
    queue = Queue("later", connection=connection)
    job = queue.enqueue_in(datetime.timedelta(seconds=1), add, 1, 1)
    same(len(ScheduledJobRegistry(queue=queue)), 1)
    time.sleep(1.1)
    same(wait_until(lambda: work(queue, scheduler=True) or job.get_status() == "finished", 15), True)


def unique_and_cancelled():
    queue = Queue("ids", connection=connection)
    job = queue.enqueue(add, 1, 1, job_id="mine", result_ttl=100)
    job.cancel()
    same((job.get_status(), len(queue)), ("canceled", 0))
    job.delete()
    same(Job.exists("mine", connection=connection), False)
    same(queue.empty(), 0)
    Queue("ids", connection=connection).enqueue(add, 1, 1)
    same((queue.empty(), queue.delete()), (1, None))


connection.flushall()
run([results, bulk_and_order, failures_and_retries, dependencies, scheduled, unique_and_cancelled])
