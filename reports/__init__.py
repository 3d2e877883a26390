"""What we found: recorded runs, and what is rendered from them."""
