"""How fast every pair is tried."""
