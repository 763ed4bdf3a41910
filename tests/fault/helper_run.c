#include "tests/fault/helper_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 3 /* of the same bytes, as phones do */
#define REQUEST_MS 30000
#define DEATH_MS 5000
/* A request that is held up is repeated meanwhile, and others come after. */
#define STALL_MS 400
#define PATIENCE_MS 100
#define SETTLE_MS 100 /* what was held up comes to its end */

const char *const mode_names[RUN_MODES] = { "calm", "fail", "kill",
					    "lose", "cut",  "late" };

static struct run *running;

/* ---- failing -----------------------------------------------------------*/

static void
note_failure(const char *message)
{
	snprintf(running->message, sizeof(running->message), "%s", message);
	longjmp(running->failed, 1);
}

void
run_failf(const char *fmt, ...)
{
	struct bytes b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(&b, fmt, ap);
	va_end(ap);
	note_failure(b.p);
	abort();
}

/* ---- the phone's patience ----------------------------------------------*/

static bool
one_of(int status, const int *list)
{
	for (; *list; list++)
		if (status == *list)
			return true;
	return false;
}

static bool
status_in(const struct answer *a, const char *path, const int *list)
{
	size_t i, n = answer_count(a, path);

	for (i = 0; i < n; i++)
		if (one_of(atoi(node_text(answer_nth(a, path, i), ".")), list))
			return true;
	return false;
}

/* Server errors that ask for the same again (MS-ASCMD 2.2.2, 2.2.3.177). */
bool
run_refused(const struct answer *a)
{
	static const int common[] = { 110, 111, 120, 0 };
	static const int sync[] = { 5, 16, 0 }, move[] = { 5, 7, 0 };
	static const int folder[] = { 6, 0 }, ping[] = { 8, 0 };
	static const int operation[] = { 3, 7, 0 }, meet[] = { 3, 4, 0 };

	if (a->lost || *a->error || a->status >= 500)
		return true;
	if (!a->doc)
		return false;
	if (status_in(a, "*/Status", common))
		return true;
	if (!strcmp(a->cmd, "Sync"))
		return status_in(a, "/Sync/Status", sync) ||
		       status_in(a, "/Sync/Collections/Collection/Status",
				 sync);
	if (!strcmp(a->cmd, "MeetingResponse"))
		return status_in(a, "/MeetingResponse/Result/Status", meet);
	if (!strcmp(a->cmd, "MoveItems"))
		return status_in(a, "/MoveItems/Response/Status", move);
	if (!strncmp(a->cmd, "Folder", 6))
		return status_in(a, "*/Status", folder);
	if (!strcmp(a->cmd, "ItemOperations"))
		return status_in(a, "/ItemOperations/Status", operation) ||
		       status_in(a,
				 "/ItemOperations/Response/"
				 "EmptyFolderContents/Status",
				 operation);
	return !strcmp(a->cmd, "Ping") && status_in(a, "/Ping/Status", ping);
}

static bool
again(struct phone *p, const struct answer *a, unsigned tries)
{
	struct run *r = p->again_ctx;
	char *show;

	if (!run_refused(a))
		return false;
	run_revive(r);
	if (tries < TRIES)
		return true;
	show = answer_show(a);
	run_failf("%s refused %u times: HTTP %ld %s\n%s", a->cmd, tries,
		  a->status, a->error, show);
}

void
run_revive(struct run *r)
{
	bool killed = r->kill_armed && r->page->hit;
	int status;

	if (!r->h.pid || !harness_died(&r->h, killed ? DEATH_MS : 0, &status))
		return;
	if (!killed || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		run_failf("the daemon died by itself, wait status %#x", status);
	r->kill_armed = false; /* one death only */
	if (!harness_start(&r->h))
		run_failf("the daemon does not start again");
}

static struct phone *
new_phone(struct run *r, const char *device)
{
	struct phone *p = harness_phone(&r->h, 0, device);

	p->may_fail = true;
	p->timeout_ms = REQUEST_MS;
	return p;
}

void
run_patient(struct run *r)
{
	r->p->again = again;
	r->p->again_ctx = r;
}

/* ---- arming ------------------------------------------------------------*/

static void
set_page(struct run *r, enum fault_mode mode, unsigned k, const char *prefix)
{
	__atomic_store_n(&r->page->mode, FAULT_OFF, __ATOMIC_RELEASE);
	memset((char *)r->page + sizeof(r->page->mode), 0,
	       sizeof(*r->page) - sizeof(r->page->mode));
	r->page->at = k;
	r->page->stall_ms = STALL_MS;
	r->kill_armed = mode == FAULT_KILL;
	snprintf(r->page->prefix, FAULT_NAME, "%s", prefix);
	__atomic_store_n(&r->page->mode, mode, __ATOMIC_RELEASE);
}

static void
arm(struct run *r, enum mode mode, unsigned k)
{
	static const enum fault_mode modes[RUN_MODES] = {
		[RUN_CALM] = FAULT_COUNT, [RUN_FAIL] = FAULT_FAIL,
		[RUN_KILL] = FAULT_KILL,  [RUN_LOSE] = FAULT_COUNT,
		[RUN_CUT] = FAULT_COUNT,  [RUN_LATE] = FAULT_STALL,
	};

	if (mode == RUN_LOSE || mode == RUN_CUT) {
		r->p->lose_request = r->p->requests + k;
		r->p->lose_how = mode == RUN_LOSE ? LOSS_ANSWER : LOSS_CUT;
	}
	if (mode == RUN_LATE)
		r->p->first_ms = PATIENCE_MS;
	r->first_request = r->p->requests;
	set_page(r, modes[mode], k, "");
}

void
run_arm_kill(struct run *r, const char *name)
{
	set_page(r, FAULT_KILL, 1, name);
}

/* The fault may have struck a job that no request waits for. */
void
run_calm(struct run *r)
{
	bool stalled = r->page->mode == FAULT_STALL;

	__atomic_store_n(&r->page->mode, FAULT_OFF, __ATOMIC_RELEASE);
	run_revive(r);
	r->kill_armed = false;
	r->lost = r->p->lose_how != LOSS_NONE && !r->p->lose_request;
	r->p->lose_request = 0;
	r->p->lose_how = LOSS_NONE;
	r->p->first_ms = 0;
	while (stalled && r->page->hit &&
	       !__atomic_load_n(&r->page->over, __ATOMIC_ACQUIRE))
		harness_sleep(10);
	if (stalled && r->page->hit)
		harness_sleep(SETTLE_MS);
}

/* ---- a run -------------------------------------------------------------*/

static void
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f)) {
		perror(path);
		exit(1);
	}
}

void
run_open(struct run *r, const struct harness *base, int worker)
{
	char path[4096];
	int fd;

	memset(r, 0, sizeof(*r));
	running = r;
	phone_fail = note_failure;
	r->h = *base;
	snprintf(r->h.dir, sizeof(r->h.dir), "%.2000s/w%d", base->dir, worker);
	mkdir(r->h.dir, 0755);
	snprintf(r->h.log, sizeof(r->h.log), "%s/daemon.log", r->h.dir);
	snprintf(r->h.conf, sizeof(r->h.conf), "%s/easbridge.conf", r->h.dir);
	write_text(r->h.conf, "[server]\nlisten = 127.0.0.1:0\n"
			      "state = state\ntemplate = any.conf\n"
			      "log-level = debug\n");
	snprintf(path, sizeof(path), "page:%s/page", r->h.dir);
	fd = open(path + 5, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*r->page)))
		abort();
	r->page = mmap(NULL, sizeof(*r->page), PROT_READ | PROT_WRITE,
		       MAP_SHARED, fd, 0);
	close(fd);
	if (r->page == MAP_FAILED)
		abort();
	harness_set_fault(&r->h, strdup(path));
}

/* The template of all logins; `second` gives it another mailbox, `merged`
 * folds the inboxes into one. */
static void
write_template(struct run *r)
{
	char path[4096];
	struct bytes b = { 0 };

	bytes_printf(&b,
		     "%s[mail]\nimap = imap+insecure://%s:%d\n"
		     "smtp = smtp+insecure://%s:%d\n",
		     r->merged ? "merge = inbox\n" : "", r->h.imap_host, r->h.imap_port, r->h.smtp_host,
		     r->h.smtp_port);
	if (r->second)
		bytes_printf(&b,
			     "[mail " SECOND "]\n"
			     "imap = imap+insecure://%s:%d\n"
			     "smtp = smtp+insecure://%s:%d\n"
			     "username = %s\npassword = %s\nemail = %s\n",
			     r->h.imap_host, r->h.imap_port, r->h.smtp_host,
			     r->h.smtp_port, r->h.users[1].login,
			     r->h.users[1].password, r->h.users[1].email);
	if (r->dav)
		bytes_printf(&b, "[dav]\nurl = %s\nusername = %s\npoll = 1\n",
			     r->scheduling ? r->d.url : r->h.dav, r->d.login);
	if (r->objects)
		bytes_printf(&b, "[dav]\nurl = %s/\n", r->d.origin);
	snprintf(path, sizeof(path), "%s/any.conf", r->h.dir);
	write_text(path, b.p);
	bytes_free(&b);
}

static void
name_user(struct harness_user *u, int user)
{
	snprintf(u->login, sizeof(u->login), "user%d", user);
	snprintf(u->password, sizeof(u->password), "pass%d", user);
	snprintf(u->email, sizeof(u->email), "user%d@example.test", user);
}

static void
begin(struct run *r, const struct scenario *s, int user)
{
	r->user = user;
	r->doubt = r->lost = false;
	r->second = s->second;
	r->dav = s->dav;
	r->scheduling = s->scheduling;
	r->version = s->version;
	r->merged = s->merged;
	r->objects = s->objects;
	r->message[0] = '\0';
	r->h.n_users = 2;
	r->h.n_phones = 0;
	name_user(&r->h.users[0], user);
	name_user(&r->h.users[1], user + SECOND_USERS);
	if ((r->objects || r->dav) &&
	    !dav_side(&r->h, r->scheduling ? "Cyrus" : "Radicale", 0, &r->d))
		run_failf("no server of calendars");
	write_template(r);
	snprintf(r->to, sizeof(r->to), "run%d@outside.test", user);
	unlink(r->h.log);
	harness_forget_state(&r->h);
	set_page(r, FAULT_OFF, 0, "");
	if (!harness_start(&r->h))
		run_failf("the daemon does not start");
	r->c = imap_open(&r->h, 0);
	if (r->second)
		r->c2 = imap_open(&r->h, 1);
	r->p = new_phone(r, "faulty");
	run_patient(r);
}

/* Nothing is left to tell, or the two would talk for ever. */
static void
demand_quiet(struct run *r)
{
	struct phone_folder *f;
	struct sync_result s;

	for (f = r->p->folders; f; f = f->next) {
		if (!run_is_synced(r, f))
			continue;
		s = phone_sync(r->p, f, NULL);
		if (!s.empty)
			run_failf("%s is not quiet after all:\n%s", f->name,
				  answer_show(s.a));
	}
}

static void
all_steps(struct run *r, const struct scenario *s, enum mode mode, unsigned k,
	  struct bytes *left)
{
	s->prepare(r);
	arm(r, mode, k);
	s->act(r);
	run_calm(r);
	r->requests = r->p->requests - r->first_request;
	run_sync_all(r);
	look(r, r->p, left);
	demand_quiet(r);
	look_second(r);
	harness_kill(&r->h);
	look_state(r);
}

bool
run_once(struct run *r, const struct scenario *s, enum mode mode, unsigned k,
	 int user, struct bytes *left)
{
	volatile bool ok = false;
	int i;

	running = r;
	if (setjmp(r->failed) == 0) {
		begin(r, s, user);
		all_steps(r, s, mode, k, left);
		ok = true;
	}
	harness_kill(&r->h);
	imap_close(r->c);
	imap_close(r->c2);
	dav_close(&r->d);
	r->c = r->c2 = NULL;
	for (i = 0; i < r->h.n_phones; i++)
		phone_free(r->h.phones[i]);
	r->h.n_phones = 0;
	return ok;
}

void
run_close(struct run *r)
{
	harness_kill(&r->h);
	harness_forget_state(&r->h);
	munmap(r->page, sizeof(*r->page));
}
