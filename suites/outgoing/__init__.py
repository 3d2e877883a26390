"""The other end: clients that bind before they connect, ports chosen by the system, and connections that exist already."""
