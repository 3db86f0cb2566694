"""The catalogue of streams: columns, units, ranges, rates, sensitivity."""
