"""Tests of the code that the documentation shows."""
