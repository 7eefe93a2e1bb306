"""The waiting room: the same logic as a Lua script on redis-server, and properties that must hold under concurrency."""
