"""The image networks have the sizes, counts and receptive fields that their papers and docstrings state."""

import pytest
import torch

from advisor.architectures._training import seeded
from advisor.architectures.cnn import ImageCNN


@pytest.fixture(autouse=True)
def _torch_seed():
    with seeded(0, torch.device("cpu")):
        yield


@pytest.mark.parametrize(
    ("layout", "sizes"),
    [((8, 8, 1), [8, 4]), ((28, 28, 1), [28, 14, 7]), ((32, 32, 3), [32, 16, 8, 4]), ((12, 40, 2), [12, 6])],
)
def test_image_sizes_halve_while_channels_double(layout, sizes):
    net = ImageCNN(layout, width=4, dropout=0.0, n_outputs=2).eval()
    x, seen = torch.randn(1, *layout).permute(0, 3, 1, 2), []
    for layer in net.layers:
        x = layer(x)
        if not seen or x.shape[2] != seen[-1][1]:
            seen.append((x.shape[1], x.shape[2]))
        else:
            seen[-1] = (x.shape[1], x.shape[2])
    assert [size for _, size in seen] == sizes
    assert [channels for channels, _ in seen] == [4 * 2**i for i in range(len(sizes))]
