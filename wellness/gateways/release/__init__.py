"""Data that leave without anyone's identity: asked for by an analyst, approved by somebody else."""
