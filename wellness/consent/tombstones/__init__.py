"""The log of withdrawals outside the database, and what a restored database lacks of it."""
