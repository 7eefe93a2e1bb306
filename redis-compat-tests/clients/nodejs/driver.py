"""node-redis and ioredis, installed by npm from the lock file beside this."""

import pathlib
import shutil

from ..program import Program
from ..toolbox import Unavailable, cache_folder, once, run_tool, tool

HERE = pathlib.Path(__file__).resolve().parent


def node_modules(name, source):
    """The installed modules of the lock file in `source`, in the cache."""
    npm, folder = tool("npm"), cache_folder(name)
    manifests = [source / "package.json", source / "package-lock.json"]

    def make():
        for manifest in manifests:
            shutil.copy(manifest, folder)
        # Not `npm ci`: that wants optional modules of every platform in the lock file, which not every mirror has.
        options = ["--no-save", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
        run_tool([npm, "install", *options], Unavailable, folder=folder)

    once(folder, manifests, make)
    return folder / "node_modules"


def _program(script, resps):
    return Program([tool("node"), HERE / script], resps=resps, env={"NODE_PATH": str(node_modules("nodejs", HERE))})


CLIENTS = {
    "nodejs-redis": lambda: _program("node_redis.js", (2, 3)),
    "nodejs-ioredis": lambda: _program("ioredis.js", (2,)),
}
