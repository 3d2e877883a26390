"""What becomes of a socket that needs a port from the ephemeral range when every port of it is held?"""
