"""Scripts are written, switched on and ended; walks begin, go on and end."""
