"""`python -m govern.cli`: what `govern up` starts its parts with."""

from govern.cli import main

main()
