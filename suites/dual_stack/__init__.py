"""What does an IPv6 socket hold of IPv4?"""
