"""The log of withdrawals and pauses outside the database, and what a restored database lacks of it."""
