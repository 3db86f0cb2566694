"""Proof that nothing is lost: uploads through a real server whose pieces are killed while it works.

`stage` runs the processes and starts again what dies, `services` its own PostgreSQL and Redis, `phone` sends
and keeps the client's ledger, `faults` breaks things on a seeded schedule, `comparison` says what differs
from a run that nothing disturbed. `inside` is what the server's own code is asked; `make chaos` runs it all.
"""
