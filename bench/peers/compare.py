#!/usr/bin/python3 -B
"""compare.py EPALM WORK THREADS ROUNDS: tokens/s of epalm and of the peers in WORK, as one Markdown table.

Every engine starts anew in each round, one after another, so that what slows the machine for a while slows all of them.
Within a start a batch is generated once without counting and three times for the median; the table has the median over
the rounds, and the least and the most of them.
"""

import json
import os
import signal
import statistics
import subprocess
import sys

NEW_TOKENS = 20


def fail(message):
    sys.exit(f"peers: {message}")


def run(command, threads):
    """Standard output."""
    environment = dict(os.environ, OMP_NUM_THREADS=threads)
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode < 0:
        hint = "; not enough memory?" if done.returncode == -signal.SIGKILL else ""
        fail(f"{command[0]} was ended by signal {-done.returncode}{hint}")
    if done.returncode != 0:
        fail(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def peer(command, threads):
    """{batch: tokens/s}"""
    lines = [line.split() for line in run(command, threads).splitlines() if line.startswith("seconds ")]
    return {int(batch): int(batch) * NEW_TOKENS / float(seconds) for _, batch, seconds in lines}


def epalm(program, precision, batches, threads):
    rows = [f"generate.lm.b{batch}.{precision}" for batch in batches]
    document = json.loads(run([program, "--threads", threads, "bench", *rows, "--json"], threads))
    return dict(zip(batches, (row["value"] for row in document["rows"])))


def engines(program, work, threads):
    """(engine, precision, function that gives {batch: tokens/s})"""
    for precision in ("float32", "int8"):
        command = [f"{work}/ctranslate2_generate", f"{work}/ctranslate2-model", precision, threads, "1", "8"]
        yield "CTranslate2", precision, lambda command=command: peer(command, threads)
    for precision in ("f16", "q8_0", "q4_0"):
        command = [f"{work}/ggml_generate", f"{work}/gpt2-{precision}.bin", threads]
        yield "ggml", precision, lambda command=command: peer(command, threads)
    for precision in ("fp32", "bf16", "int8", "int4"):
        yield "epalm", precision, lambda precision=precision: epalm(program, precision, (1, 8), threads)


def measure(every, rounds):
    """{(engine, precision): {batch: tokens/s of each round}}"""
    found = {(engine, precision): {} for engine, precision, _ in every}
    for number in range(1, rounds + 1):
        for engine, precision, speeds in every:
            print(f"peers: round {number} of {rounds}, {engine} {precision}", file=sys.stderr)
            for batch, speed in speeds().items():
                found[engine, precision].setdefault(batch, []).append(speed)
    return found


def cell(speeds):
    if not speeds:
        return "-"
    return f"{statistics.median(speeds):.2f} ({min(speeds):.2f} to {max(speeds):.2f})"


def best(found, batch, ours):
    """(tokens/s, "engine precision") of the fastest."""
    return max((statistics.median(speeds[batch]), f"{engine} {precision}")
               for (engine, precision), speeds in found.items()
               if batch in speeds and (engine == "epalm") == ours)


def table(found):
    rows = [["engine", "precision", "B = 1", "B = 8"]]
    for (engine, precision), speeds in found.items():
        rows.append([engine, precision, cell(speeds.get(1)), cell(speeds.get(8))])
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows)


def main():
    if len(sys.argv) != 5 or not sys.argv[3].isdigit() or not sys.argv[4].isdigit() or int(sys.argv[4]) < 1:
        fail("usage: compare.py EPALM WORK THREADS ROUNDS, at least one round")
    _, program, work, threads, rounds = sys.argv
    found = measure(list(engines(program, work, threads)), int(rounds))
    print(f"Tokens/s with {threads} thread{'' if threads == '1' else 's'}, language model of OPT-1.3b's shape, greedy, "
          f"20 + 20 tokens; median of {rounds} rounds\n")
    print(table(found))
    for batch in (1, 8):
        (ours, our_name), (theirs, their_name) = best(found, batch, True), best(found, batch, False)
        print(f"\nB = {batch}: {our_name} is {ours / theirs:.2f} times as fast as {their_name}, the best of the peers.")


if __name__ == "__main__":
    main()
