"""Articles as a folder (or zip) of Markdown files, out and in again without a loss."""
