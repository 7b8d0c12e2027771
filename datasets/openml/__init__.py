"""What stands behind ``openml:``: the real client in a process of its own, and a cache that needs neither."""
