"""What a dream is measured by, each against real frames."""

Numbers = dict[str, float]
"""Plain numbers by names that explain themselves, `free.60.validity_median`."""
