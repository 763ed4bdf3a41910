/* The phone as an HTTP client: requests, loss, repetition, threads. */
#include "tests/phone/phone.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/phone/check.h"
#include "tests/phone/private.h"
#include "tests/phone/wire.h"

/* ---- failing -----------------------------------------------------------*/

/* cmocka's own; absent in programs that do not link it. */
extern void _fail(const char *file, int line) __attribute__((weak, noreturn));

static void
fail_test(const char *message)
{
	fprintf(stderr, "\nphone: %s\n", message);
	fflush(stderr);
	if (_fail)
		_fail("tests/phone", 0);
	abort();
}

void (*phone_fail)(const char *message) = fail_test;

void
phone_failf(const char *fmt, ...)
{
	struct bytes text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(&text, fmt, ap);
	va_end(ap);
	phone_fail(text.p);
	bytes_free(&text);
}

double
phone_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void
phone_set(char **field, const char *value)
{
	char *fresh = value ? strdup(value) : NULL;

	free(*field);
	*field = fresh;
}

bool
phone_is_old(const struct phone *p)
{
	return wire_version_bit(p->version) < wire_version_bit("14.0");
}

/* ---- the line ----------------------------------------------------------*/

static void
line_open(struct line *l)
{
	l->easy = curl_easy_init();
	l->multi = curl_multi_init();
}

static void
line_close(struct line *l)
{
	curl_easy_cleanup(l->easy);
	curl_multi_cleanup(l->multi);
}

struct transfer {
	struct answer *a;
	struct bytes headers, body;
	enum phone_loss loss;
	atomic_bool *abort;
};

static size_t
take_header(char *p, size_t size, size_t n, void *data)
{
	struct transfer *t = data;

	if (t->loss == LOSS_ANSWER)
		return 0; /* breaks the connection */
	if (!strncmp(p, "HTTP/", 5))
		t->headers.n = 0;
	bytes_put(&t->headers, p, size * n);
	return size * n;
}

static size_t
take_body(char *p, size_t size, size_t n, void *data)
{
	bytes_put(&((struct transfer *)data)->body, p, size * n);
	return size * n;
}

static void
set_up_easy(CURL *c, const struct request *r, struct transfer *t,
	    const struct phone *p)
{
	char *moving = r->url ? NULL
			      : bytes_format("%s%s%s", p->url,
					     *r->query ? "?" : "", r->query);

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, moving ? moving : r->url);
	free(moving); /* curl has its own */
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, r->headers);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, r->timeout_ms);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	if (p->gzip)
		curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (r->auth) {
		curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(c, CURLOPT_USERNAME, p->login);
		curl_easy_setopt(c, CURLOPT_PASSWORD, p->password);
	}
	if (r->has_body || !strcmp(r->method, "POST")) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)r->body.n);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS,
				 r->body.p ? r->body.p : "");
	}
}

/* True once the whole request is on the wire. */
static bool
all_sent(CURL *c, const struct request *r)
{
	curl_off_t up = 0;
	long head = 0;

	curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &head);
	curl_easy_getinfo(c, CURLINFO_SIZE_UPLOAD_T, &up);
	return head > 0 && up >= (curl_off_t)r->body.n;
}

static CURLcode
result_of(CURLM *multi)
{
	CURLcode rc = CURLE_ABORTED_BY_CALLBACK;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(multi, &left)))
		if (m->msg == CURLMSG_DONE)
			rc = m->data.result;
	return rc;
}

static CURLcode
run(struct line *l, const struct request *r, struct transfer *t)
{
	int running = 1;
	CURLcode rc;

	curl_multi_add_handle(l->multi, l->easy);
	while (running) {
		curl_multi_perform(l->multi, &running);
		if (t->abort && atomic_load(t->abort))
			break;
		if (t->loss == LOSS_CUT && all_sent(l->easy, r))
			break;
		if (running)
			curl_multi_poll(l->multi, NULL, 0,
					t->loss == LOSS_CUT ? 1 : 1000, NULL);
	}
	rc = running ? CURLE_ABORTED_BY_CALLBACK : result_of(l->multi);
	curl_multi_remove_handle(l->multi, l->easy);
	return rc;
}

static void
finish(struct answer *a, struct line *l, struct transfer *t, CURLcode rc)
{
	char *type = NULL;

	a->done_ms = phone_now_ms();
	if (rc != CURLE_OK) {
		snprintf(a->error, sizeof(a->error), "%s",
			 curl_easy_strerror(rc));
		bytes_free(&t->headers);
		bytes_free(&t->body);
		return;
	}
	curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &a->status);
	curl_easy_getinfo(l->easy, CURLINFO_CONTENT_TYPE, &type);
	snprintf(a->type, sizeof(a->type), "%s", type ? type : "");
	bytes_put(&t->body, "", 0);
	bytes_put(&t->headers, "", 0);
	a->raw = t->body.p;
	a->n_raw = t->body.n;
	a->headers = t->headers.p;
}

static struct answer *
perform(struct line *l, const struct request *r, const struct phone *p,
	enum phone_loss loss, atomic_bool *abort_flag)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct transfer t = { .a = a, .loss = loss, .abort = abort_flag };
	CURLcode rc;

	snprintf(a->cmd, sizeof(a->cmd), "%s", r->cmd);
	set_up_easy(l->easy, r, &t, p);
	a->sent_ms = phone_now_ms();
	rc = run(l, r, &t);
	a->lost = loss != LOSS_NONE && rc != CURLE_OK;
	finish(a, l, &t, rc);
	if (a->status)
		check_answer(a, p->version, r->judge);
	return a;
}

/* ---- answers -----------------------------------------------------------*/

static void
keep(struct phone *p, struct answer *a)
{
	struct kept *k = calloc(1, sizeof(*k));

	k->a = a;
	k->next = p->private->answers;
	p->private->answers = k;
}

static void
answer_free(struct answer *a)
{
	free(a->headers);
	free(a->raw);
	free(a->parts);
	free(a->violation);
	if (a->doc)
		xmlFreeDoc(a->doc);
	free(a);
}

void
phone_forget(struct phone *p)
{
	struct kept *k;

	while ((k = p->private->answers)) {
		p->private->answers = k->next;
		answer_free(k->a);
		free(k);
	}
}

void
phone_judge(struct phone *p, struct answer *a)
{
	if (*a->error && !a->lost && !p->may_fail)
		phone_failf("%s: no answer: %s", a->cmd, a->error);
	if (a->violation)
		phone_failf("%s", a->violation);
}

const char *
answer_header(struct answer *a, const char *name)
{
	static _Thread_local char value[1024];
	const char *line = a->headers;
	size_t n = strlen(name), len;

	while (line && *line) {
		len = strcspn(line, "\r\n");
		if (!strncasecmp(line, name, n) && line[n] == ':') {
			snprintf(value, sizeof(value), "%.*s",
				 (int)(len - n - 1), line + n + 1);
			return value + strspn(value, " \t");
		}
		line += len;
		line += strspn(line, "\r\n");
	}
	return NULL;
}

/* ---- building a request ------------------------------------------------*/

static const struct {
	const char *cmd;
	unsigned code;
} codes[] = {
	{ "Sync", 0 },		  { "SendMail", 1 },
	{ "SmartForward", 2 },	  { "SmartReply", 3 },
	{ "GetAttachment", 4 },	  { "FolderSync", 9 },
	{ "FolderCreate", 10 },	  { "FolderDelete", 11 },
	{ "FolderUpdate", 12 },	  { "MoveItems", 13 },
	{ "GetItemEstimate", 14 }, { "MeetingResponse", 15 },
	{ "Search", 16 },	  { "Settings", 17 },
	{ "Ping", 18 },		  { "ItemOperations", 19 },
	{ "Provision", 20 },	  { "ResolveRecipients", 21 },
	{ "ValidateCert", 22 },	  { "Find", 23 },
};

static const struct {
	const char *name;
	unsigned tag;
} param_tags[] = {
	{ "AttachmentName", 0 }, { "CollectionId", 1 }, { "ItemId", 3 },
	{ "LongId", 4 },	 { "Occurrence", 6 },	{ "User", 8 },
};

static void
put_field(struct bytes *b, const char *s)
{
	bytes_byte(b, (unsigned)strlen(s));
	bytes_str(b, s);
}

static void
put_param(struct bytes *b, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < sizeof(param_tags) / sizeof(*param_tags); i++)
		if (!strcmp(param_tags[i].name, name)) {
			bytes_byte(b, param_tags[i].tag);
			put_field(b, value);
		}
}

/* Tag 7: 0x01 SaveInSent, 0x02 AcceptMultiPart. */
static void
put_options(struct bytes *b, const struct ask *k)
{
	unsigned options = k->multipart ? 2 : 0;
	const char *const *s;

	for (s = k->params; s && *s; s += 2)
		if (!strcmp(*s, "SaveInSent") && !strcmp(s[1], "T"))
			options |= 1;
	if (!options)
		return;
	bytes_byte(b, 7);
	bytes_byte(b, 1);
	bytes_byte(b, options);
}

static void
put_policy_key(struct bytes *b, const char *key)
{
	unsigned long v = strtoul(key, NULL, 10);
	int i;

	bytes_byte(b, *key ? 4 : 0);
	for (i = 0; *key && i < 4; i++)
		bytes_byte(b, (unsigned)(v >> (8 * i)) & 0xff);
}

static char *
base64_query(const struct phone *p, const struct ask *k)
{
	struct bytes b = { 0 };
	const char *const *s;
	unsigned code = 255;
	char *out;
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (!strcmp(codes[i].cmd, k->cmd))
			code = codes[i].code;
	bytes_byte(&b, (unsigned)(atof(p->version) * 10 + 0.5));
	bytes_byte(&b, code);
	bytes_byte(&b, 0x09);
	bytes_byte(&b, 0x04);
	put_field(&b, p->device_id);
	put_policy_key(&b, p->policy_key);
	put_field(&b, p->device_type);
	for (s = k->params; s && *s; s += 2)
		put_param(&b, *s, s[1]);
	put_options(&b, k);
	out = bytes_base64(b.p, b.n);
	bytes_free(&b);
	return out;
}

static void
put_escaped(struct bytes *b, const char *s)
{
	for (; *s; s++)
		if (strchr("-._~", *s) || (*s >= '0' && *s <= '9') ||
		    ((*s | 32) >= 'a' && (*s | 32) <= 'z'))
			bytes_byte(b, (unsigned char)*s);
		else
			bytes_printf(b, "%%%02X", (unsigned char)*s);
}

static char *
plain_query(const struct phone *p, const struct ask *k)
{
	struct bytes b = { 0 };
	const char *const *s;

	bytes_printf(&b, "Cmd=%s&User=", k->cmd);
	put_escaped(&b, p->login);
	bytes_str(&b, "&DeviceId=");
	put_escaped(&b, p->device_id);
	bytes_str(&b, "&DeviceType=");
	put_escaped(&b, p->device_type);
	for (s = k->params; s && *s; s += 2) {
		bytes_printf(&b, "&%s=", *s);
		put_escaped(&b, s[1]);
	}
	return b.p;
}

static void
make_url(struct request *r, const struct phone *p, const struct ask *k)
{
	if (k->url)
		r->url = strdup(k->url);
	else if (k->method && !strcmp(k->method, "OPTIONS"))
		r->query = strdup("");
	else
		r->query = p->base64_query ? base64_query(p, k)
					   : plain_query(p, k);
}

static void
header(struct request *r, const char *name, const char *value)
{
	char *line = bytes_format("%s: %s", name, value);

	r->headers = curl_slist_append(r->headers, line);
	free(line);
}

static void
make_headers(struct request *r, const struct phone *p, const struct ask *k)
{
	const char *const *s;
	const char *type = k->content_type;

	header(r, "User-Agent", p->user_agent);
	r->headers = curl_slist_append(r->headers, "Expect:");
	if (!type)
		type = "application/vnd.ms-sync.wbxml";
	if (r->has_body)
		header(r, "Content-Type", type);
	else
		r->headers = curl_slist_append(r->headers, "Content-Type:");
	if (!p->base64_query && !k->url) {
		if (!k->method)
			header(r, "MS-ASProtocolVersion", p->version);
		if (*p->policy_key && strcmp(k->cmd, "Ping") != 0)
			header(r, "X-MS-PolicyKey", p->policy_key);
		if (k->multipart)
			header(r, "MS-ASAcceptMultiPart", "T");
	}
	for (s = k->headers; s && *s; s++)
		r->headers = curl_slist_append(r->headers, *s);
}

static void
request_free(struct request *r)
{
	free(r->method);
	free(r->url);
	free(r->query);
	curl_slist_free_all(r->headers);
	bytes_free(&r->body);
	memset(r, 0, sizeof(*r));
}

static void
make_request(struct request *r, const struct phone *p, const struct ask *k)
{
	struct wire_error e;

	memset(r, 0, sizeof(*r));
	snprintf(r->cmd, sizeof(r->cmd), "%s", k->cmd);
	phone_set(&r->method, k->method ? k->method : "POST");
	make_url(r, p, k);
	r->auth = !k->no_auth;
	r->judge = !p->unchecked && !k->unchecked;
	r->timeout_ms = k->timeout_ms ? k->timeout_ms : p->timeout_ms;
	if (k->xml && !wire_encode(&r->body, k->xml, &e))
		phone_failf("%s: cannot encode: %s\n%s", k->cmd, e.text,
			    k->xml);
	if (k->raw)
		bytes_put(&r->body, k->raw, k->n_raw);
	r->has_body = k->xml || k->raw;
	make_headers(r, p, k);
}

/* ---- asking ------------------------------------------------------------*/

static struct answer *
send_once(struct phone *p)
{
	enum phone_loss loss = p->loss;
	struct answer *a;

	p->loss = LOSS_NONE;
	p->requests++;
	if (p->requests == p->lose_request) {
		loss = p->lose_how;
		p->lose_request = 0;
	}
	a = perform(&p->private->line, &p->private->last, p, loss, NULL);
	keep(p, a);
	phone_judge(p, a);
	return a;
}

static struct answer *
send_last(struct phone *p)
{
	long patience = p->private->last.timeout_ms;
	struct answer *a;
	unsigned tries = 1;

	if (p->first_ms)
		p->private->last.timeout_ms = p->first_ms;
	a = send_once(p);
	p->private->last.timeout_ms = patience;
	while (p->again && p->again(p, a, tries++))
		a = send_once(p);
	return a;
}

struct answer *
phone_ask(struct phone *p, const struct ask *k)
{
	request_free(&p->private->last);
	make_request(&p->private->last, p, k);
	return send_last(p);
}

struct answer *
phone_repeat_last(struct phone *p)
{
	return send_last(p);
}

xmlDocPtr
phone_last_request(struct phone *p)
{
	struct request *r = &p->private->last;
	struct wire_error e;

	return r->body.n ? wire_decode(r->body.p, r->body.n, NULL, &e) : NULL;
}

void
phone_next_answer_lost(struct phone *p)
{
	p->loss = LOSS_ANSWER;
}

void
phone_next_request_cut(struct phone *p)
{
	p->loss = LOSS_CUT;
}

struct answer *
phone_post(struct phone *p, const char *cmd, const char *xml)
{
	return phone_ask(p, &(struct ask){ .cmd = cmd, .xml = xml });
}

struct answer *
phone_postf(struct phone *p, const char *cmd, const char *fmt, ...)
{
	struct bytes xml = { 0 };
	struct answer *a;
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(&xml, fmt, ap);
	va_end(ap);
	a = phone_post(p, cmd, xml.p);
	bytes_free(&xml);
	return a;
}

struct answer *
phone_post_raw(struct phone *p, const char *cmd, const void *body, size_t n)
{
	return phone_ask(p, &(struct ask){ .cmd = cmd,
					   .raw = body,
					   .n_raw = n });
}

/* ---- in a thread -------------------------------------------------------*/

struct running {
	struct phone *p;
	struct request request;
	struct line line;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	atomic_bool abort;
	struct answer *a;
};

static void *
thread_main(void *data)
{
	struct running *r = data;
	struct answer *a = perform(&r->line, &r->request, r->p, LOSS_NONE,
				   &r->abort);

	pthread_mutex_lock(&r->lock);
	r->a = a;
	pthread_cond_broadcast(&r->arrived);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

struct running *
phone_start(struct phone *p, const struct ask *k)
{
	struct running *r = calloc(1, sizeof(*r));
	pthread_condattr_t attr;

	check_has_schemas(); /* loaded here, not in the thread */
	p->requests++;
	r->p = p;
	make_request(&r->request, p, k);
	line_open(&r->line);
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->arrived, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&r->thread, NULL, thread_main, r))
		abort();
	return r;
}

bool
running_done(struct running *r)
{
	bool done;

	pthread_mutex_lock(&r->lock);
	done = r->a != NULL;
	pthread_mutex_unlock(&r->lock);
	return done;
}

static void
running_free(struct running *r)
{
	pthread_cond_destroy(&r->arrived);
	pthread_mutex_destroy(&r->lock);
	request_free(&r->request);
	line_close(&r->line);
	free(r);
}

struct answer *
running_wait(struct running *r, long ms)
{
	struct phone *p = r->p;
	struct answer *a;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	pthread_mutex_lock(&r->lock);
	while (!r->a)
		if (pthread_cond_timedwait(&r->arrived, &r->lock, &t))
			break;
	a = r->a;
	pthread_mutex_unlock(&r->lock);
	if (!a)
		return NULL;
	pthread_join(r->thread, NULL);
	running_free(r);
	keep(p, a);
	phone_judge(p, a);
	return a;
}

void
running_abort(struct running *r)
{
	atomic_store(&r->abort, true);
	curl_multi_wakeup(r->line.multi);
	pthread_join(r->thread, NULL);
	answer_free(r->a);
	running_free(r);
}

/* ---- birth and death ---------------------------------------------------*/

void
phone_set_url(struct phone *p, const char *url)
{
	const char *path = strstr(url, "://");
	char *fresh;
	int n;

	path = path ? strchr(path + 3, '/') : NULL;
	n = (int)(path ? path - url : (long)strlen(url));
	fresh = path && path[1]
			? strdup(url)
			: bytes_format("%.*s/Microsoft-Server-ActiveSync", n,
				       url);
	free(p->url);
	p->url = fresh;
}

struct phone *
phone_new(const char *url, const char *login, const char *password,
	  const char *device_id)
{
	struct phone *p = calloc(1, sizeof(*p));

	p->private = calloc(1, sizeof(*p->private));
	line_open(&p->private->line);
	phone_set_url(p, url);
	phone_set(&p->login, login);
	phone_set(&p->password, password);
	phone_set(&p->device_id, device_id);
	phone_set(&p->device_type, "TestPhone");
	phone_set(&p->user_agent, "TestPhone/1.0");
	phone_set(&p->folder_key, "0");
	p->version = getenv("V") ? getenv("V") : "14.1";
	p->timeout_ms = 60000;
	return p;
}

struct phone *
phone_clone(const struct phone *from)
{
	struct phone *p = phone_new(from->url, from->login, from->password,
				    from->device_id);

	phone_set(&p->device_type, from->device_type);
	phone_set(&p->user_agent, from->user_agent);
	phone_set(&p->folder_key, from->folder_key);
	memcpy(p->policy_key, from->policy_key, sizeof(p->policy_key));
	p->version = from->version;
	p->base64_query = from->base64_query;
	p->gzip = from->gzip;
	p->unchecked = from->unchecked;
	p->may_fail = from->may_fail;
	p->timeout_ms = from->timeout_ms;
	folders_clone(p, from);
	return p;
}

void
phone_free(struct phone *p)
{
	if (!p)
		return;
	phone_forget(p);
	folders_free(p);
	request_free(&p->private->last);
	line_close(&p->private->line);
	free(p->private);
	free(p->url);
	free(p->login);
	free(p->password);
	free(p->device_id);
	free(p->device_type);
	free(p->user_agent);
	free(p->folder_key);
	free(p);
}
