"""Why each step is as it is: one sentence for each kind of step, with its layer's numbers put in.

Each sentence is true of every step of its kind, in any network and for any batch.
"""

from __future__ import annotations

from backprop_tui.maths.expressions import Expr, Name
from backprop_tui.maths.functions import ACTIVATIONS
from backprop_tui.maths.writing import text
from backprop_tui.model.layers import INPUT, LETTERS, LOSS, OBJECTIVE, gradient
from backprop_tui.model.optimizers import weight_decay
from backprop_tui.model.program import Program, Step

IN_ORDER = " All gradients were computed before any parameter changed."
REASONS = {
    "affine": "Each neuron multiplies inputs by weights, adds the products and adds its bias.",
    "affine without bias": "Each neuron multiplies inputs by weights and adds the products.",
    "activation": "The activation is non-linear. Without it, two layers would equal one layer.",
    "activation linear": (
        "{a} is {z}: this layer and the next one together do no more than one layer."
    ),
    "activation last": "The last activation turns each Z into a prediction.",
    "activation softmax": "Softmax turns each example's Z into shares that add up to 1.",
    LOSS: "Each example has one loss: the larger it is, the worse its prediction.",
    OBJECTIVE: "J is the {mean} of all L: each example counts {share}. Training aims to reduce J.",
    f"{OBJECTIVE} penalty": ("J is {losses} plus {factor} times the sum of all squared weights."),
    "gradient of activation last": (
        "L depends directly on {a}. The chain rule starts here: {da} = ∂L/∂{a}."
    ),
    "gradient of affine collapsed": (
        "{dz} = {da} ∘ {g}′({z}). The fractions cancel; prediction − target remains."
    ),
    "gradient of affine collapsed softmax": (
        "Each Z changes all outputs of its example; the sum is prediction − target."
    ),
    "gradient of affine": "Chain rule: ∂L/∂{z} = ∂L/∂{a} · {g}′({z}), element by element.",
    "gradient of affine softmax": (
        "Each Z changes all outputs of its example, so its effects are added up."
    ),
    "gradient of weight": (
        "W[i,j] connects {below}[j] to Z[i]: dW[i,j] = dZ[i] · {below}[j]{averaged}.{one}"
    ),
    "gradient of weight penalty": ("J's penalty adds {sent} to dZ[i] · {below}[j]{averaged}."),
    "gradient of bias": "The bias is added to Z, so ∂Z/∂b = 1 and db = dZ{averaged}.",
    "gradient of activation": (
        "{a}[j] affects each {next_affine} through column j of {next_weight}. "
        "Adding up gives {next_weight}ᵀ · {next_gradient}."
    ),
    "weight": "Subtract α · {pull}.{in_order}",
    "weight decays": "Subtract α · {pull}: weight decay adds λ·{parameter} here; J has no λ.",
    "bias": "The bias is updated in the same way: subtract α · {pull}.",
    "v": "v is a running mean of {pull}. Values whose sign changes cancel in it.",
    "s": "s is a running mean of squares: sqrt(s) is the usual size of {pull}.",
    "vc": "v started at zero, so it is too small at first: divide it by 1 − β1 to the t.",
    "sc": "s started at zero, so it is too small at first: divide it by 1 − β2 to the t.",
    "momentum": "Subtract α times the running mean v, not α · {pull}.",
    "classical v": "v is β1 times its old value plus α · {pull}: earlier steps still count.",
    "classical_momentum": "Subtract v: it contains α · {pull} and a part of the earlier steps.",
    "rmsprop": "Divide {pull} by its usual size sqrt(s): changes have similar sizes.",
    "adam": "v is the direction; after the division by sqrt(s), each change is about α.",
}
"""By what the step computes, with its form behind: collapsed, of softmax, in the last layer, of a
linear activation; means by their letters, parameters also by the optimizer."""


def reason(step: Step, program: Program) -> str:
    """The sentence that says why a step of that program is as it is."""
    training, layers = program.training, program.layers
    here = layers[(step.layer or len(layers)) - 1]
    batch, summed = training.batch > 1, training.reduction == "sum"
    mean = batch and not summed
    names = {
        "a": here.activation,
        "z": here.affine,
        "da": gradient(here.activation),
        "dz": gradient(here.affine),
        "g": ACTIVATIONS[program.network.activations[here.number - 1]].symbol,
        "below": LETTERS["activation"] if here.number > 1 else INPUT,
    }
    for ahead in layers[here.number : here.number + 1]:
        names |= {"next_affine": ahead.affine, "next_weight": ahead.weight}
        names["next_gradient"] = gradient(ahead.affine)
    if step.phase == "update":
        parameter = here.weight if step.role.part == "weight" else here.bias
        names |= {"parameter": parameter, "pull": _pull(parameter, _decays(step, program))}
    early = any(map(program.is_early, program.steps))
    return REASONS[_kind(step, program)].format(
        **names,
        mean=training.reduction,
        losses=f"the {training.reduction} of all L" if batch else "L",
        factor="λ₂/(2m)" if mean else "λ₂/2",
        sent="λ₂·W[i,j]/m" if mean else "λ₂·W[i,j]",
        share="fully" if summed else "1/m",
        averaged=f", {'summed' if summed else 'averaged'} over examples" if batch else "",
        one="" if batch or summed else " (One example: no 1/m.)",
        in_order="" if early else IN_ORDER,
    )


def _pull(parameter: str, decays: bool) -> str:
    """What an update reads: dW1, or (dW1 + λ · W1)."""
    pull: Expr = Name(gradient(parameter))
    return f"({text(pull + weight_decay * Name(parameter))})" if decays else text(pull)


def _decays(step: Step, program: Program) -> bool:
    return program.training.weight_decay > 0 and step.role.part == "weight"


def _kind(step: Step, program: Program) -> str:
    """The key of the step's sentence."""
    role, layer, network = step.role, step.layer, program.network
    match role.kind:
        case "mean":
            classical = program.training.rule_name == "classical_momentum"
            return f"classical {role.mean}" if classical else role.mean
        case "loss":
            penalty = step.symbol == OBJECTIVE and program.training.l2 > 0
            return f"{OBJECTIVE} penalty" if penalty else step.symbol
        case "parameter" if program.training.rule_name in REASONS:
            return program.training.rule_name
        case "parameter":
            return f"{role.part} decays" if _decays(step, program) else str(role.part)
    kind = f"gradient of {role.part}" if role.kind == "gradient" else str(role.part)
    activation = network.activations[layer - 1] if layer else ""
    collapsed = step.derivation is not None
    forms = {
        "without bias": not network.bias,
        "penalty": program.training.l2 > 0,
        f"collapsed {activation}": collapsed,
        "collapsed": collapsed,
        "softmax": activation == "softmax",
        "last": layer == network.depth,
        "linear": activation == "linear",
    }
    special = (f"{kind} {form}" for form, holds in forms.items() if holds)
    return next((form for form in special if form in REASONS), kind)
