#!/usr/bin/env python3
"""An OAuth provider for tests, on loopback, and a DAV server behind it.

  authserver.py PORT [DAVPORT RADICALE USERS]

  /authorize    code with PKCE S256; signs in without asking, as `account`
  /token        codes and refresh tokens; rotating ones with reuse detection
  /revoke       RFC 7009
  /tokeninfo?access_token=T, /introspect    for Dovecot
  /sasl         for Exim: header X-Sasl holds the client's SASL answer
  /control      POST of JSON: settings below, {"do": "end-all"} ends every
                grant as the account's security page would, {"do": "spoil"}
                the access tokens alone; answers with what was counted

On DAVPORT everything is passed to RADICALE for who shows a good token.
What it says of itself goes to standard error; tokens do not."""
import base64, hashlib, http.client, json, os, secrets, sys, threading, time
import email.utils
import urllib.parse as up
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SETTINGS = dict(
    account=None,      # who signs in; None: login_hint
    claim="email",     # where the ID token says so; None: nowhere
    deny=None,         # error that comes back in place of a code
    scope=None,        # what is granted; None: what was asked for
    expires_in=3600,
    sign_in_ends=None, # refresh_token_expires_in
    refresh=True,      # give refresh tokens at all
    rotate=False,      # each is good once; used again, the grant ends
    leeway=0,          # ... but for so many seconds after
    secret=None,       # the client's; None: a public client
    basic=False,       # the secret in the header only
    redirects=["http://127.0.0.1", "http://localhost"],
    token_status=0,    # what /token answers instead
    token_error=None,  # error of RFC 6749 5.2 it answers instead
    token_body=None,   # body it answers instead
    lose_answers=0,    # so many: acted on, and not answered
    sleep=0,           # seconds before /token answers
    clock=0)           # its clock is so many seconds ahead

lock = threading.RLock()
conf = dict(SETTINGS)
count = dict(authorize=0, token=0, code=0, refresh=0, revoke=0, info=0,
             dav=0, reuse=0)
codes, access, refresh = {}, {}, {}


class Grant:
    def __init__(self, account, scope):
        self.account, self.scope, self.alive = account, scope, True


def s256(verifier):
    h = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(h).decode().rstrip("=")


def grant_of(token):
    """The grant of an access token that is good now."""
    with lock:
        g, end = access.get(token, (None, 0))
        return g if g and g.alive and end > time.time() else None


def id_token(account):
    def part(o):
        return base64.urlsafe_b64encode(json.dumps(o).encode()).decode(
            ).rstrip("=")
    return ".".join((part({"alg": "none"}), part({conf["claim"]: account}),
                     "sig"))


def tokens(g, first):
    out = dict(access_token="at." + secrets.token_urlsafe(24),
               token_type="Bearer", expires_in=conf["expires_in"])
    access[out["access_token"]] = (g, time.time() + conf["expires_in"])
    if conf["refresh"] and (first or conf["rotate"]):
        out["refresh_token"] = "rt." + secrets.token_urlsafe(24)
        refresh[out["refresh_token"]] = [g, None]
        if conf["sign_in_ends"]:
            out["refresh_token_expires_in"] = conf["sign_in_ends"]
    if first:
        out["scope"] = g.scope
        if conf["claim"]:
            out["id_token"] = id_token(g.account)
    return 200, out


def error(code, text="", status=400):
    return status, dict(error=code, error_description=text)


def by_code(f):
    c = codes.pop(f.get("code", ""), None)
    if not c:
        return error("invalid_grant", "unknown code")
    if c["redirect"] != f.get("redirect_uri"):
        return error("invalid_grant", "redirect_uri does not match")
    if s256(f.get("code_verifier", "")) != c["challenge"]:
        return error("invalid_grant", "code_verifier is wrong")
    return tokens(Grant(c["account"], c["scope"]), True)


def by_refresh(f):
    r = refresh.get(f.get("refresh_token", ""))
    if not r or not r[0].alive:
        return error("invalid_grant", "Token has been expired or revoked.")
    if conf["rotate"]:
        if r[1] and time.time() > r[1] + conf["leeway"]:
            count["reuse"] += 1
            r[0].alive = False
            return error("invalid_grant", "refresh token was used before")
        r[1] = r[1] or time.time()
    return tokens(r[0], False)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, fmt, *args):
        sys.stderr.write("%s %s\n" % (self.command, self.path.split("?")[0]))

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(
            (timestamp or time.time()) + conf["clock"], usegmt=True)

    def answer(self, status, body, type="application/json", **headers):
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str)
                    else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.end_headers()
        self.wfile.write(body)

    def form(self):
        n = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(n).decode()

    def client_ok(self, f):
        if not conf["secret"]:
            return True
        head = self.headers.get("Authorization", "")
        if head.startswith("Basic "):
            user, _, word = base64.b64decode(head[6:]).decode().partition(":")
            return up.unquote(word) == conf["secret"]
        return not conf["basic"] and f.get("client_secret") == conf["secret"]

    def authorize(self, q):
        count["authorize"] += 1
        redirect = q.get("redirect_uri", "")
        if not any(redirect == r or redirect.startswith(r + ":")
                   for r in conf["redirects"]):
            return self.answer(400, "<h1>Error 400: redirect_uri_mismatch"
                               "</h1>", "text/html")
        if q.get("response_type") != "code" or \
                q.get("code_challenge_method") != "S256" or \
                not q.get("code_challenge") or not q.get("state"):
            return self.answer(400, "<h1>bad request</h1>", "text/html")
        back = dict(state=q["state"])
        if conf["deny"]:
            back["error"] = conf["deny"]
        else:
            back["code"] = "c/" + secrets.token_urlsafe(12)
            scope = conf["scope"] if conf["scope"] is not None \
                else q.get("scope", "")
            codes[back["code"]] = dict(
                redirect=redirect, challenge=q["code_challenge"],
                scope=scope,
                account=conf["account"] or q.get("login_hint", ""))
        self.answer(302, "", Location=redirect + "?" + up.urlencode(back))

    def token(self):
        f = dict(up.parse_qsl(self.form()))
        with lock:
            count["token"] += 1
            if conf["token_status"] or conf["token_body"] is not None:
                self.answer(conf["token_status"] or 200,
                            conf["token_body"] or "{}")
                return
            if conf["token_error"]:
                self.answer(*error(conf["token_error"], "ordered"))
                return
            if not self.client_ok(f):
                self.answer(*error("invalid_client", "", 401))
                return
            kind = f.get("grant_type")
            if kind == "authorization_code":
                count["code"] += 1
                r = by_code(f)
            elif kind == "refresh_token":
                count["refresh"] += 1
                r = by_refresh(f)
            else:
                r = error("unsupported_grant_type")
            lost = conf["lose_answers"] > 0
            if lost:
                conf["lose_answers"] -= 1
        time.sleep(conf["sleep"])
        if lost:
            self.close_connection = True
            return
        self.answer(*r)

    def info(self, token, key):
        count["info"] += 1
        g = grant_of(token)
        if not g:
            return self.answer(*((200, {"active": False}) if key else
                                 (401, {"error": "invalid_token"})))
        self.answer(200, dict(active=True, email=g.account, scope=g.scope,
                              username=g.account.split("@")[0]))

    def sasl(self):
        text = base64.b64decode(self.headers.get("X-Sasl", "")).decode()
        user = bearer = ""
        for part in text.replace("n,a=", "user=").split("\x01"):
            if part.startswith("user="):
                user = part[5:].rstrip(",")
            elif part.startswith("auth=Bearer "):
                bearer = part[12:]
        g = grant_of(bearer)
        good = g and user.split("@")[0] == g.account.split("@")[0]
        self.answer(200, "valid-login" if good else "no-login", "text/plain")

    def control(self):
        body = self.form()
        with lock:
            for k, v in (json.loads(body) if body else {}).items():
                if k == "do" and v == "end-all":
                    for r in refresh.values():
                        r[0].alive = False
                elif k == "do" and v == "spoil":
                    access.clear()
                elif k == "do" and v == "reset":
                    conf.update(SETTINGS)
                elif k in SETTINGS:
                    conf[k] = v
                else:
                    return self.answer(400, {"unknown": k})
            self.answer(200, dict(count))

    def do_GET(self):
        path, _, query = self.path.partition("?")
        q = dict(up.parse_qsl(query))
        if path == "/authorize":
            with lock:
                self.authorize(q)
        elif path == "/tokeninfo":
            self.info(q.get("access_token", ""), False)
        elif path == "/introspect":
            self.info(self.headers.get("Authorization", "")[7:], True)
        elif path == "/sasl":
            self.sasl()
        else:
            self.answer(404, "{}")

    def do_POST(self):
        path = self.path.partition("?")[0]
        if path == "/token":
            self.token()
        elif path == "/control":
            self.control()
        elif path == "/revoke":
            t = dict(up.parse_qsl(self.form())).get("token", "")
            with lock:
                count["revoke"] += 1
                g = (refresh.get(t) or access.get(t) or [None])[0]
                if g:
                    g.alive = False
            self.answer(200, "{}")
        elif path == "/introspect":
            self.info(dict(up.parse_qsl(self.form())).get("token", ""), True)
        else:
            self.answer(404, "{}")


class Dav(Handler):
    def passed(self):
        head = self.headers.get("Authorization", "")
        g = grant_of(head[7:]) if head.startswith("Bearer ") else None
        n = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(n)
        with lock:
            count["dav"] += 1
        if not g:
            return self.answer(401, "", WWW_Authenticate='Bearer '
                               'realm="dav", error="invalid_token"')
        pair = "%s:%s" % (g.account, passwords[g.account])
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in ("authorization", "host",
                                        "accept-encoding")}
        headers["Authorization"] = "Basic " + base64.b64encode(
            pair.encode()).decode()
        c = http.client.HTTPConnection("127.0.0.1", radicale, timeout=30)
        c.request(self.command, self.path, body, headers)
        r = c.getresponse()
        data = r.read()
        self.send_response(r.status)
        for k, v in r.getheaders():
            if k.lower() not in ("connection", "transfer-encoding",
                                 "content-length", "date", "server"):
                self.send_header(k, v)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        c.close()

    do_GET = do_PUT = do_DELETE = do_PROPFIND = do_PROPPATCH = passed
    do_REPORT = do_MKCALENDAR = do_MKCOL = do_OPTIONS = do_POST = passed


ThreadingHTTPServer.daemon_threads = True
if len(sys.argv) > 2:
    radicale = int(sys.argv[3])
    passwords = dict(line.strip().split(":") for line in open(sys.argv[4]))
    dav = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Dav)
    threading.Thread(target=dav.serve_forever, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
