"""Speed and memory of what people wait for, as ratios to something known, measured in one run: `make bench`."""
