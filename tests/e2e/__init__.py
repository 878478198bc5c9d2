"""The installed command, end to end."""
