"""A demo cohort: synthetic people, their phones over the real API, and the loop run on what they sent."""
