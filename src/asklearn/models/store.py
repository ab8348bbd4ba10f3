"""Models kept on disk by skops, never by pickle: the file's name is its checksum."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from typing import Any

from asklearn.errors import MissingExtra, ModelError
from asklearn.features.store import written

# What skops does not trust by itself though scikit-learn's own models, and ours, consist of it.
TRUSTED = frozenset(
    {
        "asklearn.models.auto.Auto",
        "asklearn.models.calibrated.Calibrated",
        "asklearn.models.dense.Dense",
        "asklearn.models.each.Each",
        "asklearn.models.regression.Gauss",
        "asklearn.models.regression.Ranged",
        "asklearn.models.tagger.Tagger",
        "scipy.sparse._csr.csr_array",
        "scipy.sparse._csr.csr_matrix",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)
NAME = re.compile(r"[0-9a-f]{64}\.skops")


def save(model: Any, folder: Path) -> str | None:
    """The name of the model's file; None, and no file, for a model that holds anything not trusted."""
    skops = _skops()
    try:
        body = skops.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    except skops.exceptions.UnsupportedTypeException:
        return None
    if not TRUSTED.issuperset(skops.get_untrusted_types(data=body)):
        return None
    name = hashlib.sha256(body).hexdigest() + ".skops"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / name).is_file():
        with written(folder / name) as file:
            file.write(body)
    return name


def load(folder: Path, artifact: str) -> Any:
    """The model in the file; the file is read once, and what was checked is what is loaded."""
    if not NAME.fullmatch(artifact):
        raise ModelError(f"{artifact!r} is no stored model; its name is 64 hexadecimal digits and .skops")
    try:
        body = (folder / artifact).read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"the model {artifact} is not in {folder}; learn again to make another") from error
    if hashlib.sha256(body).hexdigest() + ".skops" != artifact:
        raise ModelError(f"the model {folder / artifact} is damaged: its checksum differs; learn again")
    skops = _skops()
    strange = sorted(set(skops.get_untrusted_types(data=body)) - TRUSTED)
    if strange:
        raise ModelError(
            f"the model {folder / artifact} holds a {strange[0]}, which is not trusted; learn again"
        )
    return skops.loads(body, trusted=sorted(TRUSTED))


def _skops() -> Any:
    try:
        import skops.io
        import skops.io.exceptions
    except ModuleNotFoundError as error:
        raise MissingExtra("keeping models", "app") from error
    return skops.io
