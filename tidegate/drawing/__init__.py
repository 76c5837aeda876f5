"""Drawings of flows: Mermaid's text, and SVG that is laid out here, so that neither needs a browser."""
