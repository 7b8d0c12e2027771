"""How fast the architectures train, measured: one command per question."""
