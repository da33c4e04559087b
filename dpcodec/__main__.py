"""`python -m dpcodec`, the same as the `dpcodec` command."""

from dpcodec.cli.entry import main

if __name__ == "__main__":
    main()
