"""The `clients` suite: client libraries of several languages against a server of their own."""
