"""redis-rs, with whatever Rust toolchain is installed; Cargo.toml pins the versions of what it names exactly."""

import pathlib

from ..program import Program
from ..toolbox import Broken, Unavailable, cache_folder, once, run_tool, tool

HERE = pathlib.Path(__file__).resolve().parent


def redis_rs():
    """Built in the cache, so that no lock file (which names a registry) lies in the tree."""
    cargo, folder = tool("cargo"), cache_folder("rust")

    def make():
        (folder / "src").mkdir(exist_ok=True)
        for name in ("Cargo.toml", "src/main.rs"):
            (folder / name).write_bytes((HERE / name).read_bytes())
        run_tool([cargo, "fetch", "--quiet"], Unavailable, folder=folder)
        run_tool([cargo, "build", "--quiet", "--offline"], Broken, folder=folder)

    once(folder, [HERE / "Cargo.toml", HERE / "src/main.rs"], make)
    return Program([folder / "target/debug/usher-clients"], resps=(2, 3))


CLIENTS = {"rust-redis": redis_rs}
