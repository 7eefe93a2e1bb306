"""redis-py: Debian's package with the system's interpreter, and the pinned release in a virtual environment."""

import pathlib
import shutil
import sys

from ..program import Program
from ..toolbox import Unavailable, cache_folder, once, run_tool

HERE = pathlib.Path(__file__).resolve().parent


def from_debian():
    """python3-redis; it speaks RESP2 only."""
    python = "/usr/bin/python3"
    if not shutil.which(python):
        raise Unavailable("no " + python)
    run_tool([python, "-c", "import redis"], lambda why: Unavailable("no package python3-redis"))
    return Program([python, HERE / "redis_py.py"], resps=(2,))


def venv(name, requirements):
    """The interpreter of a virtual environment in the cache that has these requirements."""
    folder = cache_folder(name)
    python = folder / "venv/bin/python"

    def make():
        shutil.rmtree(folder / "venv", ignore_errors=True)
        run_tool([sys.executable, "-m", "venv", folder / "venv"], Unavailable)
        run_tool([python, "-m", "pip", "install", "--quiet", "-r", requirements], Unavailable)

    once(folder, [requirements], make)
    return python


def from_registry():
    """The current redis-py."""
    return Program([venv("python", HERE / "requirements.txt"), HERE / "redis_py.py"], resps=(2, 3))


CLIENTS = {"python-debian": from_debian, "python-current": from_registry}
