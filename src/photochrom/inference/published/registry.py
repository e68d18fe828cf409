"""The networks of others that photochrom runs: where their weights are, under which licence, how they are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["PUBLISHED", "Architecture", "Family", "PublishedNetwork"]

Family = Literal["zhang", "ddcolor", "deoldify"]
"""Who made it: networks of one family share their layers' definition."""

Architecture = Literal[
    "eccv16", "siggraph17", "ddcolor-tiny", "ddcolor-large", "deoldify-artistic", "deoldify-stable"
]
"""Which shipped graph it is: networks of one architecture differ in their weights only."""


@dataclass(frozen=True)
class PublishedNetwork:
    """One file of weights that others published.

    Attributes:
        name: what users call it.
        family: who made it.
        architecture: name of the shipped graph that its weights fill.
        description: one sentence.
        license: SPDX identifier of the weights' licence.
        urls: where the file is, the best first.
        sha256: of the file, lower-case hexadecimal.
        size: of the file in bytes; approximate where `size_is_exact` is False.
        paper: where the method is described.
        repository: of the authors' code.
        input_size: side in pixels of the square whose area the network works at, as the authors use it.
        preprocessing: what the authors do to a photo, and the network file does inside.
        takes_hints: whether it takes colour points.
        size_is_exact: whether a file of another size cannot be the one.
    """

    name: str
    family: Family
    architecture: Architecture
    description: str
    license: str
    urls: tuple[str, ...]
    sha256: str
    size: int
    paper: str
    repository: str
    input_size: int
    preprocessing: str
    takes_hints: bool = False
    size_is_exact: bool = True

    @property
    def inputs(self) -> tuple[Literal["lightness", "hints"], ...]:
        """Names of the inputs that its network file takes, as in a card."""
        return ("lightness", "hints") if self.takes_hints else ("lightness",)

    @property
    def file_name(self) -> str:
        """The file's name as its authors gave it."""
        return self.urls[0].rpartition("/")[2]


_S3 = "https://colorizers.s3.us-east-2.amazonaws.com"
_HUGGING_FACE = "https://huggingface.co"
_DEEPAI = "https://data.deepai.org/deoldify"

_ZHANG_2016 = "Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016, https://arxiv.org/abs/1603.08511"
_ZHANG_2017 = (
    "Zhang, Zhu, Isola, Geng, Lin, Yu, Efros: Real-Time User-Guided Image Colorization with Learned Deep Priors, "
    "SIGGRAPH 2017, https://arxiv.org/abs/1705.02999"
)
_DDCOLOR = (
    "Kang, Yang, Ouyang, Ren, Li, Xie: DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders, "
    "ICCV 2023, https://arxiv.org/abs/2212.11613"
)
_DEOLDIFY = "Antic: DeOldify, 2018-2019, https://github.com/jantic/DeOldify (no paper)"

_ZHANG_CODE = "https://github.com/richzhang/colorization"
_DDCOLOR_CODE = "https://github.com/piddnad/DDColor"
_DEOLDIFY_CODE = "https://github.com/jantic/DeOldify"

_FROM_L = "lightness as (L - 50) / 100; a, b as the output × 110"
_FROM_GREY = "lightness as grey sRGB, normalized as ImageNet's photos; a, b as the output"
_FROM_GREY_TO_RGB = (
    "lightness as grey sRGB, normalized as ImageNet's photos; the output's colours as sRGB of the photo's own luma"
)

_NETWORKS = (
    PublishedNetwork(
        name="eccv16",
        family="zhang",
        architecture="eccv16",
        description="The classic of 2016: a distribution over 313 colours; vivid, coarse.",
        license="BSD-2-Clause",
        urls=(f"{_S3}/colorization_release_v2-9b330a0b.pth",),
        sha256="9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
        size=129_000_000,
        size_is_exact=False,
        paper=_ZHANG_2016,
        repository=_ZHANG_CODE,
        input_size=256,
        preprocessing=_FROM_L,
    ),
    PublishedNetwork(
        name="siggraph17",
        family="zhang",
        architecture="siggraph17",
        description="Takes colour points; without them it is careful.",
        license="BSD-2-Clause",
        urls=(f"{_S3}/siggraph17-df00044c.pth",),
        sha256="df00044c0a4d7c3edcecf6f75437ce346a66e7a42612d9b968e1a7e17dbc6f66",
        size=137_000_000,
        size_is_exact=False,
        paper=_ZHANG_2017,
        repository=_ZHANG_CODE,
        input_size=256,
        preprocessing=f"{_FROM_L}; hints as a, b / 110 and a mask of 0 or 1",
        takes_hints=True,
    ),
    PublishedNetwork(
        name="ddcolor-tiny",
        family="ddcolor",
        architecture="ddcolor-tiny",
        description="DDColor on ConvNeXt-T: the small one.",
        license="Apache-2.0",
        urls=(f"{_HUGGING_FACE}/piddnad/ddcolor_paper_tiny/resolve/main/pytorch_model.bin",),
        sha256="8a1277bc90a1bfbb6d2d83933a9a6bc821931879ca93e26e4fcec12165d41fce",
        size=220_000_000,
        size_is_exact=False,
        paper=_DDCOLOR,
        repository=_DDCOLOR_CODE,
        input_size=512,
        preprocessing=_FROM_GREY,
    ),
    PublishedNetwork(
        name="ddcolor",
        family="ddcolor",
        architecture="ddcolor-large",
        description="DDColor on ConvNeXt-L, the weights that ModelScope serves: the best all-round colours.",
        license="Apache-2.0",
        urls=(f"{_HUGGING_FACE}/piddnad/ddcolor_modelscope/resolve/main/pytorch_model.bin",),
        sha256="d81711971ec59200da26d5e8a1afae8dd3778d495ea8ad7a7dadc769f403f7e7",
        size=911_914_869,
        paper=_DDCOLOR,
        repository=_DDCOLOR_CODE,
        input_size=512,
        preprocessing=_FROM_GREY,
    ),
    PublishedNetwork(
        name="ddcolor-artistic",
        family="ddcolor",
        architecture="ddcolor-large",
        description="DDColor on ConvNeXt-L, trained on artistic pictures too and without a loss for colorfulness.",
        license="Apache-2.0",
        urls=(f"{_HUGGING_FACE}/piddnad/ddcolor_artistic/resolve/main/pytorch_model.bin",),
        sha256="5a076e84efce59848394f572a105f7b78f7f6e917f615d1ee88537241b96dca3",
        size=911_914_869,
        paper=_DDCOLOR,
        repository=_DDCOLOR_CODE,
        input_size=512,
        preprocessing=_FROM_GREY,
    ),
    PublishedNetwork(
        name="deoldify-artistic",
        family="deoldify",
        architecture="deoldify-artistic",
        description="DeOldify on ResNet-34: the most vivid of the three; more parts stay grey.",
        license="MIT",
        urls=(f"{_DEEPAI}/ColorizeArtistic_gen.pth",),
        sha256="3f750246fa220529323b85a8905f9b49c0e5d427099185334d048fb5b5e22477",
        size=255_144_681,
        paper=_DEOLDIFY,
        repository=_DEOLDIFY_CODE,
        input_size=560,
        preprocessing=_FROM_GREY_TO_RGB,
    ),
    PublishedNetwork(
        name="deoldify-stable",
        family="deoldify",
        architecture="deoldify-stable",
        description="DeOldify on ResNet-101: best for landscapes and portraits; fewer parts stay grey.",
        license="MIT",
        urls=(
            f"{_HUGGING_FACE}/spensercai/DeOldify/resolve/main/ColorizeStable_gen.pth",
            "https://www.dropbox.com/s/axsd2g85uyixaho/ColorizeStable_gen.pth?dl=1",
        ),
        sha256="ca9cd7f43fb8b222c9a70f7b292e305a000694b0ff9d2ae4a6747b1a2e1ee5af",
        size=874_066_230,
        paper=_DEOLDIFY,
        repository=_DEOLDIFY_CODE,
        input_size=560,
        preprocessing=_FROM_GREY_TO_RGB,
    ),
    PublishedNetwork(
        name="deoldify-video",
        family="deoldify",
        architecture="deoldify-stable",
        description="DeOldify on ResNet-101 for film: consistent from frame to frame, less colourful.",
        license="MIT",
        urls=(f"{_DEEPAI}/ColorizeVideo_gen.pth",),
        sha256="e3d98bb6a222354c79f95485c2f078a89dc724e9183662506d9e0f5aafac83ad",
        size=874_066_230,
        paper=_DEOLDIFY,
        repository=_DEOLDIFY_CODE,
        input_size=336,
        preprocessing=_FROM_GREY_TO_RGB,
    ),
)

PUBLISHED: dict[str, PublishedNetwork] = {network.name: network for network in _NETWORKS}
"""The published networks by name."""
