"""How fast meshgen is, beside what it cannot be faster than."""
