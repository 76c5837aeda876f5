"""Benchmarks on real servers: each figure is one JSON line, beside a baseline measured in the same run."""
