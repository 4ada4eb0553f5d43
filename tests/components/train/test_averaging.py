"""The moving average of the weights, to the bit that of torch."""

import pytorch_lightning as pl
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

from components.train.averaging import Averaging


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.network = nn.LSTM(3, 5)


def test_each_step_is_taken_in_as_torch_does_it() -> None:
    module, ours = Module(), Averaging(0.97)
    torchs = AveragedModel(module, avg_fn=get_ema_avg_fn(0.97))
    for _ in range(20):
        with torch.no_grad():
            for weight in module.parameters():
                weight += torch.randn_like(weight)
        ours.on_train_batch_end(None, module)
        torchs.update_parameters(module)
    for name, weight in torchs.module.named_parameters():
        assert torch.equal(ours.average[name], weight)


def test_validation_sees_the_average_and_training_goes_on_with_the_weights() -> None:
    module, ours = Module(), Averaging(0.5)
    weight = module.network.weight_hh_l0
    place = weight.data_ptr()
    for value in (1.0, 3.0):
        nn.init.constant_(weight, value)
        ours.on_train_batch_end(None, module)
    ours.on_validation_epoch_start(None, module)
    assert (weight == 2).all()
    ours.on_validation_epoch_end(None, module)
    assert (weight == 3).all()
    assert (ours.average["network.weight_hh_l0"] == 2).all()
    ours.on_train_end(None, module)
    assert (weight == 2).all()
    assert weight.data_ptr() == place  # a GPU wants a cell's weights side by side, as they were


def test_a_checkpoint_has_both() -> None:
    module, ours = Module(), Averaging(0.5)
    for value in (1.0, 3.0):
        nn.init.constant_(module.network.weight_hh_l0, value)
        ours.on_train_batch_end(None, module)
    checkpoint = {"state_dict": module.state_dict()}
    ours.on_save_checkpoint(None, module, checkpoint)
    assert (checkpoint["state_dict"]["network.weight_hh_l0"] == 2).all()
    other, taken_up = Module(), Averaging(0.5)
    taken_up.on_load_checkpoint(None, other, checkpoint)
    assert (other.network.weight_hh_l0 == 3).all()
    taken_up.on_fit_start(None, other)
    nn.init.constant_(other.network.weight_hh_l0, 6.0)
    taken_up.on_train_batch_end(None, other)
    assert (taken_up.average["network.weight_hh_l0"] == 4).all()
    assert (checkpoint["state_dict"]["network.weight_hh_l0"] == 2).all()
