/* One request over a kept connection. libcurl does HTTP, TLS and the logins;
 * redirects are ours, since the password goes along. */
#include "backends/dav/dav_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define REDIRECTS 5
#define SHORT_WAIT_S 3  /* a Retry-After that is waited for on the spot */
#define LONG_WAIT_S 300 /* more is not believed */

struct transfer {
	struct dav *d;
	const struct dav_ask *ask;
	struct dav_reply *out;
	struct arena *a;
	struct buf text;
	struct dav_xml *xml;
	bool decided;  /* where the body goes */
	bool broken;   /* the XML is none */
	size_t total;
	bool too_long;
	bool stopped; /* by who reads it */
};

/* ---- the answer --------------------------------------------------------------*/

static void
decide(struct transfer *t)
{
	long status = 0;

	t->decided = true;
	curl_easy_getinfo(t->d->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->ask->multi != NULL && status == 207)
		t->xml = dav_xml_open(dav_multi_child, t->ask->multi);
	else if (t->ask->each != NULL && status / 100 == 2)
		t->xml = dav_xml_open(t->ask->each, t->ask->ctx);
}

static size_t
on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	(void)size;
	if (!t->decided)
		decide(t);
	t->total += n;
	if (t->xml != NULL) {
		t->too_long = t->total > DAV_ANSWER_BYTES;
		t->broken = !dav_xml_feed(t->xml, p, n);
		t->stopped = t->ask->multi != NULL && t->ask->multi->stop;
		return t->too_long || t->broken || t->stopped ? 0 : n;
	}
	buf_put(&t->text, p, n);
	t->out->cut = t->text.full;
	return t->text.full ? 0 : n;
}

static bool
header_is(struct span line, const char *name, struct span *value)
{
	size_t n = strlen(name);

	if (line.n <= n || line.p[n] != ':' ||
	    !span_starts_ci(line, span_of(name)))
		return false;
	*value = span_trim(span_from_at(line, n + 1));
	return true;
}

static size_t
on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	struct span line = span_from(p, n), v;

	(void)size;
	if (span_starts(line, SPAN("HTTP/"))) { /* a new answer begins */
		t->out->etag = t->out->location = t->out->type = SPAN_NONE;
		t->out->dav = SPAN_NONE;
		t->decided = false;
	}
	if (header_is(line, "ETag", &v))
		t->out->etag = arena_dup(t->a, v);
	else if (header_is(line, "Location", &v))
		t->out->location = arena_dup(t->a, v);
	else if (header_is(line, "Content-Type", &v))
		t->out->type = arena_dup(t->a, v);
	else if (header_is(line, "DAV", &v)) /* servers send several */
		t->out->dav = span_of(arena_printf(
			t->a, SPAN_FMT "," SPAN_FMT, SPAN_ARG(t->out->dav),
			SPAN_ARG(v)));
	return n;
}

/* About once a second while nothing comes. */
static int
on_progress(void *ctx, curl_off_t to_come, curl_off_t came, curl_off_t to_go,
	    curl_off_t gone)
{
	(void)ctx;
	(void)to_come;
	(void)came;
	(void)to_go;
	(void)gone;
	return dav_stopped();
}

/* ---- the question ------------------------------------------------------------*/

static struct curl_slist *
add_header(struct curl_slist *h, struct arena *a, const char *name,
	   const char *value)
{
	if (value == NULL)
		return h;
	return curl_slist_append(h, arena_printf(a, "%s: %s", name, value));
}

static struct curl_slist *
headers_of(const struct dav_ask *ask, struct arena *a)
{
	struct curl_slist *h = curl_slist_append(NULL, "Expect:");
	size_t i;

	h = add_header(h, a, "Depth", ask->depth);
	h = add_header(h, a, "Content-Type", ask->type);
	h = add_header(h, a, "Accept", ask->accept);
	if (ask->condition != NULL)
		h = curl_slist_append(h, ask->condition);
	for (i = 0; i < 4 && ask->more[i] != NULL; i++)
		h = curl_slist_append(h, ask->more[i]);
	return h;
}

/* How the server of that URL wants the login. Basic goes along unasked over
 * TLS; in the clear the server may ask for Digest first. */
static struct dav_origin *
origin_of(struct dav *d, const char *url, struct arena *a)
{
	const char *name = dav_origin_of(a, url);
	struct dav_origin *o;
	size_t i;

	for (i = 0; i < d->n_origins; i++)
		if (strcmp(d->origins[i].name, name) == 0)
			return &d->origins[i];
	o = &d->origins[d->n_origins < 4 ? d->n_origins++ : 3];
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->auth = d->login.kind == LOGIN_BEARER ? CURLAUTH_BEARER
		  : dav_is_https(url)           ? CURLAUTH_BASIC
						: CURLAUTH_BASIC |
							  CURLAUTH_DIGEST;
	return o;
}

static void
set_connection(struct dav *d, const char *url, unsigned long auth)
{
	CURL *h = d->easy;
	int64_t left = d->deadline_ms - clock_mono_ms();

	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, left > 1 ? (long)left : 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, 15000L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR,
			 dav_is_https(url) ? "https" : "http");
	/* Multiplexing breaks some fronts (providers.md 4.15). */
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)auth);
	if (d->login.kind == LOGIN_BEARER) {
		curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER,
				 d->login.password);
	} else {
		curl_easy_setopt(h, CURLOPT_USERNAME, d->login.user);
		curl_easy_setopt(h, CURLOPT_PASSWORD, d->login.password);
	}
	curl_easy_setopt(h, CURLOPT_USERAGENT, "easbridge");
	if (d->conf.ca_file != NULL)
		curl_easy_setopt(h, CURLOPT_CAINFO, d->conf.ca_file);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, d->conf.verify ? 1L : 0L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, d->conf.verify ? 2L : 0L);
}

static void
set_request(CURL *h, const struct dav_ask *ask, struct curl_slist *headers,
	    struct transfer *t)
{
	curl_easy_setopt(h, CURLOPT_HTTPGET, 1L); /* forgets the last body */
	if (ask->body.n > 0) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)ask->body.n);
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, ask->body.p);
	}
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, ask->method);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	/* A proxy that compresses changes the ETag header of what it sends
	 * (nginx weakens it): objects are asked for as they are. */
	curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING,
			 ask->multi != NULL ? "gzip" : NULL);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, t);
}

/* ---- once --------------------------------------------------------------------*/

static bool
transport_failed(CURLcode rc, const struct transfer *t, struct err *e)
{
	if (t->too_long)
		return err_set(e, ERR_TOO_BIG, SCOPE_COLLECTION,
			       "the DAV server's answer is too long");
	if (t->broken)
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server's answer is broken XML");
	if (t->stopped)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			       "the rest of the answer was not wanted");
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "cut off: easbridge is stopping");
	if (rc == CURLE_PEER_FAILED_VERIFICATION ||
	    rc == CURLE_SSL_CACERT_BADFILE)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the DAV server's certificate is not trusted: "
			       "%s", curl_easy_strerror(rc));
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "DAV server: %s",
		       curl_easy_strerror(rc));
}

/* A body that was cut short on purpose is no failure. */
static bool
finish(struct transfer *t, CURLcode rc, struct err *e)
{
	const struct dav_ask *ask = t->ask;

	if (rc != CURLE_OK && !t->out->cut)
		return transport_failed(rc, t, e);
	curl_easy_getinfo(t->d->easy, CURLINFO_RESPONSE_CODE,
			  &t->out->status);
	t->out->body = arena_dup(t->a, buf_view(&t->text));
	if (t->xml == NULL && ask->multi != NULL && t->out->status == 207)
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server's answer is empty");
	if (t->xml != NULL &&
	    !dav_xml_done(t->xml, ask->each != NULL ? NS_CAL : NS_DAV,
			  ask->each != NULL ? ask->root : "multistatus"))
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server's answer is no multistatus, "
			       "or not all of it");
	return true;
}

static bool
call_once(struct dav *d, const struct dav_ask *ask, const char *url,
	  unsigned long auth, struct arena *a, struct dav_reply *out,
	  struct err *e)
{
	struct transfer t = { .d = d, .ask = ask, .out = out, .a = a };
	struct curl_slist *headers = headers_of(ask, a);
	bool ok;

	*out = (struct dav_reply){ .url = url };
	buf_init(&t.text, ask->most != 0 ? ask->most : DAV_ERROR_BYTES);
	set_connection(d, url, auth);
	set_request(d->easy, ask, headers, &t);
	ok = finish(&t, curl_easy_perform(d->easy), e);
	curl_slist_free_all(headers);
	buf_free(&t.text);
	dav_xml_free(&t.xml);
	return ok;
}

/* ---- logins ------------------------------------------------------------------*/

/* What the server asked for in this transfer is kept for the next ones, so
 * that they need no second round trip. True: ask again that way. */
static bool
learn(struct dav *d, struct dav_origin *o, long status)
{
	long offered = 0;

	/* A token goes nowhere in another shape. */
	if (d->login.kind == LOGIN_BEARER)
		return false;
	curl_easy_getinfo(d->easy, CURLINFO_HTTPAUTH_AVAIL, &offered);
	if (status != 401) {
		if (offered & (long)CURLAUTH_DIGEST && o->auth & CURLAUTH_DIGEST)
			o->auth = CURLAUTH_DIGEST;
		else if (offered & (long)CURLAUTH_BASIC)
			o->auth = CURLAUTH_BASIC;
		return false;
	}
	if (o->auth == CURLAUTH_BASIC && offered & (long)CURLAUTH_DIGEST &&
	    !(offered & (long)CURLAUTH_BASIC)) {
		o->auth = CURLAUTH_DIGEST;
		return true;
	}
	if (o->auth == CURLAUTH_DIGEST && dav_is_https(o->name) &&
	    !(offered & (long)CURLAUTH_DIGEST) &&
	    offered & (long)CURLAUTH_BASIC) {
		o->auth = CURLAUTH_BASIC;
		return true;
	}
	return false;
}

static bool
call_with_login(struct dav *d, const struct dav_ask *ask, const char *url,
		struct arena *a, struct dav_reply *out, struct err *e)
{
	struct dav_origin *o = origin_of(d, url, a);

	if (!call_once(d, ask, url, o->auth, a, out, e))
		return false;
	if (learn(d, o, out->status) &&
	    !call_once(d, ask, url, o->auth, a, out, e))
		return false;
	if (out->status == 401)
		return err_set(e, ERR_DENIED, SCOPE_ACCOUNT,
			       "the DAV server refused the %s",
			       d->login.kind == LOGIN_BEARER ? "token"
							     : "login");
	return true;
}

/* ---- busy servers ------------------------------------------------------------*/

static bool
is_busy(long status)
{
	return status == 429 || status == 502 || status == 503 ||
	       status == 504;
}

/* True: the server names a moment soon enough to wait for. */
static bool
wait_a_moment(struct dav *d)
{
	curl_off_t after = 0;
	int64_t now = clock_mono_ms();
	const struct timespec tenth = { .tv_nsec = 100000000 };

	curl_easy_getinfo(d->easy, CURLINFO_RETRY_AFTER, &after);
	if (after <= 0)
		return false;
	if (after > SHORT_WAIT_S ||
	    now + after * 1000 + 2000 > d->deadline_ms) {
		if (after > LONG_WAIT_S)
			after = LONG_WAIT_S;
		d->not_before_ms = now + after * 1000;
		return false;
	}
	while (clock_mono_ms() < now + after * 1000 && !dav_stopped())
		nanosleep(&tenth, NULL);
	return true;
}

static bool
call_patiently(struct dav *d, const struct dav_ask *ask, const char *url,
	       struct arena *a, struct dav_reply *out, struct err *e)
{
	if (dav_stopped())
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "easbridge is stopping");
	if (clock_mono_ms() < d->not_before_ms)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the DAV server asked to be left alone");
	if (!call_with_login(d, ask, url, a, out, e))
		return false;
	if (is_busy(out->status) && wait_a_moment(d) &&
	    !call_with_login(d, ask, url, a, out, e))
		return false;
	if (is_busy(out->status))
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the DAV server answers %s with %ld",
			       ask->method, out->status);
	if (out->status == 500)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			       "the DAV server answers %s with 500",
			       ask->method);
	return true;
}

/* ---- redirects ---------------------------------------------------------------*/

/* 303 names another thing than the one that was asked for. */
static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 307 ||
	       status == 308;
}

bool
dav_call(struct dav *d, const struct dav_ask *ask, struct arena *a,
	 struct dav_reply *out, struct err *e)
{
	const char *url = ask->url, *next;
	int i;

	for (i = 0; i <= REDIRECTS; i++) {
		if (!dav_trusts(d, url))
			return err_set(e, ERR_PEER, SCOPE_ACCOUNT,
				       "the password does not go to another "
				       "place unasked: if that is right, put "
				       "it into the configuration: %.100s",
				       url);
		if (!call_patiently(d, ask, url, a, out, e))
			return false;
		if (!is_redirect(out->status) || out->location.n == 0)
			return true;
		next = dav_url(a, url, out->location);
		if (next == NULL || strcmp(next, url) == 0)
			break;
		url = next;
	}
	return err_set(e, ERR_PEER, SCOPE_ACCOUNT,
		       "the DAV server redirects in a circle");
}

/* ---- listings ----------------------------------------------------------------*/

bool
dav_query(struct dav *d, const struct dav_ask *ask, struct arena *a,
	  struct dav_reply *out, struct err *e)
{
	if (!dav_call(d, ask, a, out, e))
		return false;
	if (out->status != 207)
		return dav_refused(out, NULL, false, ask->method, e);
	return true;
}

bool
dav_propfind(struct dav *d, const char *url, const char *depth,
	     const char *props, struct dav_multi *m, struct arena *a,
	     struct dav_reply *out, struct err *e)
{
	struct dav_ask ask = { .method = "PROPFIND", .url = url,
			       .depth = depth, .type = DAV_XML_TYPE,
			       .multi = m };

	m->a = a;
	ask.body = span_of(arena_printf(a, DAV_HEAD
					"<d:propfind " DAV_XMLNS "><d:prop>"
					"%s</d:prop></d:propfind>", props));
	if (!dav_query(d, &ask, a, out, e))
		return false;
	if (m->n == 0)
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server's answer says nothing");
	if (m->worst == 507)
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server cuts its listing short");
	return true;
}
