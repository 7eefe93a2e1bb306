"""The `properties` suite: many connections at once, then a pause in which the invariants of the waiting room must hold.

Each worker owns its users (so it knows what each of its commands should say) and one connection; one watcher reads
the active set all the time. Users are never reused after they left, tokens outlast the run, and one worker alone
admits for a queue: so

    entered == waiting + active + gone;   active <= max-active at every look;   nobody in both sets;
    token keys == active members;         each worker's users are admitted in the order in which it entered them;
    nobody still waiting was overtaken;   a stock is never sold twice, nor beyond.
"""

import random
import threading
import time

from ..harness.resp import Client, is_error, plain

WORKERS, ROUNDS, STEPS_PER_ROUND, QUEUES, MAX_ACTIVE = 12, 4, 150, ("p-1", "p-2"), 25
STOCK, CLAIMERS, CLAIMS = 60, 8, 40


class Worker:
    """One connection with its own users in one queue."""

    def __init__(self, port, number, seed):
        self.queue, self.number = QUEUES[number % len(QUEUES)], number
        self.random = random.Random("properties/%s/%d" % (seed, number))
        self.client = Client(port, resp=2 + number % 2)
        self.admits = number < len(QUEUES)
        self.order, self.present, self.admitted, self.errors = [], [], [], []
        self.best_position = {}

    def round(self, steps):
        """A burst of random commands; whatever is wrong goes to `errors`."""
        try:
            for _ in range(steps):
                self._step()
        except Exception as error:  # reported by the main thread
            self.errors.append("%s: %s" % (type(error).__name__, error))

    def _step(self):
        roll = self.random.random()
        if self.admits and roll < 0.3:
            self.admitted += plain(self._call("MOVEACTIVE", self.queue, self.random.randint(1, 6), "TTL", 5000))
        elif roll < 0.6 or not self.present:
            self._enter_new()
        elif roll < 0.7:
            self._enter(self.random.choice(self.present), False)
        elif roll < 0.8:
            self._call("QUEUE", "STATUS", self.queue, self.random.choice(self.present))
        elif roll < 0.87:
            self._call("QUEUE", "ACTIVATE", self.queue, self.random.choice(self.present), "TTL", 5000)
        elif roll < 0.92:
            self._call("QUEUE", "EXTEND", self.queue, self.random.choice(self.present), "TTL", 5000)
        elif roll < 0.94:
            self._call("QUEUE", "WAIT", self.queue, self.random.choice(self.present), 20)
        elif roll < 0.96:
            self._call("QUEUE", "EXPIRE", self.queue)
        else:
            self._leave()

    def _enter_new(self):
        user = "w%d-%d" % (self.number, len(self.order))
        self._enter(user, True)
        self.order.append(user)
        self.present.append(user)

    def _enter(self, user, is_new):
        reply = plain(self._call("ENTERQUEUE", self.queue, user))
        fields = dict(zip(reply[::2], reply[1::2]))
        status = fields[b"status"]
        if is_new != (status == b"NEW"):
            self.errors.append("ENTERQUEUE %s said %s" % (user, status))
        if status in (b"NEW", b"WAITING"):
            position = int(fields[b"position"])
            if position > self.best_position.get(user, position):
                self.errors.append("%s fell back from %d to %d" % (user, self.best_position[user], position))
            self.best_position[user] = position

    def _leave(self):
        user = self.present.pop(self.random.randrange(len(self.present)))
        places = int(plain(self._call("QUEUE", "LEAVE", self.queue, user)))
        if places != 1:
            self.errors.append("LEAVE %s gave up %d places" % (user, places))

    def _call(self, *args):
        reply = self.client.call(*args)
        if is_error(reply):
            raise RuntimeError("%s: %s" % (" ".join(map(str, args)), reply[1]))
        return reply


class Watcher(threading.Thread):
    """Looks at the active sets all the time."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.client, self.stopping, self.most, self.looks = Client(port), False, 0, 0

    def run(self):
        while not self.stopping:
            for queue in QUEUES:
                self.most = max(self.most, int(self.client.call("ZCARD", "queue:active:{%s}" % queue)[1]))
                self.looks += 1
            time.sleep(0.002)


def run(context):
    """Rounds of concurrent commands with checks between them, then the stock."""
    report, port = context.report, context.pair.ports[1]
    with Client(port) as admin:
        reply = admin.call("ENTERQUEUE")
        if is_error(reply) and b"unknown command" in reply[1]:
            report.skip("properties", "target does not know ENTERQUEUE")
            return
        admin.call("FLUSHALL")
        for queue in QUEUES:
            admin.call(
                "QUEUE", "CONFIG", "SET", queue, "max-active", MAX_ACTIVE, "max-waiting", 100_000, "max-extends", 1000
            )
        workers = [Worker(port, number, context.seed) for number in range(WORKERS)]
        watcher = Watcher(port)
        watcher.start()
        for number in range(ROUNDS):
            _in_parallel([lambda worker=worker: worker.round(STEPS_PER_ROUND) for worker in workers])
            for queue in QUEUES:
                _check(report, admin, queue, [worker for worker in workers if worker.queue == queue], number)
        watcher.stopping = True
        watcher.join(5)
        report.check(
            "properties/active-max",
            watcher.most <= MAX_ACTIVE,
            lambda: "saw %d active, at most %d are allowed" % (watcher.most, MAX_ACTIVE),
        )
        report.say(
            "properties: %d entries, %d looks at the active sets, seed %s"
            % (sum(len(worker.order) for worker in workers), watcher.looks, context.seed)
        )
        _stock(report, port, admin)


def _in_parallel(functions):
    threads = [threading.Thread(target=function, daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def _check(report, admin, queue, workers, number):
    waiting = plain(admin.call("ZRANGE", "queue:wait:{%s}" % queue, 0, -1))
    active = set(plain(admin.call("ZRANGE", "queue:active:{%s}" % queue, 0, -1)))
    prefix = b"active:token:{%b}:" % queue.encode()
    tokens = {key[len(prefix) :] for key in plain(admin.call("KEYS", prefix + b"*"))}
    users = {user.encode() for worker in workers for user in worker.present}
    where = "properties/%s/%%s/round%d" % (queue, number)
    errors = [error for worker in workers for error in worker.errors]
    report.check(where % "replies", not errors, lambda: "\n".join(errors[:8]))
    report.check(
        where % "both-sets", not active & set(waiting), lambda: "in both: %s" % sorted(active & set(waiting))[:5]
    )
    report.check(
        where % "tokens",
        tokens == active,
        lambda: "tokens without a place %s, places without a token %s"
        % (sorted(tokens - active)[:5], sorted(active - tokens)[:5]),
    )
    # `users` are those who entered and did not leave, so all of them and nobody else must be somewhere.
    there = active | set(waiting)
    report.check(
        where % "conservation",
        there == users and len(waiting) + len(active) == len(users),
        lambda: "lost %s, unknown %s" % (sorted(users - there)[:5], sorted(there - users)[:5]),
    )
    report.check(where % "active-max", len(active) <= MAX_ACTIVE, lambda: "%d active" % len(active))
    _check_order(report, where % "order", workers, waiting)


def _check_order(report, check_id, workers, waiting):
    """Per worker: those admitted, then those waiting, in the order in which it let them in."""
    admitted = [user for worker in workers for user in worker.admitted]
    problems = [] if len(admitted) == len(set(admitted)) else ["somebody was admitted twice"]
    for worker in workers:
        rank = {user.encode(): place for place, user in enumerate(worker.order)}
        for line in ([user for user in admitted if user in rank], [user for user in waiting if user in rank]):
            places = [rank[user] for user in line]
            if places != sorted(places):
                problems.append("worker %d's users are out of order: %s" % (worker.number, line[:12]))
        last = max((rank[user] for user in admitted if user in rank), default=-1)
        overtaken = [user for user in waiting if user in rank and rank[user] < last]
        if overtaken:
            problems.append("admitted past %s" % overtaken[:5])
    report.check(check_id, not problems, lambda: "\n".join(problems))


def _stock(report, port, admin):
    """Eight connections claim a stock of sixty, many users twice."""
    reply = admin.call("CLAIMSTOCK")
    if is_error(reply) and b"unknown command" in reply[1]:
        report.skip("properties/stock", "target does not know CLAIMSTOCK")
        return
    admin.call("SET", "stock:{c}", STOCK)
    outcomes, lock = [], threading.Lock()

    def claim(number):
        with Client(port) as client:
            for turn in range(CLAIMS):
                user = "u%d" % ((number // 2) * CLAIMS + turn)
                answer = plain(client.call("CLAIMSTOCK", "stock:{c}", "issued:{c}", user))
                with lock:
                    outcomes.append((user, answer[0] if isinstance(answer, list) else answer))

    _in_parallel([lambda number=number: claim(number) for number in range(CLAIMERS)])
    issued = [user for user, status in outcomes if status == b"ISSUED"]
    left = int(plain(admin.call("GET", "stock:{c}")))
    report.check(
        "properties/stock/sold",
        len(issued) == STOCK and left == 0,
        lambda: "issued %d of %d, left %d" % (len(issued), STOCK, left),
    )
    report.check("properties/stock/once", len(issued) == len(set(issued)), lambda: "issued twice")
    recorded = {member.decode() for member in plain(admin.call("SMEMBERS", "issued:{c}")) or []}
    report.check("properties/stock/recorded", recorded == set(issued), lambda: "issued set %s" % sorted(recorded)[:5])
    report.check(
        "properties/stock/outcomes",
        len(outcomes) == CLAIMERS * CLAIMS
        and {status for _, status in outcomes} <= {b"ISSUED", b"SOLDOUT", b"DUPLICATE"},
        lambda: "%d answers" % len(outcomes),
    )
