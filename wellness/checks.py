"""System checks: wrong or unsafe combinations of settings stop the start, each with an id."""
