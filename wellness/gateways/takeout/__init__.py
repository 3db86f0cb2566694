"""A person's own copy of everything: JSON, Parquet and a page to read, sealed until they fetch it."""
