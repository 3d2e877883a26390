"""Who may join a group of SO_REUSEPORT sockets, and who of the group receives?"""
