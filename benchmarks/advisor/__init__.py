"""How good the advice is, measured: one command per question."""
