"""dreamplay plays video games that a neural network dreams."""

__version__ = "0.1.0"
