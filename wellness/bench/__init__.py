"""Benchmarks, beside what one would otherwise use; each area is a module and a line in `areas`."""
