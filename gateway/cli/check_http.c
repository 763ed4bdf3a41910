#include "gateway/cli/check_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

#define BODY_MAX (1024 * 1024)

static size_t
take_body(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *b = ctx;

	buf_put(b, p, size * n);
	return b->full ? 0 : size * n;
}

struct header_wish {
	struct arena *a;
	struct http_reply *out;
};

static size_t
take_header(char *p, size_t size, size_t n, void *ctx)
{
	struct header_wish *w = ctx;
	struct span line = span_from(p, size * n), name;

	const struct {
		const char *name, **to;
	} wanted[] = {
		{ "MS-ASProtocolVersions", &w->out->versions },
		{ "WWW-Authenticate", &w->out->authenticate },
		{ "Location", &w->out->location },
	};
	size_t i;

	name = span_take_until(&line, ':');
	while (line.n > 0 && (unsigned char)line.p[line.n - 1] <= ' ')
		line.n--;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (span_eq_ci(name, span_of(wanted[i].name)))
			*wanted[i].to = arena_str(w->a, span_trim(line));
	return size * n;
}

/* With GnuTLS "2027-01-30 12:00:00 GMT", with others words. */
static int64_t
read_date(const char *s)
{
	struct tm tm = { .tm_year = 0 };

	if (strptime(s, "%Y-%m-%d %H:%M:%S", &tm) != NULL)
		return (int64_t)timegm(&tm);
	return (int64_t)curl_getdate(s, NULL);
}

/* "Expire date:..." of the server's own certificate. */
static int64_t
cert_ends(CURL *h)
{
	struct curl_certinfo *info = NULL;
	const struct curl_slist *s;

	if (curl_easy_getinfo(h, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL || info->num_of_certs < 1)
		return 0;
	for (s = info->certinfo[0]; s != NULL; s = s->next)
		if (strncasecmp(s->data, "Expire date:", 12) == 0)
			return read_date(s->data + 12);
	return 0;
}

static enum http_trouble
trouble_of(CURLcode rc)
{
	switch (rc) {
	case CURLE_OK:
		return HTTP_FINE;
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_NO_HOST;
	case CURLE_COULDNT_CONNECT:
		return HTTP_NO_CONNECTION;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_UNTRUSTED;
	default:
		return HTTP_OTHER;
	}
}

static void
set_request(CURL *h, const struct http_ask *q)
{
	curl_easy_setopt(h, CURLOPT_URL, q->url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, q->follow ? 1L : 0L);
	curl_easy_setopt(h, CURLOPT_MAXREDIRS, 4L);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_CERTINFO, 1L);
	if (q->body.p != NULL) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, q->body.p);
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)q->body.n);
	}
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, q->method);
	if (q->bearer != NULL) {
		curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER, q->bearer);
	} else if (q->user != NULL) {
		curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(h, CURLOPT_USERNAME, q->user);
		curl_easy_setopt(h, CURLOPT_PASSWORD, q->password);
	}
	if (q->ca_file != NULL)
		curl_easy_setopt(h, CURLOPT_CAINFO, q->ca_file);
	if (q->any_cert) {
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
		curl_easy_setopt(h, CURLOPT_NOPROXY, "*");
	}
}

void
http_ask(struct arena *a, const struct http_ask *q, long timeout_ms,
	 struct http_reply *out)
{
	struct buf b = BUF_INIT(BODY_MAX);
	struct header_wish w = { .a = a, .out = out };
	struct curl_slist *list = NULL;
	CURL *h = curl_easy_init();
	CURLcode rc;
	size_t i;

	*out = (struct http_reply){ .trouble = HTTP_OTHER };
	for (i = 0; q->headers != NULL && q->headers[i] != NULL; i++)
		list = curl_slist_append(list, q->headers[i]);
	set_request(h, q);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &b);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, &w);
	rc = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &out->status);
	out->cert_ends = cert_ends(h);
	curl_easy_cleanup(h);
	curl_slist_free_all(list);
	out->trouble = trouble_of(rc);
	snprintf(out->text, sizeof(out->text), "%s", curl_easy_strerror(rc));
	out->body = arena_dup(a, buf_view(&b));
	buf_free(&b);
}
