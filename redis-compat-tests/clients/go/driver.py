"""go-redis, with whatever Go toolchain is installed; go.mod and go.sum pin the versions."""

import pathlib
import shutil

from ..program import Program
from ..toolbox import Broken, Unavailable, cache_folder, once, run_tool, tool

HERE = pathlib.Path(__file__).resolve().parent
# The toolchain that is here must do: another one is not fetched.
ENVIRONMENT = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}


def go_program(name, source):
    """The program built from `source` and report.go in the cache; its modules are downloaded when missing."""
    go, folder = tool("go"), cache_folder(name)
    files = [HERE / "report.go", source / "main.go", source / "go.mod", source / "go.sum"]

    def make():
        for file in files:
            shutil.copy(file, folder)
        run_tool([go, "mod", "download"], Unavailable, folder=folder, env=ENVIRONMENT)
        run_tool([go, "build", "-o", "checks", "."], Broken, folder=folder, env=ENVIRONMENT)

    once(folder, files, make)
    return folder / "checks"


CLIENTS = {"go-redis": lambda: Program([go_program("go", HERE)], resps=(2, 3))}
