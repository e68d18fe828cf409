"""Record what published networks are, from their authors' own code: names and shapes of weights, and some results.

The originals are not part of photochrom. Get them, and run this beside them:

    git clone https://github.com/richzhang/colorization zhang && git -C zhang checkout 4f6009e
    git clone https://github.com/piddnad/DDColor ddcolor && git -C ddcolor checkout 2adb63f
    git clone https://github.com/jantic/DeOldify deoldify && git -C deoldify checkout 5f86c28
    pip download --no-deps torchvision==0.29.1
    unzip torchvision-*.whl torchvision/models/resnet.py -d torchvision
    python scripts/record_published.py .

It writes tests/models/published/: for each architecture a JSON file of names and shapes, and an .npz file of what
the original gives for the formula of tests/published_weights.py: a, b of every third pixel of a plane of 64×96.
DDColor and DeOldify take sRGB: the grey of each lightness. DeOldify gives sRGB: its a, b are scikit-image's, after
DeOldify's own post-processing, which takes the luma of the photo.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import types
import typing
from collections import namedtuple
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import numpy as np
import torch
from skimage.color import rgb2lab
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from published_weights import ARCHITECTURES, RECORDS, a_lightness, random_weights, some_hints

Original = tuple[nn.Module, Callable[[nn.Module, np.ndarray], torch.Tensor]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("originals", type=Path, help="folder that holds zhang, ddcolor, deoldify and torchvision")
    parser.add_argument("--only", nargs="*", default=ARCHITECTURES, choices=ARCHITECTURES)
    arguments = parser.parse_args()
    RECORDS.mkdir(parents=True, exist_ok=True)
    for architecture in arguments.only:
        began = time.monotonic()
        network, run = original(architecture, arguments.originals)
        shapes = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
        (RECORDS / f"{architecture}.json").write_text(json.dumps(shapes, indent=0) + "\n")
        load_random(network)
        with torch.no_grad():
            ab = np.asarray(run(network, a_lightness(64, 96)))
        np.savez_compressed(RECORDS / f"{architecture}.npz", ab=ab[..., ::3, ::3].astype(np.float32))
        count = sum(parameter.numel() for parameter in network.parameters())
        print(
            f"{architecture}: {len(shapes)} names, {count:,} parameters, "
            f"a, b {ab.std():.1f} around {ab.mean():.1f}, at most {np.abs(ab).max():.0f}; "
            f"{time.monotonic() - began:.0f} s"
        )


def load_random(network: nn.Module) -> None:
    """Give a network the weights of the formula, strictly."""
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    network.load_state_dict({name: torch.from_numpy(array) for name, array in random_weights(shapes).items()})
    network.eval()


def original(architecture: str, folder: Path) -> Original:
    """Make the authors' network of an architecture, and what gives its a, b [1,2,H,W] for a lightness."""
    family = architecture.partition("-")[0]
    if family == "ddcolor":
        return _ddcolor(architecture, folder / "ddcolor")
    if family == "deoldify":
        return _deoldify(architecture, folder)
    return _zhang(architecture, folder / "zhang")


def _zhang(architecture: str, folder: Path) -> Original:
    sys.modules["IPython"] = _stub("IPython", embed=None)
    package = types.ModuleType("colorizers")
    package.__path__ = [str(folder / "colorizers")]
    sys.modules["colorizers"] = package
    module = importlib.import_module(f"colorizers.{architecture}")

    def run(network: nn.Module, lightness: np.ndarray) -> torch.Tensor:
        if architecture == "eccv16":
            return network(torch.from_numpy(lightness))
        hints = torch.from_numpy(some_hints(*lightness.shape[2:]))
        return network(torch.from_numpy(lightness), hints[:, :2], hints[:, 2:])

    return getattr(module, architecture)(pretrained=False), run


def _ddcolor(architecture: str, folder: Path) -> Original:
    sys.path.insert(0, str(folder))
    for name in ("cv2", "basicsr"):
        sys.modules.setdefault(name, _stub(name))
    sys.modules["basicsr"].__path__ = [str(folder / "basicsr")]
    archs = sys.modules.setdefault("basicsr.archs", _stub("basicsr.archs"))
    archs.__path__ = [str(folder / "basicsr" / "archs")]
    ddcolor = sys.modules.setdefault("ddcolor", _stub("ddcolor"))
    ddcolor.__path__ = [str(folder / "ddcolor")]
    module = importlib.import_module("ddcolor.model")
    # The options are those of the authors' build_ddcolor_model.
    network = module.DDColor(
        encoder_name="convnext-t" if architecture == "ddcolor-tiny" else "convnext-l",
        input_size=[64, 64], num_output_channels=2, last_norm="Spectral", do_normalize=False,
        num_queries=100, num_scales=3, dec_layers=9,
    )  # fmt: skip
    return network, lambda network, lightness: network(torch.from_numpy(_grey_rgb(lightness)))


def _deoldify(architecture: str, folder: Path) -> Original:
    resnet = _torchvision_resnet(folder / "torchvision")
    unet = _deoldify_unet(folder / "deoldify")
    wide = architecture == "deoldify-stable"
    trunk = (resnet.resnet101 if wide else resnet.resnet34)(weights=None)
    network = (unet.DynamicUnetWide if wide else unet.DynamicUnetDeep)(
        nn.Sequential(*list(trunk.children())[:-2]), n_classes=3, blur=True, blur_final=True, self_attention=True,
        y_range=(-3.0, 3.0), norm_type=sys.modules["fastai.layers"].NormType.Spectral, last_cross=True,
        bottle=False, nf_factor=2 if wide else 1.5,
    )  # fmt: skip
    mean, std = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def run(network: nn.Module, lightness: np.ndarray) -> torch.Tensor:
        grey = torch.from_numpy(_grey_rgb(lightness))
        rgb = (network((grey - mean) / std) * std + mean).clamp(0, 1)[0]
        # OpenCV's RGB to YUV and back, with the photo's Y; https://docs.opencv.org, color conversions.
        luma = torch.tensor((0.299, 0.587, 0.114)) @ rgb.flatten(1)
        u, v = 0.492 * (rgb[2].flatten() - luma), 0.877 * (rgb[0].flatten() - luma)
        y = grey[0, 0].flatten()
        blue, red = y + u / 0.492, y + v / 0.877
        green = (y - 0.299 * red - 0.114 * blue) / 0.587
        merged = torch.stack([red, green, blue], 1).clamp(0, 1).reshape(*lightness.shape[2:], 3)
        return torch.from_numpy(rgb2lab(merged.double().numpy())[..., 1:].transpose(2, 0, 1)[None])

    return network, run


def _grey_rgb(lightness: np.ndarray) -> np.ndarray:
    """Turn lightness [1,1,H,W] into grey sRGB [1,3,H,W], 0..1, by the textbook (CIE 15:2004, IEC 61966-2-1)."""
    light = lightness.astype(np.float64)
    luminance = np.where(light > 8, ((light + 16) / 116) ** 3, light * 27 / 24389)
    grey = np.where(luminance > 0.0031308, 1.055 * luminance ** (1 / 2.4) - 0.055, 12.92 * luminance)
    return np.repeat(grey, 3, 1).astype(np.float32)


def _torchvision_resnet(folder: Path) -> types.ModuleType:
    """Load torchvision's ResNet from its file alone; the rest of torchvision is not needed."""

    class Anything:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        IMAGENET1K_V1 = DEFAULT = None

    def unchanged(*_: object, **__: object) -> Callable[[object], object]:
        return lambda function: function

    made = {
        "torchvision": {},
        "torchvision.models": {},
        "torchvision.transforms": {},
        "torchvision.transforms._presets": {"ImageClassification": Anything},
        "torchvision.utils": {"_log_api_usage_once": lambda _: None},
        "torchvision.models._api": {
            "register_model": unchanged,
            "Weights": Anything,
            "WeightsEnum": _weights_enum(),
        },
        "torchvision.models._meta": {"_IMAGENET_CATEGORIES": []},
        "torchvision.models._utils": {"_ovewrite_named_param": None, "handle_legacy_interface": unchanged},
    }
    for name, content in made.items():
        sys.modules[name] = _stub(name, **content)
    path = next(folder.rglob("resnet.py"))
    return _load("torchvision.models.resnet", path)


def _weights_enum() -> type:
    class WeightsEnum:
        @classmethod
        def verify(cls, weights: object) -> None:
            return None

    return WeightsEnum


def _deoldify_unet(folder: Path) -> types.ModuleType:
    """Load DeOldify's U-Net and fastai's layers and hooks from their files; the rest of fastai is not needed."""

    class PrePostInit(type):
        def __call__(
            cls, *arguments: object, **options: object
        ) -> object:  # fastai's modules call no super().__init__
            made = cls.__new__(cls)
            nn.Module.__init__(made)
            cls.__init__(made, *arguments, **options)
            return made

    class Module(nn.Module, metaclass=PrePostInit):
        def __init__(self) -> None:
            pass

    def init_default(layer: nn.Module, init: Callable | None = None) -> nn.Module:
        return layer

    def if_none(value: object, other: object) -> object:
        return other if value is None else value

    names: dict[str, object] = {name: getattr(typing, name) for name in typing.__all__}
    hints = "LayerFunc LambdaFunc Sizes SplitFuncOrIdxList HookFunc Tensors Rank0Tensor"
    names |= dict.fromkeys(hints.split(), typing.Any)
    names |= {
        "torch": torch, "nn": nn, "F": nn.functional, "np": np, "Tensor": torch.Tensor, "Module": Module,
        "Enum": Enum,
        "tensor": torch.tensor, "spectral_norm": nn.utils.spectral_norm, "weight_norm": nn.utils.weight_norm,
        "init_default": init_default, "ifnone": if_none, "in_channels": _in_channels,
        "one_param": lambda module: next(module.parameters()), "is_listy": lambda x: isinstance(x, (tuple, list)),
        "namedtuple": namedtuple, "Learner": type("Learner", (), {}), "LearnerCallback": object,
    }  # fmt: skip
    sys.modules["fastai"] = _stub("fastai")
    sys.modules["fastai.callbacks"] = _stub("fastai.callbacks")
    for name in ("torch_core", "callback", "basic_train", "basic_data", "vision"):
        module = _stub(f"fastai.{name}", **names)
        module.__all__ = list(names)
        sys.modules[f"fastai.{name}"] = module
    _load("fastai.layers", folder / "fastai" / "layers.py")
    _load("fastai.callbacks.hooks", folder / "fastai" / "callbacks" / "hooks.py")
    sys.modules["deoldify"] = _stub("deoldify")
    layers = _load("deoldify.layers", folder / "deoldify" / "layers.py")
    layers.__all__ = [name for name in vars(layers) if not name.startswith("_")]
    return _load("deoldify.unet", folder / "deoldify" / "unet.py")


def _in_channels(module: nn.Module) -> int:
    return next(layer.weight.shape[1] for layer in module.modules() if isinstance(layer, nn.Conv2d))


def _stub(name: str, **content: object) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__path__ = []
    vars(module).update(content)
    return module


def _load(name: str, path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
