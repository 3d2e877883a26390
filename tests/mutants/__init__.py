"""Semantic mutants of the models: each is a kernel that differs from its model in one place, and the named experiments must notice it."""
