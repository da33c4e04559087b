"""Playing aloud: `player.py` decodes and seeks, `sinks.py` takes the sound, `keys.py` what is pressed."""
