"""Training runs: one frozen `RECIPE` a module."""
