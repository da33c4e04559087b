"""The page to listen: clips through several systems, measured, and joined into one HTML file."""
