"""Asynq, built as the clients' Go program is."""

import pathlib

from ...clients.go import driver as clients
from ...clients.program import Program

HERE = pathlib.Path(__file__).resolve().parent


CLIENTS = {"asynq": lambda: Program([clients.go_program("software-go", HERE)])}
