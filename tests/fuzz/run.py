"""Feed damaged lists and registers to a kernel built with address and undefined-behaviour checks.

    python tests/fuzz/run.py --seconds 60 [--seed N] [--only rows|registers]

The C files are compiled into a directory of their own and loaded in place of the installed kernel, in a process where
every overrun ends in a report. A list may be cut into rows, parsed, copied and noted, whatever is in it. A register file
may be refused or answered from, whatever is in it, also where all its checksums are right. Any other outcome fails, and
says with which seed and round it comes back.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
SOURCES = REPOSITORY / "src" / "quietline" / "kernel" / "src"
TARGETS = ("rows", "registers")


def main(arguments: list[str] | None = None) -> int:
    """Build, then fuzz each target for its share of the time; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what to begin with (default: the time)")
    parser.add_argument("--only", choices=TARGETS, help="one target only")
    parser.add_argument("--rounds", type=int, help="so many rounds and no more, to come back to a failure")
    options = parser.parse_args(arguments)
    targets = [options.only] if options.only else list(TARGETS)
    with tempfile.TemporaryDirectory(prefix="quietline-fuzz-") as folder:
        kernel = build(Path(folder))
        for target in targets:
            print(f"{target}: seed {options.seed}", flush=True)
            command = [sys.executable, str(HERE / "worker.py"), target, str(kernel), folder]
            command += [str(options.seed), str(options.seconds / len(targets)), str(options.rounds or 0)]
            done = subprocess.run(command, env=environment(), check=False)
            if done.returncode != 0:
                where = Path(folder, "round").read_text(encoding="utf-8").strip()
                print(f"FAILED with exit status {done.returncode} in {where}", flush=True)
                return 1
    print("nothing found")
    return 0


def build(folder: Path) -> Path:
    """Compile the kernel with checks; return the extension's path."""
    kernel = folder / "_kernel.so"
    plain = ["-fPIC", "-g", "-std=gnu11", "-D_GNU_SOURCE", "-fno-strict-aliasing", "-fno-omit-frame-pointer"]
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    include = f"-I{sysconfig.get_paths()['include']}"
    objects, running = [], []
    for source in sorted(SOURCES.glob("*.c")):
        target = folder / f"{source.stem}.o"
        # hash.c is given nothing but lengths checked before, and takes half a minute to compile with checks
        flags = ["-O1", *checks] if source.stem != "hash" else ["-O0"]
        command = [compiler(), "-c", *plain, *flags, include, str(source), "-o", str(target)]
        running.append(subprocess.Popen(command))
        objects.append(str(target))
    statuses = [process.wait() for process in running]  # of all of them: none may be left behind
    if any(statuses):
        raise SystemExit("The kernel does not compile with checks; see above.")
    subprocess.run([compiler(), "-shared", *checks, *objects, "-o", str(kernel)], check=True)
    return kernel


def compiler() -> str:
    """Name of the C compiler; the checks below are GCC's and Clang's."""
    return os.environ.get("CC", "cc")


def environment() -> dict[str, str]:
    """What the process with the checked kernel needs: their library first of all, and memory they can watch."""
    asked = [compiler(), "-print-file-name=libasan.so"]
    library = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return os.environ | {
        "LD_PRELOAD": str(Path(library).resolve()),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:handle_segv=1:handle_sigbus=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")])),
        "OPENBLAS_NUM_THREADS": "1",
    }


if __name__ == "__main__":
    sys.exit(main())
