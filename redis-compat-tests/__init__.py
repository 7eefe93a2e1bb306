"""Compatibility tests: the same bytes go to a real redis-server and to the server under test; replies and data must agree."""
