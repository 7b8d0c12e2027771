"""TabM computes what its paper says, with as many parameters as were published."""

import pytest
import torch
from torch.nn import functional

from advisor import architectures
from advisor.architectures._training import seeded


@pytest.fixture(autouse=True)
def _torch_seed():
    with seeded(0, torch.device("cpu")):
        yield


def tabm_ensemble(n_numbers=3, cardinalities=(4,), *, n_rows=50, **changes):
    from advisor.architectures.tabm import Ensemble

    sizes = {"n_members": 3, "n_layers": 2, "width": 5, "dropout": 0.0, "n_bins": 4, "embedding_size": 2}
    return Ensemble(torch.randn(n_rows, n_numbers), cardinalities, **{**sizes, "n_outputs": 2, **changes})


def test_tabm_has_the_published_number_of_parameters():
    """The count is that of the log that the authors published for California housing."""
    sizes = {"n_members": 32, "n_layers": 4, "width": 176, "n_bins": 98, "embedding_size": 24}
    net = tabm_ensemble(8, (), n_rows=500, n_outputs=1, **sizes)
    assert sum(p.numel() for p in net.parameters()) == 219_680


def test_tabm_learns_by_member_and_predicts_the_mean():
    net, numbers, codes = tabm_ensemble(), torch.randn(6, 3), torch.randint(0, 4, (6, 1))
    members, target = net(numbers, codes), torch.randint(0, 2, (6,))
    assert members.shape == (6, 3, 2)
    assert not torch.allclose(members[:, 0], members[:, 1])
    classifier = architectures.get("tabm").classifier
    losses = [functional.cross_entropy(members[:, j], target) for j in range(3)]
    torch.testing.assert_close(classifier._loss(members, target), sum(losses) / 3)
    weight = torch.rand(6)
    weighted = [
        (functional.cross_entropy(members[:, j], target, reduction="none") * weight).mean() for j in range(3)
    ]
    torch.testing.assert_close(classifier._loss(members, target, weight), sum(weighted) / 3)
    mean = members.softmax(dim=2).mean(dim=1)
    torch.testing.assert_close(net.eval()(numbers, codes).softmax(dim=1), mean)


def test_an_unseen_category_is_nothing_to_tabm():
    net = tabm_ensemble(1, (4, 3)).eval()
    first = net.net.backbone.blocks[0][0].weight
    assert first.shape[1] == 2 + 4 + 3
    assert not first[:, [2, 6]].any()
    assert first[:, [0, 1, 3, 4, 5, 7, 8]].all()
