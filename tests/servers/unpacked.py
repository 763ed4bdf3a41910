"""Further DAV servers for tests: Cyrus (IMAP, CalDAV with scheduling,
CardDAV) and Xandikos. Cyrus cannot be installed beside Dovecot, so both are
fetched with apt-get download and unpacked; nothing is installed and no root
is needed. Fetched packages stay in build/debs."""
import fcntl
import fcntl, glob, http.client, imaplib, os, shutil, subprocess, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = {"cyrus": ["cyrus-imapd", "cyrus-caldav", "sasl2-bin"],
            "xandikos": ["xandikos"]}

CYRUS = """
configdirectory: {c}/lib
defaultpartition: default
partition-default: {c}/spool
sievedir: {c}/sieve
proc_path: {c}/run/proc
mboxname_lockpath: {c}/run/lock
lmtpsocket: {c}/run/lmtp
idlesocket: {c}/run/idle
notifysocket: {c}/run/notify
master_pid_file: {c}/run/master.pid
cyrus_user: {user}
admins: cyrus
servername: localhost
virtdomains: userid
altnamespace: yes
unixhierarchysep: yes
hashimapspool: true
delete_mode: delayed
expunge_mode: delayed
conversations: yes
conversations_db: twoskip
specialusealways: 1
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Drafts|Sent|Trash|Junk|Archive
autocreate_subscribe_folders: Drafts|Sent|Trash|Junk|Archive
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
xlist-junk: Junk
xlist-archive: Archive
lmtp_downcase_rcpt: yes
allowplaintext: yes
failedloginpause: 0
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {c}/conf/sasldb2
sasl_mech_list: PLAIN LOGIN
imapidlepoll: 1
httpmodules: caldav carddav
httpallowcompress: no
caldav_allowscheduling: on
caldav_allowattach: no
caldav_realm: example.test
calendar_user_address_set: example.test
calendar_component_set: VEVENT VTODO VJOURNAL VFREEBUSY VAVAILABILITY
smtp_backend: host
smtp_host: 127.0.0.1:{sink}
syslog_prefix: easbridge-test
"""

CYRUS_MASTER = """
START {{
  recover cmd="{x}/usr/lib/cyrus/bin/ctl_cyrusdb -C {c}/conf/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{x}/usr/lib/cyrus/bin/imapd -C {c}/conf/imapd.conf -U 30" listen="127.0.0.1:{imap}" prefork=1 maxchild=50
  http cmd="{x}/usr/lib/cyrus/bin/httpd -C {c}/conf/imapd.conf -U 30" listen="127.0.0.1:{http}" prefork=1 maxchild=50
  lmtp cmd="{x}/usr/lib/cyrus/bin/lmtpd -C {c}/conf/imapd.conf -a" listen="127.0.0.1:{lmtp}" prefork=0 maxchild=10
}}
DAEMON {{
  idled cmd="{x}/usr/lib/cyrus/bin/idled -C {c}/conf/imapd.conf"
}}
EVENTS {{
  checkpoint cmd="{x}/usr/lib/cyrus/bin/ctl_cyrusdb -C {c}/conf/imapd.conf -c" period=30
}}
"""


def fetch(name):
    """The packages of a server that are not installed, as files. Programs
    that start at the same time wait for the one that fetches."""
    folder = os.path.join(TOP, "build", "debs", name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return fetched(folder, name)


def fetched(folder, name):
    done = os.path.join(folder, "complete")
    if not os.path.exists(done):
        plan = subprocess.run(
            ["apt-get", "-s", "install", "--no-install-recommends"] +
            PACKAGES[name], check=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout.decode()
        wanted = [line.split()[1] for line in plan.splitlines()
                  if line.startswith("Inst ")]
        # A package that happens to be installed is fetched all the same.
        wanted += [p for p in PACKAGES[name] if p not in wanted]
        subprocess.run(["apt-get", "download", "-qq", "-o",
                        "Acquire::http::Timeout=20", "-o",
                        "Acquire::Retries=1"] + wanted, cwd=folder,
                       check=True, timeout=180, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        open(done, "w").close()
    return sorted(glob.glob(os.path.join(folder, "*.deb")))


def unpack(d, name):
    tree = os.path.join(d, name, "tree")
    os.makedirs(tree)
    for deb in fetch(name):
        subprocess.run(["dpkg", "-x", deb, tree], check=True)
    return tree


def own(prefix, user, group, path):
    if prefix:
        subprocess.run(["chown", "-R", user + ":" + group, path], check=True)


def libraries(tree):
    env = dict(os.environ)
    env["LD_LIBRARY_PATH"] = ":".join(
        [os.path.join(tree, "usr/lib")] +
        glob.glob(os.path.join(tree, "usr/lib/*-linux-gnu*")))
    return env


def first_logins(imap, http_port, users):
    """Cyrus makes mailboxes at the first IMAP login, and only then takes
    that user's DAV requests (else 500)."""
    end = time.time() + 15
    for u in users:
        while True:
            try:
                c = imaplib.IMAP4("127.0.0.1", imap)
                c.login(u["email"], u["password"])
                c.logout()
                break
            except (OSError, imaplib.IMAP4.abort):
                if time.time() > end:
                    raise RuntimeError("Cyrus does not come up")
                time.sleep(0.05)
    http.client.HTTPConnection("127.0.0.1", http_port, timeout=10).connect()


def start_cyrus(d, users, account, sink, ports, quiet):
    user, group, prefix = account
    tree = unpack(d, "cyrus")
    c = os.path.join(d, "cyrus")
    imap, web, lmtp = ports(3)
    v = dict(c=c, x=tree, user=user, sink=sink, imap=imap, http=web,
             lmtp=lmtp)
    for sub in ("conf", "spool", "sieve", "run/proc", "run/lock") + tuple(
            "lib/" + s for s in ("db", "socket", "log", "msg", "backup",
                                 "user", "quota", "sync")):
        os.makedirs(os.path.join(c, sub))
    open(os.path.join(c, "conf/imapd.conf"), "w").write(CYRUS.format(**v).lstrip())
    open(os.path.join(c, "conf/cyrus.conf"), "w").write(CYRUS_MASTER.format(**v))
    env = libraries(tree)
    for u in users:
        subprocess.run([os.path.join(tree, "usr/sbin/saslpasswd2"), "-c", "-p",
                        "-f", os.path.join(c, "conf/sasldb2"), "-u",
                        "example.test", u["login"]], check=True, env=env,
                       input=u["password"].encode(),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own(prefix, user, group, c)
    subprocess.Popen(prefix + [os.path.join(tree, "usr/sbin/cyrmaster"), "-C",
                               os.path.join(c, "conf/imapd.conf"), "-M",
                               os.path.join(c, "conf/cyrus.conf"), "-p",
                               os.path.join(c, "run/master.pid")],
                     env=env, **quiet)
    first_logins(imap, web, users)
    # Logins are whole addresses here.
    return dict(dav="http://127.0.0.1:%d/dav/" % web, host="127.0.0.1",
                imap_port=imap, lmtp_port=lmtp)


def start_xandikos(d, users, account, sink, ports, quiet):
    user, group, prefix = account
    tree = unpack(d, "xandikos")
    home = os.path.join(d, "xandikos", "data")
    os.makedirs(home)
    own(prefix, user, group, home)
    (port,) = ports(1)
    env = dict(os.environ, HOME=home, PYTHONDONTWRITEBYTECODE="1",
               PYTHONPATH=os.path.join(tree, "usr/lib/python3/dist-packages"))
    p = subprocess.Popen(prefix + ["/usr/bin/python3",
                                   os.path.join(tree, "usr/bin/xandikos"),
                                   "-l", "127.0.0.1", "-p", str(port), "-d",
                                   home, "--defaults", "--autocreate",
                                   "--current-user-principal", "/user1/"],
                         env=env, **quiet)
    open(os.path.join(d, "xandikos/pid"), "w").write(str(p.pid))
    end = time.time() + 15
    while True:
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
            break
        except OSError:
            if time.time() > end:
                raise RuntimeError("Xandikos does not come up")
            time.sleep(0.05)
    return dict(dav="http://127.0.0.1:%d/" % port)


def clean(d):
    for name in PACKAGES:
        shutil.rmtree(os.path.join(d, name), ignore_errors=True)


def start(names, *args):
    """What of it is named; a dict for stack.json."""
    how = {"cyrus": start_cyrus, "xandikos": start_xandikos}
    return {n: how[n](*args) for n in names if n in how}
