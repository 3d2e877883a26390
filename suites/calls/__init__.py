"""What do the calls around bind answer on a socket of the wrong kind or in the wrong state?"""
