"""The command `cutout`.

Exit codes: 0 all photos are cut out or were already, 1 some failed, 2 the command or the configuration is wrong,
3 there are not enough credits, 4 the service cannot be reached or is too busy, 130 it was interrupted.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cutout import configuration, photos
from cutout.api import Api, version
from cutout.configuration import Configuration
from cutout.errors import INTERRUPTED, NO_CREDITS, SOME_FAILED, UNAVAILABLE, CutoutError
from cutout.report import Report
from cutout.run import Run
from cutout.state import State

TIERS = ("basic", "standard", "professional", "industry")


class _PhotosFirst(click.Group):
    """Whatever is no command is a photo, a folder, or an option of `remove`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help", "--version"):
            args = ["remove", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_PhotosFirst, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="cutout")
def cli() -> None:
    """Cuts the subjects out of photos: `cutout photo.jpg`, or `cutout folder/ -t professional -o out/`.

    See `cutout remove --help` for the options.
    """


@cli.command()
def login() -> None:
    """Asks for address and API key, tries them, and keeps them in your configuration folder."""
    found = Configuration(
        configuration.address(click.prompt("Address of the service (ApiUrl)")),
        click.prompt("API key", hide_input=True).strip(),
    )
    credits = Api(found).credits()
    click.echo(f"You have {credits:,} credits. Kept in {configuration.save(found)}.")


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-t", "--tier", type=click.Choice(TIERS), default="standard", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The file of one cut-out, or the folder of several.")
@click.option("--format", "chosen_format", type=click.Choice(tuple(photos.EXTENSIONS)), help="By default png.")
@click.option("--background", metavar="COLOUR", help="Behind the subject: '#ffffff' or '#fff'. A JPEG needs one.")
@click.option("--crop", metavar="MARGIN", help="To the subject, with a margin: 0, 24px or 5%.")
@click.option("--max-size", type=click.IntRange(min=1), help="The long edge of the result, in px.")
@click.option("--matte", is_flag=True, help="The alpha alone, as a grey image.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before several photos are sent.")
@click.option("--json", "as_json", is_flag=True, help="Tell what became of each photo as JSON on stdout.")
def remove(
    paths: tuple[Path, ...], *, out: Path | None, chosen_format: str | None, yes: bool, as_json: bool, **wanted: Any
) -> None:
    """Cuts out photos, and all photos in folders.

    One cut-out is saved beside its photo, several in the folder `cutouts` there, unless -o says where. What is there
    already is skipped, and what an earlier run began is finished: say the same again after it was stopped.
    """
    chosen = photos.found(paths)
    if not chosen:
        raise click.UsageError("There are no photos in there.")
    output_format = photos.formatted(out, chosen_format)
    fields = _fields(output_format, **wanted)
    folder, items = photos.items(paths, chosen, out, photos.EXTENSIONS[output_format])
    service = configuration.load()
    report = Report()
    run = Run(
        api=Api(service),
        state=State.load(folder, service.api, fields),
        fields=fields,
        report=report,
        agree=lambda images, price: _agree(report, images, price, wanted["tier"], ask=not yes and not as_json),
    )
    failure: CutoutError | None = None
    try:
        run(items)
    except CutoutError as error:
        failure = error
    finally:
        report.stop()
    _tell(report, folder, one_output=items[0].output if len(items) == 1 else None, as_json=as_json)
    if failure:
        raise failure
    sys.exit(SOME_FAILED if report.count("failed") else 0)


def _fields(
    output_format: str, *, tier: str, background: str | None, crop: str | None, max_size: int | None, matte: bool
) -> dict[str, Any]:
    if background and (short := re.fullmatch("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", background)):
        digits = short[1] if len(short[1]) == 6 else "".join(digit * 2 for digit in short[1])
        background = f"#{digits}"
    fields = {
        "tier": tier,
        "format": output_format,
        "background": background,
        "crop": crop,
        "maxSize": max_size,
        "output": "matte" if matte else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _agree(report: Report, images: int, price: int, tier: str, *, ask: bool) -> bool:
    """Nobody is asked where nobody can answer; who runs it from a script has decided already."""
    report.say(f"{images:,} photos in tier {tier}: {price:,} credits.")
    if not ask or not sys.stdin.isatty():
        return True
    report.stop()
    return click.confirm("Go on?", default=True, err=True)


def _tell(report: Report, folder: Path, *, one_output: str | None, as_json: bool) -> None:
    told = report.document()
    if as_json:
        click.echo(json.dumps(told, indent=2))
    elif one_output and told["done"]:
        click.echo(one_output)
    else:
        parts = [f"{told[status]:,} {status}" for status in ("done", "skipped", "failed") if told[status]]
        click.echo(f"{', '.join(parts) or 'nothing done'}; {told['credits']:,} credits; in {folder}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    try:
        cli.main(arguments, prog_name="cutout", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped. The same command, said again, goes on from here.", err=True)
        sys.exit(INTERRUPTED)
    except CutoutError as error:
        click.echo(f"cutout: {error}", err=True)
        if error.exit_code in (NO_CREDITS, UNAVAILABLE):
            click.echo("Nothing is lost: the same command, said again, goes on from here.", err=True)
        sys.exit(error.exit_code)
