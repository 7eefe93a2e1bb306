"""Random differential streams: generators of commands by group, the runner that compares, and the shrinker."""
