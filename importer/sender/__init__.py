"""Posts responses with bounded concurrency: pacing, retries, and the verdict on each reply."""
