"""`grade data`: shows, fetches and removes the token arrays in the user's cache folder."""

from __future__ import annotations

import argparse

from rich.console import Console

from grader.arguments import Parser
from grader.errors import UsageError

EXAMPLES = """\
examples:
  grade data                                  what is cached, how large, and where
  grade data pull                             FineWeb's first 1,000 documents (needs a network, once)
  grade data pull --tokenizer gpt2            the same with GPT-2's vocabulary, as in the lesson
  grade data pull --data my-texts.jsonl       a file of your own
  grade data clear                            remove all of it

The cache is a folder of your user account; the environment variable
FINE_DROPOUT_CACHE names another one."""

PULL_EXAMPLES = """\
examples:
  grade data pull
  grade data pull --docs 5000 --tokenizer gpt2
  grade data pull --data my-texts.parquet

What is there already is not fetched again. Ctrl-C stops at once and leaves
nothing behind."""

CLEAR_HELP = """\
Remove the cached token arrays, and what interrupted runs left; nothing else,
whatever the folder holds. They can be made again at any time with
`grade data pull`."""


def run_data(arguments: list[str], *, console: Console | None = None) -> None:
    """Run `grade data ...` and print what comes of it.

    Raises:
        UsageError: an option is wrong, or the data or the cache folder cannot be used; one line that names the mend.
    """
    options = _parse(arguments)
    console = Console() if console is None else console
    from grader.data.errors import DataError  # late, as all of the data: wrong usage and --help are quick

    try:
        if options.action == "pull":
            from grader.data.pull import pull

            pull(options.data, documents=options.docs, tokenizer_name=options.tokenizer, console=console)
        else:
            _look(options.action, console)
    except DataError as problem:
        raise UsageError(str(problem)) from None


def _look(action: str, console: Console) -> None:
    """Show what is cached, or remove it."""
    from grader.data.inventory import take_inventory
    from grader.data.listing import clear, show_inventory
    from grader.data.pull import cannot_be_kept

    try:
        inventory = take_inventory()
    except (OSError, RuntimeError) as error:
        raise cannot_be_kept(error) from error
    if action == "clear":
        clear(inventory, console)
    else:
        show_inventory(inventory, console)


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Read the options; without an action, it is "show"."""
    parser = Parser(
        prog="grade data",
        usage="grade data [show | pull [options] | clear]",
        description="Show, fetch or remove the encoded texts that are kept in the cache folder.",
        epilog=EXAMPLES,
    )
    parser.set_defaults(action="show")
    actions = parser.add_subparsers(prog="grade data", dest="action", metavar="ACTION", title="actions")
    actions.add_parser("show", help="list what is cached (the default)", description="List what is cached.")
    pull = actions.add_parser(
        "pull",
        help="fetch and encode documents into the cache",
        description="Fetch and encode documents into the cache, and print the lesson's facts about them.",
        epilog=PULL_EXAMPLES,
    )
    add = pull.add_argument
    add(
        "--data",
        metavar="fineweb|sample|PATH",
        default="fineweb",
        help="FineWeb from the network (the default), the packaged corpus, or a JSONL, Parquet or text file",
    )
    add("--docs", metavar="N", type=_count, default=1000, help="how many documents at most (default: 1000)")
    add("--tokenizer", choices=("packaged", "gpt2"), default="packaged", help="which vocabulary (default: packaged)")
    actions.add_parser("clear", help="remove what is cached", description=CLEAR_HELP)
    options = parser.parse_args(arguments)
    options.action = options.action or "show"
    return options


def _count(text: str) -> int:
    """Read a number of documents."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:19]) < 10**18):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 on")
    return int(text)
