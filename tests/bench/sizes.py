"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """By part of the bench. What is repeated is repeated so often besides warming up."""

    image_path_megapixels: tuple[int, ...]
    image_path_repetitions: int
    import_repetitions: int
    removal_megapixels: tuple[int, ...]
    removal_seconds: tuple[float, ...]
    """What Hugging Face takes."""
    removal_pairs: int
    repeated_megapixels: int
    warm_calls: int
    batch_seconds: float
    """What Hugging Face takes."""
    batch_images: int
    warming_images: int
    noisy_images: int
    images_beside: int
    costed_images: int
    costed_seconds: float
    """What Hugging Face takes."""
    costed_batches: int
    page_visits: int
    load_seconds: float
    remembered_removals: int
    """After which a worker's memory is compared with what it was after a third of them."""
    remembered_megapixels: tuple[int, ...]
    zipped_images: int
    zipped_bytes: int
    """Of each image."""
    zip_repetitions: int


WHOLE = Sizes(
    image_path_megapixels=(12, 25, 50),
    image_path_repetitions=5,
    import_repetitions=9,
    removal_megapixels=(1, 12, 24),
    removal_seconds=(1.0, 5.0),
    removal_pairs=9,
    repeated_megapixels=12,
    warm_calls=300,
    batch_seconds=0.3,
    batch_images=500,
    warming_images=10,
    noisy_images=400,
    images_beside=3,
    costed_images=100,
    costed_seconds=5.0,
    costed_batches=3,
    page_visits=5,
    load_seconds=60.0,
    remembered_removals=300,
    remembered_megapixels=(1, 1, 12),
    zipped_images=500,
    zipped_bytes=5_000_000,
    zip_repetitions=3,
)

SMOKE = Sizes(
    image_path_megapixels=(1,),
    image_path_repetitions=1,
    import_repetitions=1,
    removal_megapixels=(1,),
    removal_seconds=(0.2,),
    removal_pairs=1,
    repeated_megapixels=1,
    warm_calls=6,
    batch_seconds=1.0,
    batch_images=4,
    warming_images=2,
    noisy_images=20,
    images_beside=1,
    costed_images=4,
    costed_seconds=0.1,
    costed_batches=1,
    page_visits=1,
    load_seconds=3.0,
    remembered_removals=30,
    remembered_megapixels=(1,),
    zipped_images=3,
    zipped_bytes=100_000,
    zip_repetitions=1,
)
"""Whether everything still runs; the figures mean nothing."""
