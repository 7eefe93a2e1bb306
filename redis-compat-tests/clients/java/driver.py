"""Jedis, Lettuce and Redisson: Maven brings the jars of pom.xml into the cache, javac compiles."""

import pathlib

from ..program import Program
from ..toolbox import Broken, Unavailable, cache_folder, once, run_tool, tool

HERE = pathlib.Path(__file__).resolve().parent


def _classes():
    """The class path of the compiled programs and what they need."""
    maven, compiler, folder = tool("mvn"), tool("javac"), cache_folder("java")
    sources = sorted(HERE.glob("*.java"))
    jars, classes = folder / "jars", folder / "classes"

    def fetch():
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
        # Maven wants to write beside its pom, so that lies in the cache too.
        (folder / "pom.xml").write_bytes((HERE / "pom.xml").read_bytes())
        run_tool([maven, "-q", "-B", goal, "-DoutputDirectory=" + str(jars)], Unavailable, folder=folder)

    def compile_all():
        run_tool([compiler, "-nowarn", "-cp", jars / "*", "-d", classes, *sources], Broken)

    jars.mkdir(exist_ok=True)
    classes.mkdir(exist_ok=True)
    once(jars, [HERE / "pom.xml"], fetch)
    once(classes, [HERE / "pom.xml", *sources], compile_all)
    return "%s:%s" % (classes, jars / "*")


def _program(main):
    options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"]
    return Program([tool("java"), *options, "-cp", _classes(), main], resps=(2, 3), limit_s=90)


CLIENTS = {
    "java-jedis": lambda: _program("JedisChecks"),
    "java-lettuce": lambda: _program("LettuceChecks"),
    "java-redisson": lambda: _program("RedissonChecks"),
}
