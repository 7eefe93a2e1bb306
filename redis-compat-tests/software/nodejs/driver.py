"""BullMQ, bee-queue, redlock and rate-limiter-flexible, installed by npm from the lock file beside this."""

import pathlib

from ...clients.nodejs import driver as clients
from ...clients.program import Program
from ...clients.toolbox import tool

HERE = pathlib.Path(__file__).resolve().parent


def _program(script):
    modules = clients.node_modules("software-nodejs", HERE)
    return Program([tool("node"), HERE / script], env={"NODE_PATH": str(modules)}, limit_s=90)


CLIENTS = {
    "bullmq": lambda: _program("bullmq.js"),
    "bee-queue": lambda: _program("bee_queue.js"),
    "redlock": lambda: _program("redlock.js"),
    "rate-limiter-flexible": lambda: _program("rate_limiter.js"),
}
