"""The networks for tables compute what their papers say, with as many parameters as were published."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from advisor import architectures
from advisor.architectures._blocks import FEW_TOKENS, GLU, attend
from advisor.architectures._training import Recipe, _groups, seeded, train
from advisor.architectures.ft_transformer import Block, FTTransformer, Tokenizer
from advisor.architectures.resnet import Residual, ResNet
from advisor.architectures.saint import Saint, Stage, Tokens
from advisor.errors import InputError

ADULT = tuple(n + 1 for n in (9, 16, 7, 15, 6, 5, 2, 42))  # categories of the Adult data, and unseen
NO_DROPOUT = {"attention_dropout": 0.0, "ffn_dropout": 0.0, "residual_dropout": 0.0}


@pytest.fixture(autouse=True)
def _torch_seed():
    with seeded(0, torch.device("cpu")):
        yield


def count(module):
    return sum(p.numel() for p in module.parameters())


def numpy_of(*tensors):
    return [t.detach().double().numpy() for t in tensors]


def linear(x, layer):
    weight, bias = numpy_of(layer.weight, torch.zeros(1) if layer.bias is None else layer.bias)
    return x @ weight.T + bias


def layer_norm(x, layer):
    weight, bias = numpy_of(layer.weight, layer.bias)
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + layer.eps) * weight + bias


def attention(q, k, v, n_heads):
    """Heads one by one, for one row: (T, d), (S, d), (S, d) -> (T, d)."""
    parts = []
    for a, b, c in zip(*(np.split(t, n_heads, axis=1) for t in (q, k, v))):
        scores = np.exp(a @ b.T / np.sqrt(a.shape[1]))
        parts.append(scores / scores.sum(axis=1, keepdims=True) @ c)
    return np.hstack(parts)


def gated(x, gate):
    a, b = np.split(x, 2, axis=-1)
    return a * gate(b)


def relu(x):
    return np.maximum(x, 0)


def gelu(x):
    return functional.gelu(torch.as_tensor(x)).numpy()


# --- what they share


@pytest.mark.parametrize("n_tokens", [5, FEW_TOKENS + 1])
def test_attention_is_the_softmax_of_scaled_products_in_each_head(n_tokens):
    q, k, v = torch.randn(2, 3, 8), torch.randn(2, n_tokens, 8), torch.randn(2, n_tokens, 8)
    expected = [attention(*numpy_of(*row), n_heads=4) for row in zip(q, k, v)]
    np.testing.assert_allclose(attend(q, k, v, n_heads=4), expected, atol=1e-6)


def test_attention_dropout_keeps_the_expectation():
    q, k, v = torch.randn(1, 1, 4), torch.randn(1, 6, 4), torch.randn(1, 6, 4)
    many = (t.expand(10_000, -1, -1) for t in (q, k, v))
    mean = attend(*many, n_heads=1, dropout=0.5).mean(dim=0, keepdim=True)
    torch.testing.assert_close(mean, attend(q, k, v, n_heads=1), atol=0.04, rtol=0)


@pytest.mark.parametrize(("gate", "function"), [("relu", relu), ("gelu", gelu)])
def test_gated_linear_unit(gate, function):
    x = torch.randn(4, 6)
    np.testing.assert_allclose(GLU(gate)(x), gated(x.numpy(), function), atol=1e-6)


class Spared(nn.Linear):
    def decays(self, name):
        return name != "bias"


def test_weights_that_a_module_spares_do_not_decay():
    module = Spared(2, 1)
    before = [p.detach().clone() for p in module.parameters()]
    recipe = Recipe(max_epochs=3, patience=9, batch_size=4, learning_rate=0.1, weight_decay=1.0)
    target = torch.zeros(12)
    half = np.arange(6)
    scores = iter([3.0, 2.0, 1.0])  # the last weights are the best

    def flat(output, _):
        return output.sum() * 0 if module.training else output.sum() * 0 + next(scores)

    train(
        module, (torch.ones(12, 2),), target, loss=flat, rows=half, validation=half + 6, recipe=recipe, seed=0
    )
    assert (module.weight.abs() < before[0].abs()).all()
    assert torch.equal(module.bias, before[1])


@pytest.mark.parametrize("name", ["resnet", "ft_transformer", "saint"])
def test_numbers_enter_normal_by_their_quantiles(name):
    rng = np.random.default_rng(0)
    X = np.exp(2 * rng.normal(size=(500, 2)))  # skewness about 400
    estimator = architectures.get(name).make("regression", max_epochs=1).fit(X, X[:, 0])
    numbers = estimator._inputs(X, torch.device("cpu"))[0].numpy()
    assert np.abs(np.mean(numbers**3, axis=0)).max() < 0.05
    np.testing.assert_allclose(np.quantile(numbers[:, 0], [0.16, 0.5, 0.84]), [-1, 0, 1], atol=0.05)


# --- ResNet


RESNET = {"hidden_dropout": 0.5, "residual_dropout": 0.5}


@pytest.mark.parametrize(("norm", "activation"), [("batch", "relu"), ("batch", "reglu"), ("layer", "relu")])
def test_residual_block_equals_the_equation(norm, activation):
    block, x = Residual(4, 6, norm=norm, activation=activation, **RESNET), torch.randn(8, 4)
    first = block.layers[0]
    if norm == "batch":
        first.running_mean.normal_()
        first.running_var.uniform_(0.5, 2)
    first.weight.data.normal_()
    first.bias.data.normal_()
    rows = x.double().numpy()
    if norm == "layer":
        z = layer_norm(rows, first)
    else:
        mean, variance, weight, bias = numpy_of(
            first.running_mean, first.running_var, first.weight, first.bias
        )
        z = (rows - mean) / np.sqrt(variance + first.eps) * weight + bias
    z = linear(z, block.layers[1])
    z = linear(gated(z, relu) if activation == "reglu" else relu(z), block.layers[4])
    np.testing.assert_allclose(block.eval()(x).detach(), rows + z, atol=1e-5)


def test_resnet_has_the_published_number_of_parameters():
    """The counts are those of the logs that the authors published, without a code for unseen categories."""
    settings = {"activation": "relu", "norm": "batch", "n_outputs": 1, **RESNET}
    california = ResNet(
        8, (), embedding_size=1, n_blocks=3, width=168, hidden=int(168 * 2.983041), **settings
    )
    assert count(california) == 510_040
    adult = ResNet(
        6, ADULT, embedding_size=348, n_blocks=8, width=339, hidden=int(339 * 3.825346), **settings
    )
    assert count(adult) - 8 * 348 == 8_030_671
    settings = {**settings, "activation": "reglu", "n_outputs": 4}
    net = ResNet(5, (4, 7), embedding_size=8, n_blocks=3, width=10, hidden=15, **settings)
    d, codes, e, w, n, h, o = 5 + 2 * 8, 11, 8, 10, 3, 15, 4
    blocks = n * (2 * w + 2 * h * (w + 1) + (h + 1) * w)
    assert count(net) == e * codes + (d + 1) * w + blocks + 2 * w + (w + 1) * o


@pytest.mark.parametrize("setting", ["norm", "activation"])
def test_an_unknown_part_of_the_resnet_is_refused(setting):
    with pytest.raises(InputError, match=f"{setting} must be"):
        architectures.get("resnet").make("regression", **{setting: "new"}).fit(np.eye(4), np.arange(4.0))


# --- FT-Transformer


def ft_transformer(n_numbers=3, cardinalities=(4, 5), **changes):
    sizes = {"n_blocks": 2, "size": 8, "hidden": 6, "n_heads": 2, "n_outputs": 2, **NO_DROPOUT, **changes}
    return FTTransformer(n_numbers, cardinalities, **sizes).eval()


def test_tokens_are_weighted_columns():
    tokenizer = Tokenizer(2, (4,), size=3)
    numbers, codes = torch.randn(5, 2), torch.tensor([[1], [2], [3], [0], [1]])
    tokens = tokenizer(numbers, codes).detach()
    assert tokens.shape == (5, 4, 3)
    for row in range(5):
        torch.testing.assert_close(tokens[row, 0], tokenizer.cls)
        for j in range(2):
            expected = numbers[row, j] * tokenizer.weight[j] + tokenizer.bias[j]
            torch.testing.assert_close(tokens[row, 1 + j], expected)
        vector = tokenizer.embedding.vectors.weight[codes[row, 0]]
        torch.testing.assert_close(tokens[row, 3], vector + tokenizer.bias[2])
    torch.testing.assert_close(tokens[3, 3], tokenizer.bias[2])  # unseen


@pytest.mark.parametrize("first", [True, False])
def test_transformer_block_equals_the_equations(first):
    block, x = Block(8, 6, n_heads=2, first=first, last=False, **NO_DROPOUT), torch.randn(3, 5, 8)
    for parameter in block.parameters():
        parameter.data.normal_(std=0.5)
    expected = []
    for row in x.double().numpy():
        z = row if first else layer_norm(row, block.norm)
        k, v = np.split(linear(z, block.to_kv), 2, axis=1)
        row = row + linear(attention(linear(z, block.to_q), k, v, 2), block.mix)
        z = linear(layer_norm(row, block.ffn[0]), block.ffn[1])
        expected.append(row + linear(gated(z, relu), block.ffn[4]))
    np.testing.assert_allclose(block(x).detach(), expected, atol=1e-5)


def test_the_last_block_computes_the_token_that_is_read_and_no_other():
    block, x = Block(8, 6, n_heads=2, first=False, last=False, **NO_DROPOUT), torch.randn(3, 5, 8)
    whole = block(x)
    block.last = True
    assert block(x).shape == (3, 1, 8)
    torch.testing.assert_close(block(x), whole[:, :1])


def ft_formula(p, q, codes, s, n, h, o):
    ffn = 2 * h * (s + 1) + (h + 1) * s
    return s * (1 + 2 * p + q + codes) + n * (4 * s * (s + 1) + ffn) + 4 * n * s + (s + 1) * o


def test_ft_transformer_has_the_published_number_of_parameters():
    """The counts are those of the logs that the authors published, without a code for unseen categories."""
    sizes = {"n_blocks": 3, "n_heads": 8, "n_outputs": 1, **NO_DROPOUT}
    california = FTTransformer(8, (), size=192, hidden=int(192 * 1.333333333333333), **sizes)
    assert count(california) == 893_179
    adult = FTTransformer(6, ADULT, size=352, hidden=int(352 * 2.037608), **sizes)
    assert count(adult) - 8 * 352 == 3_815_759
    assert count(ft_transformer()) == ft_formula(3, 2, 9, 8, 2, 6, 2)


def test_the_order_of_the_columns_means_nothing_to_the_ft_transformer():
    net, order = ft_transformer(4, (3, 3, 3)), [2, 0, 3, 1]
    numbers, codes = torch.randn(6, 4), torch.randint(0, 3, (6, 3))
    expected = net(numbers, codes)
    tokenizer = net.tokenizer
    tokenizer.weight.data = tokenizer.weight.data[order]
    tokenizer.bias.data = tokenizer.bias.data[[*order, 6, 4, 5]]
    table = tokenizer.embedding.vectors.weight
    table.data = table.data.view(3, 3, 8)[[2, 0, 1]].flatten(0, 1)
    torch.testing.assert_close(net(numbers[:, order], codes[:, [2, 0, 1]]), expected)
    assert not torch.allclose(net(numbers, codes), expected)


def test_tokens_normalisations_and_biases_do_not_decay():
    net = ft_transformer()
    groups = {group["weight_decay"]: group["params"] for group in _groups(net, 0.5)}
    linear_weights = [m.weight for m in net.modules() if isinstance(m, nn.Linear)]
    assert {id(p) for p in groups[0.5]} == {id(p) for p in linear_weights}
    assert len(groups[0.5]) + len(groups[0.0]) == len(list(net.parameters()))


def test_token_size_must_fit_the_heads():
    with pytest.raises(InputError, match="set token_size to 8"):
        architectures.get("ft_transformer").make("regression", token_size=12, n_heads=8).fit(
            np.eye(4), np.arange(4.0)
        )


# --- SAINT


def test_saint_tokens_are_perceptrons_of_single_columns():
    tokens = Tokens(2, (3,), size=4, hidden=5)
    numbers, codes = torch.randn(6, 2), torch.tensor([[1], [2], [0], [1], [2], [0]])
    out = tokens(numbers, codes).detach()
    w0, b0, w1, b1 = numpy_of(tokens.weight0, tokens.bias0, tokens.weight1, tokens.bias1)
    for j in range(2):
        hidden = relu(numbers.double().numpy()[:, [j]] * w0[j] + b0[j])
        np.testing.assert_allclose(out[:, 1 + j], hidden @ w1[j] + b1[j], atol=1e-6)
    torch.testing.assert_close(out[:, 0], tokens.cls.detach().expand(6, 4))
    assert not out[codes[:, 0] == 0, 3].any()  # unseen


def published_layer(x, attention_layer, ffn, n_heads):
    """LN(x) + f(LN(x)) of attention over the first axis, then of the hidden layer: the published code."""
    z = layer_norm(x, attention_layer.norm)
    q, k, v = np.split(linear(z, attention_layer.to_qkv), 3, axis=1)
    x = z + linear(attention(q, k, v, n_heads), attention_layer.mix)
    z = layer_norm(x, ffn.norm)
    return z + linear(gated(linear(z, ffn.layers[0]), gelu), ffn.layers[3])


def test_saint_stage_equals_the_equations():
    stage, x = Stage(3, 4, n_heads=2, dropout=0.0), torch.randn(5, 3, 4)
    for parameter in stage.parameters():
        parameter.data.normal_(std=0.3)
    columns = [published_layer(row, *stage.columns, 2) for row in x.double().numpy()]
    rows = published_layer(np.reshape(columns, (5, 12)), stage.rows, stage.last, 2)
    np.testing.assert_allclose(stage(x).detach(), rows.reshape(5, 3, 4), atol=1e-5)


def saint(depth=1, n_context=6):
    net = Saint(3, (4,), depth=depth, size=4, n_heads=2, dropout=0.0, n_outputs=2)
    net.remember(torch.randn(n_context, 3), torch.randint(0, 4, (n_context, 1)))
    return net


def test_saint_predicts_a_row_as_if_it_were_trained_with_the_context():
    net, numbers, codes = saint(), torch.randn(3, 3), torch.randint(0, 4, (3, 1))
    predicted = net.eval()(numbers, codes)
    net.train()
    for i in range(3):
        batch = torch.cat([net.numbers, numbers[i : i + 1]]), torch.cat([net.codes, codes[i : i + 1]])
        torch.testing.assert_close(predicted[i], net(*batch)[-1])


def test_saint_rows_attend_to_one_another_in_training_and_to_the_context_alone_else():
    net, numbers, codes = saint(depth=3), torch.randn(4, 3), torch.randint(0, 4, (4, 1))
    other = numbers.clone()
    other[1:] += 5
    assert not torch.allclose(net(numbers, codes)[0], net(other, codes)[0], atol=1e-4)
    net.eval()
    torch.testing.assert_close(net(numbers, codes)[0], net(other, codes)[0])
    torch.testing.assert_close(net(numbers, codes)[2], net(numbers[2:3], codes[2:3])[0])
    before = net(numbers, codes)
    net.numbers += 1
    assert not torch.allclose(net(numbers, codes), before, atol=1e-4)


def test_saint_remembers_rows_that_it_learned_from():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    estimator = architectures.get("saint").make("regression", random_state=0, max_epochs=1, batch_size=16)
    estimator.fit(X, X[:, 0])
    known = estimator.module_.numbers
    every = estimator._inputs(X, torch.device("cpu"))[0]
    assert known.shape == (16, 3)
    assert all((row == every).all(dim=1).any() for row in known)
    assert len(known.unique(dim=0)) == 16


def saint_formula(p, q, codes, s, n, heads, o):
    def layer(w, e):
        return 4 * w + 3 * heads * e * w + (heads * e + 1) * w + 12 * w**2 + 9 * w

    tokens = p * (200 + 101 * s) + s * (1 + codes)
    return tokens + n * (layer(s, 16) + layer((1 + p + q) * s, 64)) + 1000 * (s + 1) + 1001 * o


def test_saint_has_the_number_of_parameters_of_the_published_code():
    net = Saint(5, (4, 7), depth=2, size=8, n_heads=4, dropout=0.1, n_outputs=3)
    assert count(net) == saint_formula(5, 2, 11, 8, 2, 4, 3)


def test_saint_has_small_tokens_on_many_columns():
    for n_columns, size in [(49, 16), (50, 8)]:
        net = architectures.get("saint").make("regression", dim=16)._build(n_columns, (), 1)
        assert net.tokens.cls.shape == (size,)


def test_saint_remembers_a_batch_whatever_decides_its_size():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 3)), rng.normal(size=500)
    for batch_size, rows in ((None, 40), (32, 32)):  # a tenth of 400 training rows
        model = architectures.get("saint").make("regression", batch_size=batch_size, max_epochs=1)
        assert len(model.fit(X, y).module_.numbers) == rows
