"""What runs in each Python environment, one process a figure."""
