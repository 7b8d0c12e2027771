"""Figures, tables and pages made from a store of results; reads the store and nothing else."""
