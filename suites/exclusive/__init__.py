"""Exclusive use: SO_EXCLUSIVEADDRUSE and SO_EXCLBIND."""
