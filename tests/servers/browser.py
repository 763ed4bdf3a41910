#!/usr/bin/env python3
"""A person with a browser, for "easbridge oauth": runs the command, opens the
address it prints, and goes where the provider sends them.

  browser.py MODE COMMAND...

  open    the browser is on the same machine
  paste   it is on another one: the address where it ended is pasted
  forge   somebody else's answers come first, by browser and by paste
  close   the window is closed: nothing comes, standard input ends
Prints all the command says, and ends as it does."""
import subprocess, sys, urllib.error, urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *a):
        return None


def visit(url):
    """Status, where it leads, and what the page says."""
    try:
        r = urllib.request.build_opener(Stay).open(url, timeout=20)
    except urllib.error.HTTPError as e:
        r = e
    except OSError as e:
        return 0, None, str(e)
    return r.status, r.headers.get("Location"), r.read().decode()


def say(*words):
    print("[browser]", *words, flush=True)


mode = sys.argv[1]
p = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                     text=True)
url = None
for line in p.stdout:
    print(line, end="", flush=True)
    if line.startswith("http") and url is None:
        url = line.strip()
    if not line.startswith("Waiting"):
        continue
    status, back, page = visit(url)
    if not back:
        say("the page says", status, page)
        p.kill()
        break
    base = back.split("?")[0]
    if mode == "forge":
        say(visit(base + "favicon.ico")[0])
        say(*visit(base + "?code=stolen&state=guess")[::2])
        for text in ("https://accounts.example/?code=x", "hello"):
            p.stdin.write(text + "\n\n")
            p.stdin.flush()
            print(p.stdout.readline(), end="", flush=True)
    if mode == "paste":
        p.stdin.write(back + "\n")
        p.stdin.flush()
    elif mode == "close":
        p.stdin.close()
        p.kill()
    else:
        say(*visit(back)[::2])
print(p.stdout.read(), end="", flush=True)
rc = p.wait()
sys.exit(rc if rc >= 0 else 128 - rc)
