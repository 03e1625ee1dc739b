"""The door for browsers: a folder is the first segment of its addresses and, where it has one, its menu entry."""
