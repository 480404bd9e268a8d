"""A second device, "sim", on which device mistakes fail as they do on a GPU, for machines that have none.

Registered under PyTorch's slot for outside devices ("PrivateUse1"). A tensor on it is a wrapper that holds an ordinary
CPU tensor. Every operation that touches the device comes through `_run`: it checks that all tensors of one dimension
or more are on the device (as CUDA does, a 0-dim CPU tensor may join in, and an index may stay on the CPU), runs the
operation on the CPU tensors and wraps the result.

There are two of it, "sim:0" and "sim:1", as a machine may have two GPUs. PyTorch takes the first for the only one, so
nothing on the second can be asked for gradients.

The registration function is private to PyTorch and exists since 2.9; `register` says whether it was there.
Background: https://docs.pytorch.org/docs/stable/notes/extending.html (wrapper subclasses, __torch_dispatch__).
"""

from __future__ import annotations

import functools
import sys
import types
from typing import Any

import torch
from torch.utils._pytree import tree_iter, tree_map

NAME = "sim"
aten = torch.ops.aten
MOVES = {aten._to_copy.default, aten.copy_.default}
# Only the first argument of these must be on the device; CUDA takes CPU indices as well.
INDEXING = {aten.index.Tensor, aten.index_put_.default, aten.index_put.default, aten._index_put_impl_.default}
# PyTorch makes an empty tensor and lets these fill it, which a wrapper cannot follow: they are run as a whole.
MAKERS = ("arange", "arange.start", "arange.start_step", "eye", "eye.m")
_libraries: list[torch.library.Library] = []


class SimulatedTensor(torch.Tensor):
    """A tensor on a simulated device; `held` is the CPU tensor with its values."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor, index: int = 0) -> SimulatedTensor:
        wrapper: SimulatedTensor = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device(NAME, index),
        )
        wrapper.held = held
        return wrapper

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.__getitem__ and not isinstance(args[0], SimulatedTensor):
            raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
        if func in (torch.Tensor.__getitem__, torch.Tensor.__setitem__):
            args = (args[0], _without_lists(args[1]), *args[2:])
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    # torch's stubs give the methods that are overridden below other parameters than its documentation.
    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if func._can_decompose():
            # An operation that consists of others arrives whole only for what comes from inference_mode(). Run as one,
            # `to` would move nothing: its CPU tensor is there already.
            return func.decompose(*args, **(kwargs or {}))
        return _run(func, args, kwargs or {})

    def tolist(self) -> Any:
        return self.detach().cpu().tolist()

    def new_tensor(  # type: ignore[override]
        self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Any:
        return torch.tensor(data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad)

    def numpy(self, *, force: bool = False) -> Any:
        if force:
            return self.detach().cpu().numpy()
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host"
            " memory first."
        )

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"{repr(self.detach().cpu())[:-1]}, device='{self.device}')"

    def __format__(self, form: str) -> str:
        return format(self.item() if self.dim() == 0 else repr(self), form)


def register() -> bool:
    """Add the simulated device to this process; False where this PyTorch cannot carry it."""
    if _libraries:
        return True
    try:
        from torch.utils.backend_registration import _setup_privateuseone_for_python_backend as set_up

        set_up(NAME)
    except (ImportError, RuntimeError):
        return False
    everything, makers = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    everything.fallback(lambda function, *args, **kwargs: _run(function, args, kwargs), "PrivateUse1")
    for name in MAKERS:
        packet, _, overload = name.partition(".")
        function = getattr(getattr(aten, packet), overload or "default")
        makers.impl(name, functools.partial(_run_maker, function), "PrivateUse1")
    # Of a list of 0-dim tensors, `torch.tensor` asks each for its number, and not through the fallback.
    makers.impl("_local_scalar_dense", lambda tensor: tensor.held.item(), "PrivateUse1")
    autocast = torch.library.Library("_", "IMPL")  # which computes with all digits here
    autocast.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    _libraries.extend((everything, makers, autocast))
    _answer_what_devices_are_asked()
    for name in ("tensor", "as_tensor", "asarray"):
        setattr(torch, name, _build_on_cpu_first(getattr(torch, name)))
    torch.Tensor.new_tensor = _new_of_same_dtype(torch.Tensor.new_tensor)  # type: ignore[method-assign]
    torch.nn.Module._apply = _moved_in_place(torch.nn.Module._apply)  # type: ignore[method-assign]  # is what we want
    _dispatch_once()
    return True


def _answer_what_devices_are_asked() -> None:
    """Give the device what any accelerator has: nothing to wait for, no memory of its own, the CPU's random state."""
    device: Any = getattr(torch, NAME)
    # Asked of every device by torch.autocast, and by checkpointing, also where it is switched off.
    device.get_amp_supported_dtype = lambda: [torch.bfloat16, torch.float16]
    device.get_rng_state = lambda device=None: torch.get_rng_state()
    device.set_rng_state = lambda state, device=None: torch.set_rng_state(state)
    device.get_device_name = lambda device=None: "simulated accelerator"
    for owner in (device, torch.accelerator):
        for name in ("synchronize", "empty_cache", "reset_peak_memory_stats", "reset_accumulated_memory_stats"):
            setattr(owner, name, lambda *device, **options: None)
        for name in ("memory_allocated", "memory_reserved", "max_memory_allocated", "max_memory_reserved"):
            setattr(owner, name, lambda *device, **options: 0)


def _dispatch_once() -> None:
    """Run a first operation while `torch.distributed.tensor` is a stand-in.

    On the first operation of any wrapper tensor PyTorch imports that package, half a second or more, only to remember
    its class DTensor and compare with it. It will remember a class that nothing is an instance of.
    """
    name = "torch.distributed.tensor"
    if name in sys.modules:
        return
    stand_in: Any = types.ModuleType(name)
    stand_in.DTensor = type("DTensor", (), {})
    sys.modules[name] = stand_in
    try:
        SimulatedTensor(torch.zeros(1)).detach()
    finally:
        del sys.modules[name]


def _build_on_cpu_first(build: Any) -> Any:
    """Wrap `torch.tensor`: it fills a new tensor by writing into its memory, which a wrapper does not have."""

    @functools.wraps(build)
    def built(*args: Any, device: Any = None, **kwargs: Any) -> Any:
        default = torch.empty(0).device  # as set for good, or by `with device:`
        if device is None and default.type == NAME:
            device = default
        if device is not None and torch.device(device).type == NAME:
            requires_grad = kwargs.pop("requires_grad", False)  # of the tensor on the device, which is the leaf
            moved: torch.Tensor = build(*args, device="cpu", **kwargs).to(device)
            return moved.requires_grad_() if requires_grad else moved
        return build(*args, device=device, **kwargs)

    return built


def _new_of_same_dtype(new: Any) -> Any:
    """Wrap `Tensor.new_tensor` of a tensor on the CPU, for which the same holds."""

    @functools.wraps(new)
    def built(tensor: torch.Tensor, data: Any, *, dtype: Any = None, device: Any = None, **options: Any) -> Any:
        if device is not None and torch.device(device).type == NAME:
            return torch.tensor(data, dtype=dtype or tensor.dtype, device=device, **options)
        return new(tensor, data, dtype=dtype, device=device, **options)

    return built


def _without_lists(index: Any) -> Any:
    """Make tensors of the lists in an index: PyTorch would do so by writing into the memory of a new tensor."""
    if isinstance(index, tuple):
        return tuple(_without_lists(part) for part in index)
    return torch.tensor(index) if isinstance(index, list | range) and index else index


def _moved_in_place(apply: Any) -> Any:
    """Wrap `Module._apply`: parameters stay the same objects when they move, as on a GPU; tied ones stay tied."""

    @functools.wraps(apply)
    def applied(module: torch.nn.Module, function: Any, recurse: bool = True) -> Any:
        before = torch.__future__.get_swap_module_params_on_conversion()
        on_device = any(isinstance(parameter, SimulatedTensor) for parameter in module.parameters())
        moves = on_device or isinstance(function(torch.empty(0)), SimulatedTensor)
        torch.__future__.set_swap_module_params_on_conversion(before or moves)
        try:
            return apply(module, function, recurse)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(before)

    return applied


def _run(function: Any, args: Any, kwargs: Any) -> Any:
    """Run one operation that touches the device: check the devices, compute on the CPU, wrap the result."""
    tensors = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    places = [tensor.device for tensor in tensors if isinstance(tensor, SimulatedTensor)]
    if places and function not in MOVES:
        _check_devices(function, args, tensors)
    held_args, held_kwargs = tree_map(_to_cpu, (args, kwargs))
    result = function(*held_args, **held_kwargs)
    if torch.Tag.inplace_view in function.tags and isinstance(args[0], SimulatedTensor):
        _follow_shape(args[0])
    if function is aten.copy_.default:
        return args[0]
    asked = kwargs.get("device")
    device = torch.device(asked) if asked is not None else places[0] if places else torch.device("cpu")
    owners = {id(tensor.held if isinstance(tensor, SimulatedTensor) else tensor): tensor for tensor in tensors}

    def to_device(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        # An operation in place returns its argument: hand back the very wrapper that came in.
        if id(value) in owners:
            return owners[id(value)]
        if device.type != NAME:
            return value
        # Also inside inference_mode() a view of a tensor from outside is one that may have gradients.
        with torch.inference_mode(value.is_inference()):
            return SimulatedTensor(value, device.index or 0)

    return tree_map(to_device, result)


def _run_maker(function: Any, *args: Any, **kwargs: Any) -> Any:
    return _run(function, args, kwargs)


def _follow_shape(wrapper: SimulatedTensor) -> None:
    """Give a wrapper the shape of its tensor, which `unsqueeze_`, `t_` and the like have changed in place."""
    held = wrapper.held
    if (wrapper.shape, wrapper.stride()) != (held.shape, held.stride()):
        with torch._C._DisableTorchDispatch():
            aten.as_strided_.default(wrapper, held.shape, held.stride(), held.storage_offset())


def _check_devices(function: Any, args: Any, tensors: list[torch.Tensor]) -> None:
    if function in INDEXING and isinstance(args[0], SimulatedTensor):
        tensors = [args[0], *args[2:3]]  # with the values of an assignment
    # A 0-dim CPU tensor may join in, but no result of the device can be written into it.
    together = [tensor for tensor in tensors if tensor.dim() > 0] + _written(function, args)
    found = {tensor.device for tensor in tensors if isinstance(tensor, SimulatedTensor)}
    found |= {tensor.device for tensor in together}
    if len(found) > 1:
        one, other = sorted(map(str, found), reverse=True)[:2]
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {one} and {other}!"
        )


def _written(function: Any, args: Any) -> list[torch.Tensor]:
    """Return the arguments into which the operation writes."""
    pairs = zip(args, function._schema.arguments, strict=False)
    written = [arg for arg, declared in pairs if declared.alias_info is not None and declared.alias_info.is_write]
    return [arg for arg in written if isinstance(arg, torch.Tensor)]


def _to_cpu(value: Any) -> Any:
    if isinstance(value, SimulatedTensor):
        return value.held
    if isinstance(value, torch.device) and value.type == NAME:
        return torch.device("cpu")
    return value
