"""The process that ``run.py`` starts: target, kernel, folder, seed, seconds, rounds (0: as many as there is time for)."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path


def load_kernel(path: str) -> None:
    """Let this build of the kernel be the one that everything imports."""
    name = "quietline.kernel._kernel"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_loader(name, loader, origin=path)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[name] = module


def main() -> None:
    """Fuzz one target; any exception that it does not expect ends the process."""
    target_name, kernel, folder, seed, seconds, rounds = sys.argv[1:]
    load_kernel(kernel)
    from fuzz import registers_target, rows_target
    from quietline.kernel import _kernel

    assert _kernel.__spec__
    assert _kernel.__spec__.origin == kernel
    target = {"rows": rows_target.Target, "registers": registers_target.Target}[target_name](Path(folder))
    tried: Counter[str] = Counter()
    begun, done = time.monotonic(), 0
    while done < int(rounds) if int(rounds) else time.monotonic() - begun < float(seconds):
        chance = random.Random(f"{seed} {done}")
        Path(folder, "round").write_text(f"{target_name}: seed {seed}, round {done}\n", encoding="utf-8")
        try:
            tried.update(target.try_one(chance))
        except BaseException:
            traceback.print_exc()
            raise SystemExit(1) from None
        done += 1
    print(f"{target_name}: {done:,} rounds in {time.monotonic() - begun:.0f} s")
    for what, count in sorted(tried.items()):
        print(f"  {count:>9,} {what}")


if __name__ == "__main__":
    main()
