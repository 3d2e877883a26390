"""TIME_WAIT: who keeps it, whom it keeps from binding, and what lets a server restart in spite of it?"""
