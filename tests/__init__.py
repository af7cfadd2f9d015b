"""Tests of dreamplay and its training."""
