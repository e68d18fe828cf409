"""Batch norm over the photos of all processes, as one process would have it with the whole batch.

PyTorch's own SyncBatchNorm refuses tensors of the CPU. This one takes those of any device; like it, it exchanges
mean, variance and count of each channel on the way forth, and two sums of each channel on the way back.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["BatchNormOverRanks"]


class BatchNormOverRanks(nn.BatchNorm2d):
    """A batch norm whose statistics in training are those of all processes' photos together.

    Attributes:
        counts: whether this process's photos count; False while a batch has none for it, and it passes another
            photo through the network only to keep step.
    """

    counts = True

    @classmethod
    def replace_all(cls, network: nn.Module) -> list[BatchNormOverRanks]:
        """Turn every batch norm of a network into one over all processes, in place, and return them."""
        found = [module for module in network.modules() if type(module) is nn.BatchNorm2d]
        for module in found:
            module.__class__ = cls  # the parameters stay the very ones that the optimizer has
        return cast("list[BatchNormOverRanks]", found)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize [N,C,H,W]."""
        if not self.training:
            return super().forward(input)
        count = input.numel() // input.shape[1]
        output, mean, var, total = _Normalize.apply(  # type: ignore[no-untyped-call]
            input, self.weight, self.bias, self.eps, count if self.counts else 0
        )
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var * (total / (total - 1).clamp(min=1)), self.momentum)
        return cast(Tensor, output)


class _Normalize(torch.autograd.Function):
    """Subtract the mean over all processes and divide by the standard deviation."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, count: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        var, mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)
        own = torch.cat([mean, var, mean.new_full((1,), count)])
        gathered = [torch.empty_like(own) for _ in range(dist.get_world_size())]
        dist.all_gather(gathered, own)
        # Chan et al., "Updating formulae and a pairwise algorithm for computing sample variances", 1979
        means, variances, counts = torch.tensor_split(torch.stack(gathered), (len(mean), 2 * len(mean)), 1)
        total = counts.sum()
        if count <= 1 and float(total) <= 1:
            raise ValueError("Expected more than 1 value per channel when training")  # as PyTorch's own has it
        mean = (means * counts).sum(0) / total
        var = ((variances + (means - mean).square()) * counts).sum(0) / total
        ctx.save_for_backward(x, weight, mean, torch.rsqrt(var + eps), total)
        ctx.counts = count > 0
        ctx.mark_non_differentiable(mean, var, total)
        return functional.batch_norm(x, mean, var, weight, bias, eps=eps), mean, var, total

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale, total = ctx.saved_tensors
        gradient = gradients[0].float()
        normal = (x.float() - mean[:, None, None]) * scale[:, None, None]
        sums = torch.cat([gradient.sum((0, 2, 3)), (gradient * normal).sum((0, 2, 3))])
        own = sums.clone()
        dist.all_reduce(sums)
        even, along = (sums / total)[:, None, None].chunk(2)
        back = (gradient - even - normal * along) * (weight * scale)[:, None, None]
        if not ctx.counts:  # what this process passed through had no part in the statistics
            back = torch.zeros_like(back)
        bias, slope = own.chunk(2)
        return back.to(x.dtype), slope.to(weight.dtype), bias.to(weight.dtype), None, None
