"""Does each architecture learn what it is known to learn? Printed figures beside published ones."""
