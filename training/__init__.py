"""The workshop: makes cartridges from real games."""
