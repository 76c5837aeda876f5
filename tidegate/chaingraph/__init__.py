"""Flows of ChainGraph, as it exports them, made into documents of ours."""
