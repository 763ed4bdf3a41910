#!/usr/bin/env python3
"""faultsmtp.py PORT DIR: takes every mail into DIR, one file each; the first
line is the envelope. The recipient orders faults: rcptNNN@ is answered NNN at
RCPT, dataNNN@ at the final dot, drop@ closes the connection there, slowN@
waits N seconds, directNNN@ is answered NNN at the final dot unless the mail
came through another server (has Received)."""
import asyncio, os, re, sys

port, folder, count = int(sys.argv[1]), sys.argv[2], 0


async def session(reader, writer):
    global count

    def say(text):
        writer.write((text + "\r\n").encode())

    sender, to = "", []
    say("220 localhost ESMTP sink")
    while True:
        await writer.drain()
        raw = await reader.readline()
        if not raw:
            break
        line = raw.decode("latin1").strip()
        verb = line[:4].upper()
        if verb == "EHLO":
            say("250-localhost\r\n250-SIZE 62914560\r\n250-8BITMIME\r\n"
                "250 PIPELINING")
        elif verb == "MAIL":
            sender, to = line, []
            say("250 2.1.0 ok")
        elif verb == "RCPT":
            m = re.search(r"<rcpt([45]\d\d)", line, re.I)
            if m:
                say(m[1] + " ordered")
            else:
                to.append(line)
                say("250 2.1.5 ok")
        elif verb == "DATA":
            if not to:
                say("503 no recipients")
                continue
            say("354 go")
            await writer.drain()
            body = []
            while True:
                data = await reader.readline()
                if data in (b".\r\n", b""):
                    break
                body.append(data[1:] if data.startswith(b".") else data)
            names = " ".join(to)
            slow = re.search(r"<slow(\d+)", names)
            bad = re.search(r"<data([45]\d\d)", names)
            direct = re.search(r"<direct([45]\d\d)", names)
            if direct and not any(line.lower().startswith(b"received:")
                                  for line in body):
                bad = direct
            if "<drop" in names:
                break
            if slow:
                await asyncio.sleep(int(slow[1]))
            if bad:
                say(bad[1] + " ordered")
                continue
            count += 1
            path = "%s/%06d.eml" % (folder, count)
            with open(path + ".tmp", "wb") as f:
                f.write(("X-Env: %s | %s\r\n" % (sender, names)).encode())
                f.write(b"".join(body))
            os.rename(path + ".tmp", path)
            say("250 2.0.0 queued %d" % count)
        elif verb in ("HELO", "RSET", "NOOP"):
            say("250 ok")
        elif verb == "QUIT":
            say("221 bye")
            await writer.drain()
            break
        else:
            say("500 what")
    writer.close()


async def main():
    server = await asyncio.start_server(session, "127.0.0.1", port,
                                        limit=1 << 20)
    await server.serve_forever()

asyncio.run(main())
