"""The `lookalike` command."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from lookalike.errors import LookalikeError

app = typer.Typer(
    help="Few-shot image recognition: does a photo show an object of a type?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Model = Annotated[
    Path | None, typer.Option(help="Model folder; else CLIP, or a stand-in where CLIP can't be had.")
]
LiveStack = Annotated[str, typer.Option(help="Name of a deployed stack, or the ready file of a local one.")]
Port = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Port on the loopback interface; else a free one.")
]


@app.command()
def export_model(
    source: Annotated[
        str, typer.Option(help="clip-ViT-B-32, a folder that holds it, or efficientnet-lite0.")
    ],
    out: Annotated[Path, typer.Option(help="The model folder to make.")],
    precision: Annotated[Literal["fp32", "int8"], typer.Option(help="int8 is a quarter the size.")] = "fp32",
) -> None:
    """Make a model folder: the encoder as the functions run it, checked against its source."""
    from lookalike_tools.export import export_model

    description = export_model(source, precision, out)
    typer.echo(
        f"{out}: {description.model_id}, {description.dimension} dimensions; cosine similarity to its source "
        f"on {description.agreement.images} images: {description.agreement.cosine_worst:.6f} at worst"
    )


@app.command()
def local(
    ready_file: Annotated[
        Path | None, typer.Option(help="Written, as JSON, when the stack is ready.")
    ] = None,
    port: Port = None,
    model: Model = None,
) -> None:
    """Run the whole stack on this machine until it is interrupted: the real template on an emulated AWS."""
    from rich.console import Console

    from lookalike_tools.export.default_model import prepare_model
    from lookalike_tools.local import run_stack

    run_stack(model or prepare_model(Console(stderr=True)), port, ready_file)


@app.command()
def demo(
    photos: Annotated[
        Path | None, typer.Option(help="Your own photos, a folder for each type; else rendered parts.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path(".demo"),
) -> None:
    """From nothing to recognised photos: model, stack, references, queries, and a contact sheet."""
    from lookalike_tools.commands.demo import run_demo

    run_demo(photos, out)


@app.command()
def evaluate(
    photos: Annotated[Path, typer.Argument(metavar="DIR", help="Holds a folder of photos for each type.")],
    model: Model = None,
    references: Annotated[int, typer.Option(min=1, help="Reference photos drawn of each type.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="How many times they are drawn.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Draw scores, trade-off and confusions: an .html or .png file.")
    ] = None,
) -> None:
    """How well each decision rule tells types apart: every photo is asked against every type."""
    from rich.console import Console

    from lookalike_tools.evaluation import evaluate
    from lookalike_tools.export.default_model import prepare_model

    evaluate(
        photos,
        model or prepare_model(Console(stderr=True)),
        references=references,
        repeats=repeats,
        as_json=as_json,
        report=report,
    )


@app.command()
def calibrate(
    types: Annotated[list[str] | None, typer.Argument(help="The types to calibrate; else all.")] = None,
    far: Annotated[
        float, typer.Option(min=0.00001, max=0.5, help="False accept rate that is wanted.")
    ] = 0.01,
    apply: Annotated[bool, typer.Option("--apply", help="Write the types' settings.")] = False,
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path(".calibration"),
    stack: LiveStack = "lookalike",
) -> None:
    """Choose each type's threshold for a false accept rate, from the photos that the stack has."""
    from lookalike_tools.commands.calibrate import calibrate_stack
    from lookalike_tools.live.stack import find_stack

    calibrate_stack(find_stack(stack), types or [], far, apply=apply, out=out)


@app.command("import")
def import_(
    photos: Annotated[Path, typer.Argument(metavar="DIR", help="Holds a folder of photos for each type.")],
    stack: LiveStack = "lookalike",
) -> None:
    """Put folders of photos into a stack, and wait until they are built; what is there already is skipped."""
    from lookalike_tools.commands.import_ import import_photos
    from lookalike_tools.live.stack import find_stack

    import_photos(find_stack(stack), photos)


@app.command()
def recognize(
    type_id: Annotated[str, typer.Argument(metavar="TYPE")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...")],
    append: Annotated[bool, typer.Option(help="Whether matches join the type's images.")] = True,
    stack: LiveStack = "lookalike",
) -> None:
    """Do these photos show an object of this type?"""
    from lookalike_tools.commands.recognize import recognize_photos
    from lookalike_tools.live.stack import find_stack

    if not recognize_photos(find_stack(stack), type_id, images, append=append):
        raise typer.Exit(1)


@app.command("types")
def types_(stack: LiveStack = "lookalike") -> None:
    """List the types of a stack."""
    from lookalike_tools.commands.recognize import print_types
    from lookalike_tools.live.stack import find_stack

    print_types(find_stack(stack))


@app.command()
def review(
    type_id: Annotated[str, typer.Argument(metavar="TYPE")],
    remove: Annotated[list[str] | None, typer.Option(help="Name of an image to remove.")] = None,
    out: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path(".review"),
    stack: LiveStack = "lookalike",
) -> None:
    """Look at the images that recognition appended to a type, and remove wrong ones."""
    from lookalike_tools.commands.review import review_type
    from lookalike_tools.live.stack import find_stack

    review_type(find_stack(stack), type_id, remove or [], out)


@app.command()
def rebuild(
    types: Annotated[list[str] | None, typer.Argument(help="The types to bring up to date.")] = None,
    all_types: Annotated[bool, typer.Option("--all", help="All types of the stack.")] = False,
    stack: LiveStack = "lookalike",
) -> None:
    """Bring types up to date, as after deploying another model, and show progress until they are."""
    from rich.progress import track

    from lookalike_tools.live.stack import find_stack
    from lookalike_tools.live.upkeep import list_types, rebuild_types

    if bool(types) == all_types:
        raise typer.BadParameter("name the types to rebuild, or give --all")
    live = find_stack(stack)
    wanted = types or list_types(live)
    for _ in track(rebuild_types(live, wanted), description="rebuilding", total=len(wanted)):
        pass


@app.command()
def redrive(stack: LiveStack = "lookalike") -> None:
    """Give messages that failed time and again another chance, once their cause is mended."""
    from lookalike_tools.commands.redrive import redrive
    from lookalike_tools.live.stack import find_stack

    live = find_stack(stack)
    moved = redrive(live.client("sqs"), live.dead_letter_queue_url, live.queue_url)
    typer.echo(f"dead letters moved back to the queue: {moved}")


@app.command()
def remove_old_encodings(
    stack: LiveStack = "lookalike",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the encodings of models that are no longer deployed; images stay."""
    from lookalike_tools.live.stack import find_stack
    from lookalike_tools.live.upkeep import old_models, remove_encodings

    live = find_stack(stack)
    models = old_models(live)
    if not models:
        typer.echo("There are no encodings but those of the model that is running.")
    for model_id in models:
        if yes or typer.confirm(f"Remove all encodings by {model_id}?"):
            typer.echo(f"encodings of {remove_encodings(live, model_id)} types by {model_id} removed")


@app.command()
def bench(
    out: Annotated[Path, typer.Option(help="Where models, figures and the picture go.")] = Path(".bench"),
) -> None:
    """Measure speed and memory next to what people would use instead; takes some minutes."""
    from lookalike_tools.bench.benchmark import run_bench

    run_bench(out)


def main() -> None:
    """Run the command; an error that has a message for people is one line, not a traceback."""
    try:
        app()
    except LookalikeError as error:
        typer.secho(f"lookalike: {error}", fg="red", err=True)
        sys.exit(1)
