"""SO_BROADCAST: who may send to everybody on a network, who hears it, and who may bind a broadcast address."""
