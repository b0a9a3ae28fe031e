"""Ways to get a plan into DNS, one package each."""
