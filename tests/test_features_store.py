"""Features of any pool: computed once, kept whole or not at all, found again without scikit-learn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from asklearn import features
from asklearn.errors import DataError
from asklearn.features import store
from asklearn.pool import of
from asklearn.pool.store import StoredPool
from asklearn.pool.store import create as create_pool

RNG = np.random.default_rng(0)
POOLS = {
    "text": [f"{word} number {i}" for i, word in enumerate(["good", "bad", "fine"] * 10)],
    "image": RNG.integers(0, 256, size=(30, 9, 7, 3), dtype=np.uint8),
    "table": pd.DataFrame({"size": RNG.normal(size=30), "kind": ["a", "b", "c"] * 10}),
    "array": RNG.normal(size=(30, 5)),
    "wide": RNG.normal(size=(30, 300)),
    "sparse": sparse.random_array((30, 40), density=0.3, format="csr", rng=RNG),
}


def dense(X):
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


@pytest.fixture(params=POOLS)
def pool(request):
    return of(POOLS[request.param])


def test_one_row_an_item_in_single_precision_the_same_every_time(pool):
    one, two = features.compute(pool), features.compute(pool)
    assert one.X.shape[0] == one.embedding.shape[0] == 30
    assert one.X.dtype == one.embedding.dtype == np.float32
    assert isinstance(one.embedding, np.ndarray)
    assert np.isfinite(dense(one.X)).all()
    assert np.isfinite(one.embedding).all()
    assert one.embedding.std(axis=0).max() > 0
    np.testing.assert_array_equal(dense(one.X), dense(two.X))
    np.testing.assert_array_equal(one.embedding, two.embedding)


def test_kept_features_are_the_same_and_encode_new_rows_alike(pool, tmp_path):
    computed = features.compute(pool)
    features.save(computed, tmp_path, pool.fingerprint)
    loaded = features.load(tmp_path, pool.fingerprint)
    assert loaded.how == computed.how
    np.testing.assert_array_equal(dense(loaded.X), dense(computed.X))
    np.testing.assert_array_equal(loaded.embedding, computed.embedding)
    some = pool.rows(pool.ids[3:8])
    X, embedding = loaded.encoder.encode(some)
    np.testing.assert_allclose(dense(X), dense(computed.X[3:8]), atol=1e-5)
    np.testing.assert_allclose(embedding, computed.embedding[3:8], atol=1e-5)
    np.testing.assert_array_equal(dense(loaded.encoder.transform(some)), dense(X))


def test_dense_parts_are_mapped_not_read(tmp_path):
    pool = of(POOLS["array"])
    features.save(features.compute(pool), tmp_path, pool.fingerprint)
    loaded = features.load(tmp_path, pool.fingerprint)
    assert isinstance(loaded.embedding, np.memmap)
    assert loaded.X is loaded.embedding  # kept once


def test_loading_needs_no_scikit_learn(tmp_path):
    for kind in ("text", "array"):
        features.save(features.compute(of(POOLS[kind])), tmp_path / kind, "f" * 64)
    code = (
        "import sys; from pathlib import Path; from asklearn import features\n"
        "for kind in ('text', 'array'): assert features.load(Path(sys.argv[1]) / kind, 'f' * 64).X.shape[0] == 30\n"
        "print({'sklearn', 'skops', 'pandas', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_of_another_pool_there_are_none(tmp_path):
    pool = of(POOLS["array"])
    features.save(features.compute(pool), tmp_path, pool.fingerprint)
    assert features.load(tmp_path, "0" * 64) is None
    assert features.load(tmp_path / "nowhere", pool.fingerprint) is None


@pytest.mark.parametrize("harm", ["cut", "flip", "remove"])
def test_damaged_features_count_as_none(tmp_path, harm):
    pool = of(POOLS["wide"])
    features.save(features.compute(pool), tmp_path, pool.fingerprint)
    for file in [*tmp_path.glob("*.npy"), *tmp_path.glob("*.skops")]:
        body = file.read_bytes()
        if harm == "remove":
            file.unlink()
        else:
            file.write_bytes(body[:-1] if harm == "cut" else body[:-1] + bytes([body[-1] ^ 1]))
        assert features.load(tmp_path, pool.fingerprint) is None
        file.write_bytes(body)
        assert features.load(tmp_path, pool.fingerprint) is not None


def test_a_broken_write_leaves_what_was_there(tmp_path, monkeypatch):
    pool = of(POOLS["wide"])
    computed = features.compute(pool)
    features.save(computed, tmp_path, pool.fingerprint)
    before = sorted(file.name for file in tmp_path.iterdir())

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        features.save(features.compute(of(POOLS["wide"][:20])), tmp_path, "0" * 64)
    assert sorted(file.name for file in tmp_path.iterdir()) == before
    assert features.load(tmp_path, pool.fingerprint).X.shape == (30, 300)


def test_a_pool_that_grew_leaves_nothing_of_its_old_features(tmp_path):
    pool = of(POOLS["wide"][:20].copy())
    features.save(features.compute(pool), tmp_path, pool.fingerprint)
    old = pool.fingerprint
    pool.add(POOLS["wide"][20:])
    features.save(features.compute(pool), tmp_path, pool.fingerprint)
    assert features.load(tmp_path, old) is None
    assert features.load(tmp_path, pool.fingerprint).X.shape == (30, 300)
    assert len(list(tmp_path.iterdir())) == 4  # X, embedding, encoder and the list of them


def test_a_pool_that_grew_can_be_encoded_as_before(pool):
    computed = features.compute(pool)
    again = features.compute(pool, encoder=computed.encoder)
    np.testing.assert_array_equal(again.embedding, computed.embedding)


def test_an_encoder_file_with_foreign_parts_is_not_read(tmp_path):
    import json

    import skops.io

    pool = of(POOLS["array"])
    features.save(features.compute(pool), tmp_path, pool.fingerprint)
    listing = next(tmp_path.glob("features-*.json"))
    body = skops.io.dumps(store.Path)
    foreign = tmp_path / (store.hashlib.sha256(body).hexdigest() + ".skops")
    foreign.write_bytes(body)
    listing.write_text(json.dumps(json.loads(listing.read_text()) | {"encoder": foreign.name}))
    loaded = features.load(tmp_path, pool.fingerprint)
    with pytest.raises(DataError, match="no part of an encoder"):
        _ = loaded.encoder


def test_an_empty_pool_has_none():
    with pytest.raises(DataError, match="the pool is empty"):
        features.compute(of([]))


def test_progress_is_told_to_the_last_row():
    told = []
    features.compute(of(np.zeros((4500, 2))), progress=lambda done, total: told.append((done, total)))
    assert told == [(2000, 4500), (4000, 4500), (4500, 4500)]


@pytest.mark.parametrize("kind", ["text", "image", "table", "array", "sparse"])
def test_a_stored_pool_has_the_features_of_the_same_rows_in_memory(kind, tmp_path):
    rows = POOLS[kind]
    create_pool(tmp_path, list(rows) if kind == "image" else rows)
    with StoredPool.open(tmp_path) as stored:
        there = features.compute(stored)
    np.testing.assert_allclose(there.embedding, features.compute(of(rows)).embedding, atol=1e-4)
