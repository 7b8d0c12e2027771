"""Labelled sets in the files that public packages ship; one module per kind, code and labels only."""
