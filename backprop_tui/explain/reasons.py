"""Why each step is as it is: one sentence for each kind of step, with its layer's numbers put in.

The sentences hold for any network and any batch.
"""

from __future__ import annotations

from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.model.layers import LOSS, OBJECTIVE
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Step

REASONS = {
    "affine": "Each neuron weighs its inputs, adds them up and adds its bias.",
    "activation": "The activation bends each Z; without it two layers would be just one.",
    "activation last": "The last activation turns each Z into a prediction.",
    "activation shares": "Softmax turns each example's Z into shares that add up to 1.",
    LOSS: "One number for each example: how badly its prediction misses its target.",
    OBJECTIVE: "The {mean} loss: each example counts {share}. This is what training shrinks.",
    "gradient of activation last": (
        "L reads A{l} directly, so the chain starts here: L's slope at each output."
    ),
    "gradient of affine collapsed": (
        "dA{l} times g{l}'s slope, multiplied out: only prediction minus target is left."
    ),
    "gradient of affine": (
        "Chain rule through g{l}: L's slope at A{l} times g{l}'s slope at the same Z{l}."
    ),
    "gradient of affine shares": (
        "Each Z moves every output of its example, so their effects add up."
    ),
    "gradient of weight": "Weight [i,j]: dZ at end i times A at start j{averaged}.{no_mean}",
    "gradient of bias": "A bias enters Z as it is, times 1: its slope is dZ{averaged}.",
    "gradient of activation": (
        "Each A{l} gathers from every Z{next} it feeds: a column of W{next}, hence W{next}ᵀ."
    ),
    "weight": "Move against the slope by α times dW. All slopes were taken before any step.",
    "bias": "The bias moves the same way: against its slope by α times db.",
    "v": "A running mean of slopes: what they agree on gathers, what alternates cancels.",
    "s": "A running mean of squared slopes: how large they usually are, for each number.",
    "vc": "The mean began at zero: divided by 1 − β1 to the t it is not too small at first.",
    "sc": "The same for s, which began at zero as well: divided by 1 − β2 to the t.",
    "update momentum": "Move by α times the running mean v, not by this one slope alone.",
    "update rmsprop": "Against the slope, over its usual size: steps of like size everywhere.",
    "update adam": "v says where to, s how large slopes usually are: steps of about α each.",
}
"""By what the step computes, with its form behind: collapsed, the shares of softmax, the last
layer; means by their letters, parameters also by the optimizer."""


def reason(step: Step, network: Network, training: Training) -> str:
    """The sentence that says why a step of that network is as it is."""
    layer = step.layer or network.depth
    batch, summed = training.batch > 1, training.reduction == "sum"
    return REASONS[_kind(step, network, training)].format(
        l=layer,
        next=layer + 1,
        mean="summed" if summed else "mean",
        share="fully" if summed else "1/m",
        averaged=(f", {'summed' if summed else 'averaged'} over examples") if batch else "",
        no_mean="" if batch or summed else "   (m = 1: no mean)",
    )


def _kind(step: Step, network: Network, training: Training) -> str:
    """The key of the step's sentence."""
    role, layer = step.role, step.layer
    match role.kind:
        case "mean":
            return role.mean
        case "loss":
            return step.symbol
        case "parameter":
            rule = f"update {training.optimizer}"
            return rule if rule in REASONS else str(role.part)
    kind = f"gradient of {role.part}" if role.kind == "gradient" else str(role.part)
    softmax = layer and not ACTIVATIONS[network.activations[layer - 1]].elementwise
    forms = {
        "collapsed": step.derivation is not None,
        "shares": softmax,
        "last": layer == network.depth,
    }
    special = (f"{kind} {form}" for form, holds in forms.items() if holds)
    return next((form for form in special if form in REASONS), kind)
