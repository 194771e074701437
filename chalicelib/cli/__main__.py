"""`python -m chalicelib.cli`."""

from chalicelib.cli.main import main

main()
