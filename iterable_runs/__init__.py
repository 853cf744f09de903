"""What runs of tap and target leave behind: the history of runs, and the command and the page that show it."""
