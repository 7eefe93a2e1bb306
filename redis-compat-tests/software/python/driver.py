"""Celery, RQ and dramatiq in one virtual environment."""

import pathlib

from ...clients.program import Program
from ...clients.python import driver as clients

HERE = pathlib.Path(__file__).resolve().parent
HELPERS = HERE.parent.parent / "clients" / "python"


def _program(script):
    python = clients.venv("software-python", HERE / "requirements.txt")
    return Program([python, HERE / script], env={"PYTHONPATH": str(HELPERS)}, limit_s=90)


CLIENTS = {
    "celery": lambda: _program("celery_checks.py"),
    "rq": lambda: _program("rq_checks.py"),
    "dramatiq": lambda: _program("dramatiq_checks.py"),
}
