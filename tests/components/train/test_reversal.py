"""Sequences reversed within their lengths, and their gradients."""

import torch

from components.train.reversal import reverse

REVERSAL = torch.tensor([[2, 1, 0, 3], [3, 2, 1, 0], [0, 1, 2, 3]])  # lengths 3, 4 and 1


def test_each_sequence_is_reversed_within_its_length() -> None:
    sequence = torch.arange(24.0).view(3, 4, 2)
    found = reverse(sequence, REVERSAL)
    assert found[:, :, 0].tolist() == [[4, 2, 0, 6], [14, 12, 10, 8], [16, 18, 20, 22]]
    assert torch.equal(reverse(found, REVERSAL), sequence)


def test_the_gradient_is_that_of_a_gather() -> None:
    sequence, weights = torch.randn(3, 4, 2, requires_grad=True), torch.randn(3, 4, 2)
    (ours,) = torch.autograd.grad((reverse(sequence, REVERSAL) * weights).sum(), sequence)
    plain = sequence.gather(1, REVERSAL[:, :, None].expand_as(sequence))
    (torchs,) = torch.autograd.grad((plain * weights).sum(), sequence)
    assert torch.equal(ours, torchs)
