"""From a data set's file to its results in a folder, and to the page of the documentation."""

import sys
from collections.abc import Mapping
from pathlib import Path

from evaluation.collection import Collection
from evaluation.contenders import contenders
from evaluation.dataset import Dataset
from evaluation.measuring import NDCG, ask_all, differences, measures, summarise
from evaluation.plot import draw
from evaluation.report import Results, as_json, markdown
from evaluation.system import running_system

CHECKOUT = Path(__file__).parents[1]
SHIPPED = [CHECKOUT / "evaluation" / "datasets" / f"{name}.json" for name in ("phone", "samples")]
PAGE = CHECKOUT / "docs" / "evaluation.md"
_BEGIN, _END = "<!-- results: make eval -->", "<!-- end of results -->"
PLACES = 5
"""That precision and recall look at, unless somebody says otherwise."""
SEARCH_TYPES = ("bm25", "vector", "hybrid")


def evaluate(
    file: Path, keys: Mapping[str, str], out: Path, *, k: int, agentic: bool = False, baselines: bool = True
) -> str:
    """Measure, write everything to a folder of the data set's name in `out`, and return the report.

    Raises `evaluation.dataset.DatasetError`.
    """
    results = measure(Dataset.read(file), keys, k=k, agentic=agentic, baselines=baselines)
    folder = out / results.dataset.name
    folder.mkdir(parents=True, exist_ok=True)
    report = markdown(results, "plot.svg")
    (folder / "report.md").write_text(report, encoding="utf-8")
    (folder / "results.json").write_text(as_json(results), encoding="utf-8")
    draw(results, folder / "plot.svg")
    _say(f"written to {folder}")
    return report


def document(keys: Mapping[str, str], out: Path) -> None:
    """Measure the data sets of the repository, and write their results into the documentation too."""
    for file in SHIPPED:
        evaluate(file, keys, out, k=PLACES)
    write_page(out)


def write_page(out: Path) -> None:
    """Put what has been written to `out` about the data sets of the repository into the documentation."""
    reports: list[str] = []
    for name in (file.stem for file in SHIPPED):
        plot = f"images/evaluation-{name}.svg"
        reports.append(
            (out / name / "report.md").read_text(encoding="utf-8").strip().replace("](plot.svg)", f"]({plot})")
        )
        (PAGE.parent / plot).write_bytes((out / name / "plot.svg").read_bytes())
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text("\n\n".join([f"{before}{_BEGIN}", *reports, f"{_END}{after}"]), encoding="utf-8")
    _say(f"written to {PAGE.relative_to(CHECKOUT)}")


def measure(dataset: Dataset, keys: Mapping[str, str], *, k: int, agentic: bool, baselines: bool) -> Results:
    """Ask everything of a system that is started for it, and ended."""
    _say("starting database and models")
    with running_system(keys, reads_images=bool(dataset.images)) as system:
        collection = Collection(system)
        _say(f"adding {len(dataset.documents)} documents and {len(dataset.images)} images")
        collection.fill(dataset)
        search_types = (*SEARCH_TYPES, "agentic") if agentic else SEARCH_TYPES
        compared = [each for each in contenders(collection, search_types) if baselines or not each.baseline]
        outcomes = ask_all(dataset.queries, compared, k, _say)
        return Results(
            dataset=dataset,
            embedding=system.embedding,
            looking=system.looking if dataset.images else None,
            measures=measures(k),
            summaries=summarise(outcomes, compared),
            differences=differences(outcomes, "hybrid", NDCG),
            outcomes=outcomes,
        )


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
