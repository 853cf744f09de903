"""Numbers, times and words as people read them: on the terminal and on the page."""
