"""Suites of fixed cases: literal sequences (*.case) and what needs code of its own."""
