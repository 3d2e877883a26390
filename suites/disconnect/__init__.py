"""connect to an address of no family: what does it take from a socket, and what is left?"""
