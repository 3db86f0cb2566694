"""Daily phenotypes from raw samples: pure NumPy, one module a sensor, one registry."""
