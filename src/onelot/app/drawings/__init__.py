"""Drawings for screens and documents: pure functions from plain values to SVG text."""
