"""A process that runs commands of temnet, one after the other, and reports how each ended.

Reads a JSON object a line: ``{"command": "predict" or "run", "arguments": [...]}``; writes one a
line: exit code, output on the terminal, processor time [s], and the peak memory [MB].
"""

import contextlib
import io
import json
import os
import resource
import sys
import time
import traceback

LIMIT = 12 * 2**30
"""Address space [bytes]: a command that needs more gets a MemoryError."""


def peak():
    """Peak memory since `forget_peak` [MB]."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def forget_peak():
    """Resets the peak memory."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def run_command(command, arguments):
    """Runs a command; returns how it ended."""
    from temnet import predict, run

    main = {"predict": predict.main, "run": run.main}[command]
    terminal = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    forget_peak()
    begin = time.process_time()
    with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
        try:
            code = main(arguments)
        except BaseException:
            traceback.print_exc()
            code = -1
    terminal.flush()
    text = terminal.buffer.getvalue().decode("utf-8", "replace")
    return {
        "code": code, "text": text, "seconds": time.process_time() - begin, "megabytes": peak(),
    }  # fmt: skip


def main():
    """Runs commands until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of libraries does not mix with the answers
    from temnet import analysis
    from temnet.command_line.command import load_stages

    analysis.STAGES = ("predict",)  # the page of each would be nine tenths of the time
    load_stages(["predict"])
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(run_command(job["command"], job["arguments"])), file=answers, flush=True)


if __name__ == "__main__":
    main()
