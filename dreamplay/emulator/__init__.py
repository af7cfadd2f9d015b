"""The real games as worlds; each needs its extra."""
