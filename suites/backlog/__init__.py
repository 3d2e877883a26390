"""The queue of a listener over TCP: how many clients does it hold, and what becomes of those beyond?"""
