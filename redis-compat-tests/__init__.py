"""Compatibility tests: the same bytes go to a redis-server and to the server under test, and must do the same."""
