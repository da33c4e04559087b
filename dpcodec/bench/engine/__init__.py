"""What every experiment runs on: tasks, results on disk, processes, statistics, plots, the page."""
