/* Requests over one kept connection. libcurl does HTTP, TLS and the logins;
 * redirects are ours, since the password goes along. */
#include "backends/dav_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"

#define REDIRECTS 5

struct catch {
	struct buf body;
	struct arena *a;
	struct dav_reply *out;
};

static size_t
on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct catch *c = ctx;

	(void)size;
	buf_put(&c->body, p, n);
	return c->body.full ? 0 : n;
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
	struct catch *c = ctx;
	struct span line = span_from(p, n), v;

	(void)size;
	if (span_starts(line, SPAN("HTTP/"))) { /* a new answer begins */
		c->out->etag = c->out->location = c->out->type = SPAN_NONE;
		c->body.n = 0;
	}
	if (header_is(line, "ETag", &v))
		c->out->etag = arena_dup(c->a, v);
	else if (header_is(line, "Location", &v))
		c->out->location = arena_dup(c->a, v);
	else if (header_is(line, "Content-Type", &v))
		c->out->type = arena_dup(c->a, v);
	return n;
}

static struct curl_slist *
headers_of(const struct dav_ask *ask)
{
	struct curl_slist *h = curl_slist_append(NULL, "Expect:");
	char line[256];

	if (ask->depth != NULL) {
		snprintf(line, sizeof(line), "Depth: %s", ask->depth);
		h = curl_slist_append(h, line);
	}
	if (ask->type != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %s", ask->type);
		h = curl_slist_append(h, line);
	}
	if (ask->condition != NULL)
		h = curl_slist_append(h, ask->condition);
	return h;
}

static void
set_options(struct dav *d, const struct dav_ask *ask, const char *url,
	    struct curl_slist *headers, struct catch *c)
{
	CURL *h = d->easy;
	int64_t left = d->deadline_ms - clock_mono_ms();

	curl_easy_reset(h); /* keeps connections */
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, ask->method);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, left > 1 ? (long)left : 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, 15L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)d->auth);
	curl_easy_setopt(h, CURLOPT_USERNAME, d->login.user);
	curl_easy_setopt(h, CURLOPT_PASSWORD, d->login.password);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "easbridge");
	curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, c);
	if (d->conf->ca_file != NULL)
		curl_easy_setopt(h, CURLOPT_CAINFO, d->conf->ca_file);
	if (!d->conf->verify) {
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (ask->body.n > 0) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)ask->body.n);
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, ask->body.p);
	}
}

static bool
transport_failed(CURLcode rc, const struct catch *c, struct err *e)
{
	if (c->body.full)
		return err_set(e, ERR_TOO_BIG, SCOPE_COLLECTION,
			       "the DAV server's answer is too long");
	if (rc == CURLE_PEER_FAILED_VERIFICATION ||
	    rc == CURLE_SSL_CACERT_BADFILE)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the DAV server's certificate is not trusted: "
			       "%s", curl_easy_strerror(rc));
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "DAV server: %s",
		       curl_easy_strerror(rc));
}

static bool
call_once(struct dav *d, const struct dav_ask *ask, const char *url,
	  struct arena *a, struct dav_reply *out, struct err *e)
{
	struct catch c = { .body = BUF_INIT(DAV_ANSWER_BYTES), .a = a,
			   .out = out };
	struct curl_slist *headers = headers_of(ask);
	CURLcode rc;
	bool ok;

	*out = (struct dav_reply){ .url = url };
	set_options(d, ask, url, headers, &c);
	rc = curl_easy_perform(d->easy);
	curl_slist_free_all(headers);
	ok = rc == CURLE_OK || transport_failed(rc, &c, e);
	if (ok) {
		curl_easy_getinfo(d->easy, CURLINFO_RESPONSE_CODE,
				  &out->status);
		out->body = arena_dup(a, buf_view(&c.body));
	}
	buf_free(&c.body);
	return ok;
}

/* ---- redirects -------------------------------------------------------------*/

/* "example.org" of "p01.dav.example.org". */
static struct span
domain_of(struct span host)
{
	size_t i, dots = 0;

	for (i = host.n; i > 0; i--)
		if (host.p[i - 1] == '.' && ++dots == 2)
			return span_from_at(host, i);
	return host;
}

/* May the password go there too? Same scheme or a safer one; the same host,
 * or over TLS another one of the same domain (iCloud, Zoho). */
static bool
may_follow(const char *from, const char *to)
{
	CURLU *f = curl_url(), *t = curl_url();
	char *fs = NULL, *ts = NULL, *fh = NULL, *th = NULL;
	bool ok = false;

	if (curl_url_set(f, CURLUPART_URL, from, 0) == CURLUE_OK &&
	    curl_url_set(t, CURLUPART_URL, to, 0) == CURLUE_OK &&
	    curl_url_get(f, CURLUPART_SCHEME, &fs, 0) == CURLUE_OK &&
	    curl_url_get(t, CURLUPART_SCHEME, &ts, 0) == CURLUE_OK &&
	    curl_url_get(f, CURLUPART_HOST, &fh, 0) == CURLUE_OK &&
	    curl_url_get(t, CURLUPART_HOST, &th, 0) == CURLUE_OK) {
		bool tls = strcmp(ts, "https") == 0;

		if (strcmp(fh, th) == 0)
			ok = tls || strcmp(fs, "http") == 0;
		else
			ok = tls && span_eq_ci(domain_of(span_of(fh)),
					       domain_of(span_of(th)));
	}
	curl_free(fs);
	curl_free(ts);
	curl_free(fh);
	curl_free(th);
	curl_url_cleanup(f);
	curl_url_cleanup(t);
	return ok;
}

static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 ||
	       status == 307 || status == 308;
}

bool
dav_call(struct dav *d, const struct dav_ask *ask, struct arena *a,
	 struct dav_reply *out, struct err *e)
{
	const char *url = ask->url, *next;
	int i;

	for (i = 0; i < REDIRECTS; i++) {
		if (!call_once(d, ask, url, a, out, e))
			return false;
		if (!is_redirect(out->status) || out->location.n == 0)
			break;
		next = dav_url(a, url, out->location);
		if (next == NULL || !may_follow(url, next))
			return err_set(e, ERR_PEER, SCOPE_ACCOUNT,
				       "the DAV server redirects to another "
				       "place: %.100s",
				       next != NULL ? next : "?");
		url = next;
	}
	if (out->status == 401)
		return err_set(e, ERR_DENIED, SCOPE_ACCOUNT,
			       "the DAV server refused the login");
	if (out->status == 429 ||
	    (out->status >= 500 && out->status != 507 && out->status != 501))
		return err_set(e, ERR_UNAVAILABLE,
			       out->status == 503 || out->status == 429
				       ? SCOPE_ACCOUNT
				       : SCOPE_COLLECTION,
			       "the DAV server says %ld to %s", out->status,
			       ask->method);
	return true;
}

bool
dav_refused(const struct dav_reply *r, const char *what, struct err *e)
{
	enum err_code code = ERR_PEER;

	switch (r->status) {
	case 403:
	case 405:
	case 501:
		code = ERR_DENIED;
		break;
	case 404:
	case 410:
		code = ERR_NOT_FOUND;
		break;
	case 409:
	case 412:
		code = ERR_CONFLICT;
		break;
	case 413:
		code = ERR_TOO_BIG;
		break;
	case 400:
	case 415:
	case 422:
		code = ERR_INVALID;
		break;
	case 423:
		code = ERR_UNAVAILABLE;
		break;
	case 507:
		code = ERR_QUOTA;
		break;
	default:
		break;
	}
	return err_set(e, code, SCOPE_COLLECTION, "the DAV server says %ld to "
		       "%s", r->status, what);
}

/* ---- names -------------------------------------------------------------------*/

const char *
dav_url(struct arena *a, const char *from, struct span href)
{
	CURLU *u = curl_url();
	char *text = NULL;
	const char *out = NULL;

	if (curl_url_set(u, CURLUPART_URL, from, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, arena_str(a, href),
			 CURLU_URLENCODE) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
		out = arena_str(a, span_of(text));
	curl_free(text);
	curl_url_cleanup(u);
	return out;
}

struct span
dav_remote(struct dav *d, struct arena *a, const char *url)
{
	size_t n = strlen(d->base);

	(void)a;
	if (strncmp(url, d->base, n) == 0 && url[n] == '/')
		return span_of(url + n);
	return span_of(url);
}

const char *
dav_coll_url(struct dav *d, struct arena *a, struct span remote,
	     struct span *comp)
{
	struct span rest = remote, path = span_take_until(&rest, '#');

	if (comp != NULL)
		*comp = rest;
	if (span_starts(path, SPAN("/")))
		return arena_printf(a, "%s" SPAN_FMT, d->base,
				    SPAN_ARG(path));
	return arena_str(a, path);
}

/* The path alone, unescaped, without a slash at the end. */
static struct span
plain_path(struct arena *a, struct span href)
{
	char *text = arena_str(a, href), *path = text, *plain;
	struct span out;
	int n;

	if (strstr(text, "://") != NULL) {
		path = strchr(strstr(text, "://") + 3, '/');
		if (path == NULL)
			path = text;
	}
	plain = curl_easy_unescape(NULL, path, 0, &n);
	out = arena_dup(a, span_from(plain, (size_t)n));
	curl_free(plain);
	while (out.n > 1 && out.p[out.n - 1] == '/')
		out.n--;
	return out;
}

bool
dav_same_path(struct arena *a, struct span one, struct span two)
{
	return span_eq(one, two) ||
	       span_eq(plain_path(a, one), plain_path(a, two));
}
