"""Synthetic people with known latent states, and the phones that would have sent their data, from a seed."""
