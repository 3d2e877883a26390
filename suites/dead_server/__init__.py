"""What does a dead server leave besides TIME_WAIT? Its listener is closed, its connection is in some other state."""
