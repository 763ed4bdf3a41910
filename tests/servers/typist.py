#!/usr/bin/env python3
"""A person at a terminal: runs a command there and types answers.

  typist.py "PROMPT=ANSWER" ... -- COMMAND...

Each PROMPT (its end) is answered once, in any order. Prints what the screen
shows, and ends as the command does; 99 if it waits for something else."""
import os, pty, select, sys, time

at = sys.argv.index("--")
answers = [a.split("=", 1) for a in sys.argv[1:at]]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
screen, fresh, end = b"", b"", time.time() + 60
while True:
    if not select.select([fd], [], [], 1)[0]:
        if time.time() > end:
            sys.stdout.write(screen.decode(errors="replace"))
            os.kill(pid, 9)
            sys.exit(99)
        continue
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    screen += data
    fresh += data
    for pair in answers:
        if fresh.decode(errors="replace").rstrip().endswith(pair[0]):
            time.sleep(0.1)  # until its echo is off
            os.write(fd, (pair[1] + "\n").encode())
            answers.remove(pair)
            fresh = b""
            break
sys.stdout.write(screen.decode(errors="replace").replace("\r", ""))
status = os.waitpid(pid, 0)[1]
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 98)
