"""The modules that make the files import each other by name; they hold no tests."""

collect_ignore = ["bad_bodies.py", "bad_files.py", "good_files.py", "ingredients.py", "make_files.py"]
