/* Servers, daemon, configuration. */
#include "tests/phone/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/phone/private.h"

#define START_MS 30000
#define STOP_MS 20000

static void
give_up(struct harness *h, const char *what)
{
	fprintf(stderr, "harness: %s (see %s)\n", what, h->dir);
	if (h->pid)
		kill(h->pid, SIGKILL);
	exit(99);
}

void
harness_sleep(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool
read_file(const char *path, struct bytes *out)
{
	FILE *f = fopen(path, "rb");
	char block[65536];
	size_t n;

	if (!f)
		return false;
	bytes_put(out, "", 0);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		bytes_put(out, block, n);
	fclose(f);
	return true;
}

bool
harness_read(struct harness *h, const char *path, struct bytes *out)
{
	char full[4096];

	snprintf(full, sizeof(full), "%s/%s", h->root, path);
	return read_file(full, out);
}

static void
write_file(struct harness *h, const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		give_up(h, path);
}

/* ---- where things are --------------------------------------------------*/

/* The project's root: the folder above with tests/servers in it. */
static void
find_root(struct harness *h)
{
	char path[2048];

	if (!getcwd(h->root, sizeof(h->root)))
		give_up(h, "no working directory");
	for (;;) {
		snprintf(path, sizeof(path), "%s/tests/servers/stack",
			 h->root);
		if (access(path, X_OK) == 0)
			return;
		if (!strrchr(h->root, '/') || h->root[1] == '\0')
			break;
		*strrchr(h->root, '/') = '\0';
		if (!*h->root)
			break;
	}
	give_up(h, "tests/servers/stack not found above the working folder");
}

static void
make_dir(struct harness *h)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/build", h->root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/build/tmp", h->root);
	mkdir(path, 0755);
	snprintf(h->dir, sizeof(h->dir), "%s/build/tmp/%s", h->root,
		 h->options.name ? h->options.name : "harness");
	remove_tree(h->dir);
	if (mkdir(h->dir, 0755))
		give_up(h, "cannot make the working folder");
	snprintf(h->log, sizeof(h->log), "%s/daemon.log", h->dir);
	snprintf(h->conf, sizeof(h->conf), "%s/easbridge.conf", h->dir);
}

/* ---- servers -----------------------------------------------------------*/

static int
run_stack(struct harness *h, const char *verb)
{
	char cmd[8192];

	snprintf(cmd, sizeof(cmd),
		 "'%s/tests/servers/stack' %s '%s/servers' %s "
		 ">>'%s/servers.log' 2>&1",
		 h->root, verb, h->dir,
		 h->options.stack ? h->options.stack : "", h->dir);
	return system(cmd);
}

static const char *
text_of(json_t *o, const char *key, const char *fallback)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : fallback;
}

static int
number_of(json_t *o, const char *key)
{
	return (int)json_integer_value(json_object_get(o, key));
}

#define SET(field, value) snprintf(field, sizeof(field), "%s", value)

/* "host:port" */
static void
split_address(const char *address, char *host, size_t room, int *port)
{
	const char *colon = strrchr(address, ':');

	if (!colon)
		return;
	snprintf(host, room, "%.*s", (int)(colon - address), address);
	*port = atoi(colon + 1);
}

static void
read_users(struct harness *h, json_t *users)
{
	struct harness_user *u;
	json_t *one;
	size_t i;

	json_array_foreach(users, i, one) {
		if (h->n_users == HARNESS_USERS)
			break;
		u = &h->users[h->n_users++];
		SET(u->login, text_of(one, "login", ""));
		SET(u->password, text_of(one, "password", ""));
		SET(u->email, text_of(one, "email", ""));
	}
}

static void
read_stack(struct harness *h, json_t *s)
{
	json_t *imap = json_object_get(s, "imap");
	json_t *smtp = json_object_get(s, "smtp");
	json_t *folders = json_object_get(s, "folders");

	SET(h->imap_host, text_of(imap, "host", "127.0.0.1"));
	SET(h->smtp_host, text_of(smtp, "host", "127.0.0.1"));
	h->imap_port = number_of(imap, "port");
	h->imaps_port = number_of(imap, "imaps_port");
	h->smtp_port = number_of(smtp, "port");
	split_address(text_of(s, "lmtp", ""), h->lmtp_host,
		      sizeof(h->lmtp_host), &h->lmtp_port);
	SET(h->sink, text_of(s, "sink", ""));
	SET(h->dav, text_of(s, "caldav", ""));
	SET(h->cyrus, text_of(json_object_get(s, "cyrus"), "dav", ""));
	SET(h->xandikos, text_of(json_object_get(s, "xandikos"), "dav", ""));
	SET(h->oauth, text_of(s, "oauth", ""));
	SET(h->oauth_dav, text_of(s, "oauth_dav", ""));
	SET(h->sent, text_of(folders, "sent", "Sent"));
	SET(h->trash, text_of(folders, "trash", "Trash"));
	SET(h->drafts, text_of(folders, "drafts", "Drafts"));
	SET(h->junk, text_of(folders, "junk", "Junk"));
	read_users(h, json_object_get(s, "users"));
}

/* Its logins are whole addresses. */
static void
move_to_cyrus(struct harness *h, json_t *s)
{
	json_t *cyrus = json_object_get(s, "cyrus");
	int i;

	h->imap_port = number_of(cyrus, "imap_port");
	h->lmtp_port = number_of(cyrus, "lmtp_port");
	h->imaps_port = 0;
	for (i = 0; i < h->n_users; i++)
		SET(h->users[i].login, h->users[i].email);
}

static void
servers_up(struct harness *h)
{
	char path[4096];
	json_error_t e;
	json_t *s;

	if (run_stack(h, "up"))
		give_up(h, "the servers do not start");
	snprintf(path, sizeof(path), "%s/servers/stack.json", h->dir);
	s = json_load_file(path, 0, &e);
	if (!s)
		give_up(h, e.text);
	read_stack(h, s);
	if (h->options.on_cyrus)
		move_to_cyrus(h, s);
	json_decref(s);
}

/* ---- configuration -----------------------------------------------------*/

static void
write_user(struct harness *h, int i)
{
	struct harness_user *u = &h->users[i];
	char path[4096], *text;

	text = bytes_format(
		"login = %s, %s\nname = %s\nemail = %s\n%s%s\n\n[mail]\n"
		"imap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\n%s%s",
		u->email, u->login, i ? "Bernd Test" : "Anna Müller",
		u->email, h->zone[i] ? "zone = " : "",
		h->zone[i] ? h->zone[i] : "", h->imap_host, h->imap_port, h->smtp_host,
		h->smtp_port, u->login,
		h->options.user ? h->options.user : "",
		h->more[i] ? h->more[i] : "");
	snprintf(path, sizeof(path), "%s/users.d/user%d.conf", h->dir, i + 1);
	write_file(h, path, text);
	free(text);
}

void
harness_more(struct harness *h, int user, const char *text)
{
	free(h->more[user]);
	h->more[user] = text ? strdup(text) : NULL;
	write_user(h, user);
}

void
harness_zone(struct harness *h, int user, const char *zone)
{
	h->zone[user] = zone;
	write_user(h, user);
}

static void
write_config(struct harness *h)
{
	char path[4096], *text;
	int i;

	snprintf(path, sizeof(path), "%s/users.d", h->dir);
	mkdir(path, 0755);
	text = bytes_format("[server]\nlisten = 127.0.0.1:0\nstate = state\n"
			    "users = users.d\nlog-level = %s\n%s",
			    h->options.log_level ? h->options.log_level
						 : "debug",
			    h->options.server ? h->options.server : "");
	write_file(h, h->conf, text);
	free(text);
	for (i = 0; i < h->n_users; i++)
		write_user(h, i);
}

/* ---- the daemon --------------------------------------------------------*/

static const char *
daemon_path(struct harness *h, char *room, size_t n)
{
	const char *env = getenv("EASBRIDGE_BIN");

	if (env && *env == '/')
		return env;
	snprintf(room, n, "%s/%s", h->root,
		 env ? env : "build/fault/easbridge");
	return room;
}

static void
be_daemon(struct harness *h, const char *path)
{
	int fd = open(h->log, O_WRONLY | O_CREAT | O_APPEND, 0644);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (h->options.fault)
		setenv("EASBRIDGE_FAULT", h->options.fault, 1);
	else
		unsetenv("EASBRIDGE_FAULT");
	dup2(fd, 1);
	dup2(fd, 2);
	if (chdir(h->dir))
		_exit(97);
	execl(path, path, "serve", "-c", h->conf, (char *)NULL);
	fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
	_exit(98);
}

/* Port of the "listening" line behind `from` bytes of the log; 0: none. */
static int
listening_port(struct harness *h, size_t from)
{
	struct bytes text = { 0 };
	const char *line, *port = NULL;
	int found = 0;

	read_file(h->log, &text);
	line = text.n > from ? strstr(text.p + from, " listening ") : NULL;
	if (line && strchr(line, '\n'))
		port = strstr(line, "port=");
	if (port)
		found = atoi(port + 5);
	bytes_free(&text);
	return found;
}

static size_t
log_size(struct harness *h)
{
	struct stat st;

	return stat(h->log, &st) == 0 ? (size_t)st.st_size : 0;
}

static void
move_phones(struct harness *h)
{
	int i;

	snprintf(h->url, sizeof(h->url), "http://127.0.0.1:%d", h->port);
	for (i = 0; i < h->n_phones; i++)
		phone_set_url(h->phones[i], h->url);
}

bool
harness_start(struct harness *h)
{
	char room[2048];
	const char *path = daemon_path(h, room, sizeof(room));
	size_t from = log_size(h);
	double end = phone_now_ms() + START_MS;
	int status;

	h->pid = fork();
	if (h->pid == 0)
		be_daemon(h, path);
	while (phone_now_ms() < end) {
		h->port = listening_port(h, from);
		if (h->port) {
			move_phones(h);
			return true;
		}
		if (waitpid(h->pid, &status, WNOHANG) == h->pid) {
			h->pid = 0;
			return false;
		}
		harness_sleep(5);
	}
	return false;
}

bool
harness_died(struct harness *h, long ms, int *status)
{
	double end = phone_now_ms() + (double)ms;

	while (h->pid) {
		if (waitpid(h->pid, status, WNOHANG) == h->pid) {
			h->pid = 0;
			return true;
		}
		if (phone_now_ms() > end)
			return false;
		harness_sleep(2);
	}
	return true;
}

static void
exit_badly(void)
{
	fflush(NULL);
	_exit(98);
}

/* cmocka prints that a group's teardown failed and returns success all the
 * same, and a restart between two tests belongs to none of them: so this
 * decides how the program ends. */
static int
ended_badly(struct harness *h, int status)
{
	fprintf(stderr,
		"harness: the daemon ended with status %d, see %s\n", status,
		h->log);
	atexit(exit_badly);
	return status;
}

int
harness_stop(struct harness *h)
{
	int status = 0;

	if (!h->pid)
		return 0;
	kill(h->pid, SIGTERM);
	if (!harness_died(h, STOP_MS, &status)) {
		fprintf(stderr, "harness: the daemon does not stop\n");
		harness_kill(h);
		return ended_badly(h, -1);
	}
	status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return status ? ended_badly(h, status) : 0;
}

void
harness_kill(struct harness *h)
{
	int status;

	if (!h->pid)
		return;
	kill(h->pid, SIGKILL);
	waitpid(h->pid, &status, 0);
	h->pid = 0;
}

void
harness_restart(struct harness *h)
{
	harness_stop(h);
	if (!harness_start(h))
		phone_failf("the daemon does not start again (see %s)",
			    h->log);
}

void
harness_set_fault(struct harness *h, const char *fault)
{
	h->options.fault = fault;
}

void
harness_disarm(struct harness *h)
{
	harness_kill(h);
	harness_set_fault(h, NULL);
	if (!harness_start(h))
		phone_failf("the daemon does not start again (see %s)",
			    h->log);
}

void
harness_forget_state(struct harness *h)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/state", h->dir);
	remove_tree(path);
}

int
harness_log_count(struct harness *h, const char *text)
{
	struct bytes log = { 0 };
	const char *at;
	int n = 0;

	read_file(h->log, &log);
	for (at = log.p; at && (at = strstr(at, text)); at += strlen(text))
		n++;
	bytes_free(&log);
	return n;
}

/* ---- up and down -------------------------------------------------------*/

void
harness_up(struct harness *h, const struct harness_options *o)
{
	memset(h, 0, sizeof(*h));
	if (o)
		h->options = *o;
	if (getenv("HARNESS_MAIL") &&
	    !strcmp(getenv("HARNESS_MAIL"), "cyrus") && !h->options.stack) {
		h->options.stack = "--with cyrus";
		h->options.on_cyrus = true;
	}
	curl_global_init(CURL_GLOBAL_ALL);
	find_root(h);
	make_dir(h);
	servers_up(h);
	write_config(h);
	if (!h->options.no_daemon && !harness_start(h)) {
		run_stack(h, "down");
		give_up(h, "the daemon does not start");
	}
}

int
harness_down(struct harness *h)
{
	int i, status = harness_stop(h);

	for (i = 0; i < h->n_phones; i++)
		phone_free(h->phones[i]);
	h->n_phones = 0;
	run_stack(h, "down");
	return status ? -1 : 0;
}

struct phone *
harness_phone(struct harness *h, int user, const char *device)
{
	struct harness_user *u = &h->users[user];
	struct phone *p;

	if (user >= h->n_users || h->n_phones == HARNESS_PHONES)
		give_up(h, "no such user, or too many phones");
	p = phone_new(h->url, u->email, u->password, device);
	h->phones[h->n_phones++] = p;
	return p;
}

void
harness_drop_phone(struct harness *h, struct phone *p)
{
	int i;

	for (i = 0; i < h->n_phones; i++)
		if (h->phones[i] == p) {
			h->phones[i] = h->phones[--h->n_phones];
			phone_free(p);
			return;
		}
}

struct phone *
harness_ready_phone(struct harness *h, int user, const char *device)
{
	struct phone *p = harness_phone(h, user, device);

	phone_set_up(p);
	return p;
}

struct phone_folder *
harness_folder(struct harness *h, struct phone *p, int user,
	       const char *mailbox)
{
	struct imap *c = imap_open(h, user);
	struct phone_folder *f;

	if (!imap_cmd(c, "CREATE \"%s\"", mailbox)) {
		imap_select(c, mailbox);
		imap_cmd(c, "STORE 1:* +FLAGS.SILENT (\\Deleted)");
		imap_cmd(c, "EXPUNGE");
	}
	imap_close(c);
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	f = phone_need_name(p, mailbox);
	return f;
}
